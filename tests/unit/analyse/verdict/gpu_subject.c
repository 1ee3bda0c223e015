// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_subject.c - the verdict on a section that uses a GPU: what is known, and no more. */
#include "gpu_stacks.h"

static void expect(struct snapshot *snap, enum dcbs_cause cause, const char *evidence, const char *advice)
{
	struct dcbs_report *r = sampled_report(snap);

	assert_int_equal(r->nr_bottlenecks, 1);
	if (r->bottlenecks[0].cause != cause || !strstr(r->bottlenecks[0].evidence, evidence) || !strstr(r->bottlenecks[0].suggestion, advice))
		fail_msg("%d: %s: %s", r->bottlenecks[0].cause, r->bottlenecks[0].evidence, r->bottlenecks[0].suggestion);
	dcbs_report_free(r);
}

static void test_gpu_bound(void **state)
{
	struct snapshot *snap = gpu_section();

	(void)state;
	gpu_ticks(snap, "cuStreamSynchronize", 90);
	gpu_ticks(snap, "cuLaunchKernel", 10);
	expect(snap, DCBS_CAUSE_GPU, "waiting for the GPU 9.00 s of 10.0 s (90.0%); ran 1.00 s; by samples, error 302 ms; threads spun for 9.00 s",
	       "cudaDeviceScheduleBlockingSync");
}

static void test_copies(void **state)
{
	struct snapshot *snap = gpu_section();

	(void)state;
	gpu_ticks(snap, "cuMemcpyHtoD_v2", 80);
	gpu_ticks(snap, "cuStreamSynchronize", 10);
	gpu_ticks(snap, "cuLaunchKernel", 10);
	expect(snap, DCBS_CAUSE_GPU, "copying to or from the GPU 8.00 s", "pin the memory");
}

/* A copy to the host that follows launches waits for them; without launches it is a copy. */
static void test_a_result_each_step(void **state)
{
	struct snapshot *snap = gpu_section();

	(void)state;
	gpu_ticks(snap, "cuMemcpyDtoH_v2", 70);
	gpu_ticks(snap, "cuLaunchKernel", 20);
	gpu_host_ticks(snap, 10);
	expect(snap, DCBS_CAUSE_GPU, "at each step", "keep results on the device");
	snap = gpu_section();
	gpu_ticks(snap, "cuMemcpyDtoH_v2", 70);
	gpu_host_ticks(snap, 30);
	expect(snap, DCBS_CAUSE_GPU, "copying to or from", "pin the memory");
}

/* Nothing tells to which side the runtime copies, unless PyTorch's function for .item() is above it. */
static void test_copies_to_an_unknown_side(void **state)
{
	struct snapshot *snap = gpu_section();
	__u32 item;

	(void)state;
	gpu_ticks(snap, "cudaMemcpyAsync", 80);
	gpu_ticks(snap, "cuLaunchKernel", 20);
	expect(snap, DCBS_CAUSE_GPU, "in calls that copy 8.00 s", "if each copy is a result of a step");
	snap = gpu_section();
	item = gpu_frame(snap, "at::native::_local_scalar_dense_cuda(at::Tensor const&)", LIBRARY_OTHER);
	stacks_ran(STACK(snap, 0, item, gpu_frame(snap, "cudaMemcpyAsync", LIBRARY_CUDART), gpu_frame(snap, NULL, LIBRARY_CUDA)), 80);
	gpu_ticks(snap, "cuLaunchKernel", 20);
	expect(snap, DCBS_CAUSE_GPU, "at each step", "keep results on the device");
}

static void test_launches(void **state)
{
	struct snapshot *snap = gpu_section();

	(void)state;
	gpu_ticks(snap, "cuLaunchKernel", 30);
	gpu_host_ticks(snap, 70);
	expect(snap, DCBS_CAUSE_CPU, "computing and launching work on the GPU 10.0 s", "CUDA graphs");
}

/* The queue of launches may be full. */
static void test_nothing_but_launches(void **state)
{
	struct snapshot *snap = gpu_section();

	(void)state;
	gpu_ticks(snap, "cuLaunchKernel", 95);
	gpu_host_ticks(snap, 5);
	expect(snap, DCBS_CAUSE_CPU_OR_GPU, "or waiting for a place in its queue 9.50 s", "times the launches");
}

static void test_no_names(void **state)
{
	struct snapshot *snap = gpu_section();

	(void)state;
	gpu_ticks(snap, NULL, 80);
	gpu_host_ticks(snap, 20);
	expect(snap, DCBS_CAUSE_CPU_OR_GPU, "(not known which) 8.00 s", "were not timed");
	snap = gpu_section();
	gpu_ticks(snap, NULL, 30);
	gpu_host_ticks(snap, 70);
	expect(snap, DCBS_CAUSE_CPU, "computing between calls of the GPU's driver 7.00 s", "less Python");
}

static void test_the_gpu_is_not_used(void **state)
{
	struct snapshot *snap = gpu_section();

	(void)state;
	gpu_host_ticks(snap, 100);
	expect(snap, DCBS_CAUSE_CPU, "was the model moved to the device?", "");
	snap = gpu_section();
	gpu_host_ticks(snap, 999);
	gpu_ticks(snap, "cuStreamSynchronize", 1);
	expect(snap, DCBS_CAUSE_CPU, "was the model moved to the device?", "");
}

/* A target without sections is judged by its threads. */
static void test_no_sections(void **state)
{
	struct snapshot *snap = stacks_begin(fixture_empty());

	(void)state;
	snap->wall_known = true;
	snap->gpu_libraries = 1U << LIBRARY_CUDA;
	fixture_thread(snap, 4242, "main", 10 * SEC);
	gpu_ticks(snap, "cuStreamSynchronize", 90)->nr_sections = 0;
	gpu_host_ticks(snap, 10)->nr_sections = 0;
	expect(snap, DCBS_CAUSE_GPU, "waiting for the GPU 9.00 s of 10.0 s", "larger batches");
}

/* If waits are timed, time in older drivers is no wait. */
static void test_timed_waits_without_names(void **state)
{
	struct snapshot *snap = gpu_section();

	(void)state;
	gpu_timed(snap, 0, 0);
	gpu_ticks(snap, NULL, 95);
	gpu_host_ticks(snap, 5);
	expect(snap, DCBS_CAUSE_CPU_OR_GPU, "or waiting for a place in its queue 9.50 s", "times the launches");
	snap = gpu_section();
	gpu_timed(snap, 100, 0.001)->idle = 90;
	gpu_ticks(snap, NULL, 95);
	gpu_host_ticks(snap, 5);
	expect(snap, DCBS_CAUSE_CPU, "in launches and other calls of the driver 9.50 s (error 235 ms), waiting for the GPU 1.00 ms; 100 calls of the driver waited", "CUDA graphs");
}

/* The size of copies tells the result of a step from data. */
static void test_timed_copies(void **state)
{
	struct snapshot *snap = gpu_section();
	struct gpu_sum *sum = gpu_timed(snap, 100, 8);

	(void)state;
	sum->copy_ns[GPU_WAY_TO_HOST] = 8 * SEC;
	sum->bytes[GPU_WAY_TO_HOST] = 100 * 4;
	gpu_host_ticks(snap, 20);
	expect(snap, DCBS_CAUSE_GPU, "at each step, to copy a result to the host 8.00 s", "keep results on the device");
	snap = gpu_section();
	sum = gpu_timed(snap, 100, 8);
	sum->copy_ns[GPU_WAY_TO_HOST] = 8 * SEC;
	sum->bytes[GPU_WAY_TO_HOST] = 100ULL << 20;
	gpu_ticks(snap, "cuLaunchKernel", 10);
	gpu_host_ticks(snap, 10);
	expect(snap, DCBS_CAUSE_GPU, "copying to or from the GPU 8.00 s", "pin the memory");
}

static void test_a_wait_that_does_not_end(void **state)
{
	struct snapshot *snap = gpu_section();

	(void)state;
	gpu_timed(snap, 0, 9.9);
	snap->sections[0]->gpu_open_ns = 12 * SEC;
	gpu_host_ticks(snap, 1);
	expect(snap, DCBS_CAUSE_GPU, "that it may hang 9.90 s of 10.0 s (99.0%); ran 100 ms; a call of the driver had not returned after 12.0 s",
	       "nvidia-smi");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gpu_bound),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_a_result_each_step),
		cmocka_unit_test(test_copies_to_an_unknown_side),
		cmocka_unit_test(test_launches),
		cmocka_unit_test(test_nothing_but_launches),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_the_gpu_is_not_used),
		cmocka_unit_test(test_no_sections),
		cmocka_unit_test(test_timed_waits_without_names),
		cmocka_unit_test(test_timed_copies),
		cmocka_unit_test(test_a_wait_that_does_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
