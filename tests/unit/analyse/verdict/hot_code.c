// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* hot_code.c - known code in the samples decides cause and advice; code that only looks like it does not. */
#include "sampled_report.h"

/* A section of 10 s that runs all the time: `ticks` of 100 in the innermost function, whose caller is `caller`. */
static struct snapshot *running_in(const char *function, const char *file, const char *caller, const char *caller_file, __u64 ticks)
{
	struct snapshot *snap = sampled_report_section(10 * SEC);
	__u32 outer = stacks_frame(snap, "main", "eval.py", 1, true), mid = stacks_frame(snap, caller, caller_file, 2, false);
	__u32 inner = stacks_frame(snap, function, file, 3, false);

	stacks_ran(STACK(snap, 0, outer, mid, inner), ticks);
	if (ticks < 100)
		stacks_ran(STACK(snap, 0, outer), 100 - ticks);
	return snap;
}

/* The same, but it waits for `cause`. */
static struct snapshot *waiting_in(const char *function, const char *file, enum cause cause)
{
	struct snapshot *snap = sampled_report_section(10 * SEC);
	__u32 outer = stacks_frame(snap, "main", "eval.py", 1, true), inner = stacks_frame(snap, function, file, 3, false);

	fixture_off(snap->sections[0], cause, 9 * SEC, 9 * SEC);
	stacks_ran(STACK(snap, 0, outer), 10);
	stacks_waited(STACK(snap, 0, outer, inner, stacks_frame(snap, "wait", "libc.so.6", 0, false)), cause, 9 * SEC);
	return snap;
}

static void expect_advice(struct snapshot *snap, enum dcbs_cause cause, const char *evidence, const char *advice)
{
	struct dcbs_report *r = sampled_report(snap);
	const struct dcbs_bottleneck *b = r->bottlenecks;

	assert_int_equal(r->nr_bottlenecks, 1);
	if (b->cause != cause || !strstr(b->evidence, evidence) || !strstr(b->suggestion, advice))
		fail_msg("cause %d: %s: %s", b->cause, b->evidence, b->suggestion);
	dcbs_report_free(r);
}

static void test_spinning(void **state)
{
	(void)state;
	expect_advice(running_in("ggml_barrier", "libggml-cpu.so", "ggml_graph_compute_thread", "libggml-cpu.so", 60), DCBS_CAUSE_SPIN,
		      "60.0% of its samples: spinning", "fewer threads");
	expect_advice(running_in("sched_yield", "libc.so.6", "exec_blas_async_wait", "libopenblas.so.0", 60), DCBS_CAUSE_SPIN,
		      "(sched_yield)", "OMP_WAIT_POLICY");
	/* A driver of a GPU yields while it waits: what it waits for is unknown here, but it is no barrier. */
	expect_advice(running_in("sched_yield", "libc.so.6", NULL, "/usr/lib/libcuda.so.535.1", 60), DCBS_CAUSE_CPU, "computing", "");
	/* A worker that computes has the pool's loop above it. */
	expect_advice(running_in("dgemm_kernel", "libopenblas.so.0", "blas_thread_server", "libopenblas.so.0", 90), DCBS_CAUSE_CPU,
		      "computing", "calling thread alone");
}

static void test_slow_libraries(void **state)
{
	(void)state;
	expect_advice(running_in("dgemm_", "/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.12.0", "f", "a.py", 90), DCBS_CAUSE_CPU,
		      "90.0% of its samples: the reference BLAS", "OpenBLAS");
	expect_advice(running_in("dgemm_", "/usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3", "f", "a.py", 90), DCBS_CAUSE_CPU,
		      "computing", "calling thread alone");
	expect_advice(running_in("bpe", "transformers/models/gpt2/tokenization_gpt2.py", "f", "a.py", 80), DCBS_CAUSE_CPU, "tokenizer",
		      "use_fast=True");
	expect_advice(running_in("encode", "tokenizers.abi3.so", "_encode_plus", "transformers/tokenization_utils_fast.py", 80),
		      DCBS_CAUSE_CPU, "computing", "calling thread alone");
	expect_advice(running_in("deduce_unreachable", "python3.11", "gc_collect_main", "python3.11", 30), DCBS_CAUSE_CPU,
		      "garbage collector", "gc.freeze()");
}

static void test_collective(void **state)
{
	(void)state;
	expect_advice(waiting_in("c10d::ProcessGroupGloo::AsyncWork::wait", "libtorch_cpu.so", CAUSE_LOCK), DCBS_CAUSE_COLLECTIVE,
		      "waiting for another rank", "comes last");
	expect_advice(waiting_in("pthread_mutex_lock", "libc.so.6", CAUSE_LOCK), DCBS_CAUSE_LOCK, "waiting for other threads",
		      "hold the lock for less");
}

/* Copying is a reason for waits for pages only. */
static void test_pages(void **state)
{
	(void)state;
	expect_advice(waiting_in("__memmove_avx_unaligned", "libc.so.6", CAUSE_FAULT), DCBS_CAUSE_FAULT, "copying from a file",
		      "read ahead");
	expect_advice(waiting_in("memcpy", "libc.so.6", CAUSE_LOCK), DCBS_CAUSE_LOCK, "waiting for other threads", "hold the lock");
}

/* The main thread waits outside of sections; the section that differs between the processes is the workers' one. */
static void test_starved_by_workers(void **state)
{
	struct snapshot *snap = sampled_report_section(2 * SEC);
	struct dcbs_report *r;

	(void)state;
	snap->end_ns = snap->start_ns + 10 * SEC;
	fixture_thread_off(fixture_thread(snap, 4242, "main", 10 * SEC), CAUSE_PIPE, 8 * SEC);
	snap->threads[0].sum.outside_off_ns[CAUSE_PIPE] = 8 * SEC;
	snap->threads[0].sections = true;
	stacks_ran(STACK(snap, 0, stacks_frame(snap, "step", "train.py", 1, true)), 100);
	stacks_waited(STACK(snap, SNAPSHOT_OUTSIDE, stacks_frame(snap, "_try_get_data", "torch/utils/data/dataloader.py", 9, true)), CAUSE_PIPE,
		      8 * SEC);
	r = sampled_report(snap);
	assert_true(r->nr_bottlenecks >= 1);
	assert_string_equal(r->bottlenecks[0].section, DCBS_OUTSIDE);
	assert_non_null(strstr(r->bottlenecks[0].evidence, "waiting for worker processes"));
	assert_non_null(strstr(r->bottlenecks[0].suggestion, "num_workers"));
	near(r->bottlenecks[0].total_s, 8);
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spinning), cmocka_unit_test(test_slow_libraries), cmocka_unit_test(test_collective),
		cmocka_unit_test(test_pages), cmocka_unit_test(test_starved_by_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
