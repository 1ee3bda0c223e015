// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_times.c - the time in the driver of a GPU: what names tell is a wait, nothing else is, and the ledger closes. */
#include "gpu_stacks.h"

static double sum_of_wall(const struct dcbs_wall *w)
{
	return w->cpu_s + w->runqueue_s + w->throttled_s + w->steal_s + w->gpu_s + w->lock_s;
}

static void check_closes(const struct dcbs_section *s)
{
	const struct dcbs_gpu *gpu = &s->gpu;

	near(sum_of_wall(&s->wall), s->total_s);
	near(sum_of_wall(&s->self_wall), s->self_s);
	near(gpu->wait_s, s->wall.gpu_s);
	near(gpu->driver_s, gpu->wait_s + gpu->launch_s + gpu->alloc_s + gpu->other_s + gpu->unknown_s);
	assert_true(gpu->copy_s <= gpu->wait_s + 1e-9 && gpu->d2h_s <= gpu->copy_s + 1e-9);
	assert_true(gpu->spin_s + gpu->runqueue_s + gpu->throttled_s + gpu->steal_s <= gpu->wait_s + 1e-9);
}

/* The report's only section; the report is stored. */
static const struct dcbs_section *section_of(struct dcbs_report **r, struct snapshot *snap)
{
	const struct dcbs_section *s;

	*r = sampled_report(snap);
	s = dcbs_report_section(*r, "work");
	assert_non_null(s);
	check_closes(s);
	return s;
}

/* ---- by names ---- */

static void test_a_wait_that_spins(void **state)
{
	struct snapshot *snap = gpu_section();
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	gpu_ticks(snap, "cuStreamSynchronize_ptsz", 940);
	gpu_ticks(snap, "cuLaunchKernel", 20);
	gpu_ticks(snap, "cuMemAlloc_v2", 10);
	gpu_ticks(snap, "cuModuleLoadData", 10);
	gpu_host_ticks(snap, 20);
	s = section_of(&r, snap);
	near(s->wall.gpu_s, 9.4);
	near(s->wall.cpu_s, 0.6);
	near(s->gpu.launch_s, 0.2);
	near(s->gpu.alloc_s, 0.1);
	near(s->gpu.other_s, 0.1);
	near(s->gpu.driver_s, 9.8);
	near(s->gpu.unknown_s, 0);
	near(s->gpu.spin_s, 9.4);
	near(s->cpu_error_s, s->gpu.wait_error_s);
	assert_true(s->gpu.wait_error_s > 0.05 && s->gpu.wait_error_s < 0.1);	/* sqrt(0.94 * 0.06 / 1000) of 10 s */
	assert_true(r->nr_gpu_libraries == 1 && !strcmp(r->gpu_libraries[0], "libcuda"));
	dcbs_report_free(r);
}

/* A stack of 10 s in the driver's and the runtime's functions, outermost first. */
static enum { WAIT, READ, WRITE, COPY, LAUNCH, UNKNOWN, NONE } kind_of(const char *runtime, enum library_kind of, const char *driver)
{
	struct snapshot *snap = gpu_section();
	__u32 a = gpu_frame(snap, runtime, of), b = gpu_frame(snap, driver, LIBRARY_CUDA), c = gpu_frame(snap, NULL, LIBRARY_CUDA);
	const struct dcbs_gpu *gpu;
	struct dcbs_report *r;
	double d2h_s, h2d_s, copy_s, wait_s, launch_s, unknown_s;

	stacks_ran(STACK(snap, 0, stacks_frame(snap, "f", "a.py", 1, true), a, b, c), 100);
	gpu = &section_of(&r, snap)->gpu;
	d2h_s = gpu->d2h_s;
	h2d_s = gpu->h2d_s;
	copy_s = gpu->copy_s;
	wait_s = gpu->wait_s;
	launch_s = gpu->launch_s;
	unknown_s = gpu->unknown_s;
	dcbs_report_free(r);
	return d2h_s > 0 ? READ : h2d_s > 0 ? WRITE : copy_s > 0 ? COPY : wait_s > 0 ? WAIT : launch_s > 0 ? LAUNCH : unknown_s > 0 ? UNKNOWN : NONE;
}

static void test_the_outermost_name_tells(void **state)
{
	(void)state;
	assert_int_equal(kind_of("cudaMemcpyAsync", LIBRARY_CUDART, "cuStreamSynchronize"), COPY);
	assert_int_equal(kind_of("cudaMemcpyAsync", LIBRARY_CUDART, "cuMemcpyDtoHAsync_v2"), READ);
	assert_int_equal(kind_of("cudaMemcpyAsync", LIBRARY_CUDART, "cuMemcpyHtoDAsync_v2"), WRITE);
	assert_int_equal(kind_of("cudaLaunchKernel", LIBRARY_CUDART, NULL), LAUNCH);
	assert_int_equal(kind_of("cudaDeviceSynchronize", LIBRARY_CUDART, NULL), WAIT);
	assert_int_equal(kind_of("hipStreamSynchronize", LIBRARY_HIP, "hsa_signal_wait_scacquire"), WAIT);
	assert_int_equal(kind_of(NULL, LIBRARY_CUDART, NULL), UNKNOWN);
}

/* A runtime that is linked into the program has its names there; functions of the program tell nothing. */
static void test_a_static_runtime(void **state)
{
	(void)state;
	assert_int_equal(kind_of("cudaStreamSynchronize", LIBRARY_OTHER, NULL), WAIT);
	assert_int_equal(kind_of("ggml_backend_cuda_synchronize", LIBRARY_OTHER, NULL), UNKNOWN);
	assert_int_equal(kind_of("custom", LIBRARY_OTHER, NULL), UNKNOWN);
}

static void test_a_driver_without_names(void **state)
{
	struct snapshot *snap = gpu_section();
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	gpu_ticks(snap, NULL, 90);
	gpu_host_ticks(snap, 10);
	s = section_of(&r, snap);
	near(s->wall.cpu_s, 10);
	near(s->gpu.unknown_s, 9);
	near(s->wall.gpu_s, 0);
	assert_true(isnan(s->cpu_error_s));
	dcbs_report_free(r);
}

/* A function of the driver that --section times tells what the samples in it are, though it is on no stack. */
static void test_a_timed_function(void **state)
{
	struct snapshot *snap = gpu_section();
	struct snapshot_section *timed = fixture_section(snap, "wait", DCBS_NAME_SECTION);
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	fixture_call(timed, 9 * SEC, 9 * SEC);
	snprintf(timed->function, sizeof(timed->function), "cuStreamSynchronize");
	stacks_within(gpu_ticks(snap, NULL, 90), 1);
	gpu_host_ticks(snap, 10);
	s = section_of(&r, snap);
	near(s->wall.gpu_s, 9);
	near(s->gpu.unknown_s, 0);
	s = dcbs_report_section(r, "wait");
	check_closes(s);
	near(s->wall.gpu_s, 9);
	near(s->self_wall.gpu_s, 9);
	dcbs_report_free(r);
}

/* ---- what is not the driver's time ---- */

/* The driver calls a function of the program, which computes. */
static void test_a_callback(void **state)
{
	struct snapshot *snap = gpu_section();
	__u32 driver = gpu_frame(snap, "cuStreamSynchronize", LIBRARY_CUDA), own = gpu_frame(snap, "on_done", LIBRARY_OTHER);
	__u32 copy = gpu_frame(snap, "memcpy", LIBRARY_SYSTEM);
	struct dcbs_report *r;

	(void)state;
	stacks_ran(STACK(snap, 0, driver, own, copy), 50);
	stacks_ran(STACK(snap, 0, driver, stacks_frame(snap, "callback", "a.py", 1, true)), 50);
	near(section_of(&r, snap)->gpu.driver_s, 0);
	dcbs_report_free(r);
}

static void test_no_driver(void **state)
{
	struct snapshot *snap = gpu_section();
	struct dcbs_report *r;

	(void)state;
	snap->gpu_libraries = 0;
	gpu_host_ticks(snap, 100);
	r = sampled_report(snap);
	assert_true(isnan(r->sections[0].gpu.driver_s) && isnan(r->sections[0].gpu.spin_s) && !r->nr_gpu_libraries);
	near(r->sections[0].wall.cpu_s, 10);
	dcbs_report_free(r);
}

static void test_no_samples(void **state)
{
	struct dcbs_report *r = sampled_report(gpu_section());

	(void)state;
	assert_true(isnan(r->sections[0].gpu.driver_s));
	near(r->sections[0].wall.cpu_s, 10);
	dcbs_report_free(r);
}

/* ---- off the CPU ---- */

/* The GPU works on while the thread that waits for it is kept from its CPU. Other run-queue waits stay what they are. */
static void test_preempted_while_it_waits(void **state)
{
	struct snapshot *snap = gpu_section();
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	fixture_off(snap->sections[0], CAUSE_RUNQUEUE, 6 * SEC, 6 * SEC);
	stacks_waited(gpu_ticks(snap, "cuCtxSynchronize", 300), CAUSE_RUNQUEUE, 4 * SEC);
	stacks_waited(gpu_host_ticks(snap, 100), CAUSE_RUNQUEUE, 2 * SEC);
	s = section_of(&r, snap);
	near(s->wall.gpu_s, 7);
	near(s->wall.runqueue_s, 2);
	near(s->wall.cpu_s, 1);
	near(s->gpu.runqueue_s, 4);
	dcbs_report_free(r);
}

/* A wait that the kernel knows is exact. It belongs to copies if the stack says so. */
static void test_blocked_on_the_device(void **state)
{
	struct snapshot *snap = gpu_section();
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	fixture_off(snap->sections[0], CAUSE_GPU, 8 * SEC, 8 * SEC);
	stacks_waited(gpu_ticks(snap, "cuMemcpyDtoH_v2", 0), CAUSE_GPU, 1 * SEC);
	gpu_host_ticks(snap, 100);
	s = section_of(&r, snap);
	near(s->wall.gpu_s, 8);
	near(s->gpu.d2h_s, 8);
	near(s->gpu.spin_s, 0);
	assert_true(isnan(s->cpu_error_s));
	dcbs_report_free(r);
}

/* ---- timed calls ---- */

/* Samples in timed calls say nothing more, and those in other calls are estimates as ever. */
static void test_timed_calls(void **state)
{
	struct snapshot *snap = gpu_section();
	struct gpu_sum *sum = gpu_timed(snap, 100, 6);
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	fixture_off(snap->sections[0], CAUSE_RUNQUEUE, 1 * SEC, 1 * SEC);
	sum->ns[GPU_QUEUED] = sum->self_ns[GPU_QUEUED] = SEC / 2;
	sum->copy_ns[GPU_WAY_TO_HOST] = 2 * SEC;
	sum->bytes[GPU_WAY_TO_HOST] = 4000000000;
	sum->idle = 3;
	gpu_ticks(snap, NULL, 700)->gpu_kind = GPU_SYNC;
	gpu_host_ticks(snap, 300);
	s = section_of(&r, snap);
	near(s->wall.gpu_s, 6.5);
	near(s->wall.runqueue_s, 0.5);
	near(s->wall.cpu_s, 3);
	near(s->gpu.wait_error_s, 0);
	assert_true(isnan(s->cpu_error_s));
	near(s->gpu.d2h_s, 2);
	near(s->gpu.unknown_s, 0);
	near(s->gpu_calls.copy_gb_per_s, 2);
	assert_true(s->gpu_calls.level == 1 && s->gpu_calls.syncs == 100 && s->gpu_calls.syncs_idle == 3 && s->gpu_calls.h2d_bytes == 0);
	dcbs_report_free(r);
}

/* Copies that were only begun, or are of an unknown size, leave figures unknown. So does a driver that was probed late. */
static void test_what_timed_calls_do_not_tell(void **state)
{
	struct snapshot *snap = gpu_section();
	struct gpu_sum *sum = gpu_timed(snap, 100, 6);
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	sum->copy_ns[GPU_WAY_TO_DEVICE] = SEC;
	sum->bytes[GPU_WAY_TO_DEVICE] = 1000;
	sum->begun = sum->unsized = 1;
	snap->sections[0]->gpu_open_ns = 2 * SEC;
	gpu_ticks(snap, "cuStreamSynchronize", 100);
	gpu_host_ticks(snap, 900);
	s = section_of(&r, snap);
	near(s->wall.gpu_s, 7);
	assert_true(s->cpu_error_s > 0.05 && s->cpu_error_s < 0.2);
	near(s->gpu_calls.open_s, 2);
	assert_true(isnan(s->gpu_calls.copy_gb_per_s) && s->gpu_calls.h2d_bytes == DCBS_UNKNOWN);
	dcbs_report_free(r);
	snap = gpu_section();
	gpu_timed(snap, 100, 6);
	snap->gpu_timed = false;
	gpu_host_ticks(snap, 100);
	s = section_of(&r, snap);
	assert_true(s->gpu_calls.level == 0 && s->gpu_calls.syncs == DCBS_UNKNOWN);
	near(s->wall.gpu_s, 6);
	dcbs_report_free(r);
}

/* Waits that were not observed may hide in the running time of the calls. */
static void test_waits_in_on_periods(void **state)
{
	struct snapshot *snap = gpu_section();
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	fixture_off(snap->sections[0], CAUSE_RUNQUEUE, 1 * SEC, 1 * SEC);
	gpu_timed(snap, 100, 6)->unsplit_ns = 5 * SEC;
	gpu_host_ticks(snap, 100);
	s = section_of(&r, snap);
	near(s->wall.gpu_s, 6);
	near(s->cpu_error_s, 1);
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_wait_that_spins),
		cmocka_unit_test(test_the_outermost_name_tells),
		cmocka_unit_test(test_a_static_runtime),
		cmocka_unit_test(test_a_driver_without_names),
		cmocka_unit_test(test_a_timed_function),
		cmocka_unit_test(test_a_callback),
		cmocka_unit_test(test_no_driver),
		cmocka_unit_test(test_no_samples),
		cmocka_unit_test(test_preempted_while_it_waits),
		cmocka_unit_test(test_blocked_on_the_device),
		cmocka_unit_test(test_timed_calls),
		cmocka_unit_test(test_what_timed_calls_do_not_tell),
		cmocka_unit_test(test_waits_in_on_periods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
