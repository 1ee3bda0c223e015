// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * hot_code.c - known code in the stacks of a section.
 *
 * Each pattern names frames by a part of their function, of their file, or of both. A kind of code is found in a stack if one of
 * its patterns matches one of the innermost frames, as many as the kind says.
 */
#include <math.h>
#include <string.h>

#include "analyse/verdict/hot_code.h"
#include "base/array.h"

#define ALL_FRAMES 1000
#define DRIVER_FRAMES 3		/* innermost ones, of which one is in the driver if the others are of the C library */

struct pattern {
	const char *function, *file;	/* parts of them; NULL: any */
};

enum time_of { RUNNING, WAITING, WAITING_FOR_PAGES, ALL_TIME };

struct code_kind {
	struct hot_rule rule;
	enum time_of of;	/* the time of which it has to be a share */
	double least;		/* that share */
	size_t depth;		/* innermost frames that are compared */
	size_t times;		/* frames that have to match */
	const char *not_in;	/* a part of a file: frames in such a file do not match. NULL: none */
	struct pattern patterns[16];
};

#define FEWER_THREADS "threads run only to wait for one another: use fewer threads than there are CPUs (OMP_NUM_THREADS, " \
	"OPENBLAS_NUM_THREADS, torch.set_num_threads, --threads), and let them sleep while they wait (OMP_WAIT_POLICY=passive)"

static const struct code_kind kinds[] = {
	{{"spinning at a barrier or for work", DCBS_CAUSE_SPIN, FEWER_THREADS}, RUNNING, 0.2, 1, 1, NULL,
	 {{"ggml_barrier", NULL}, {"ggml_graph_compute_poll", NULL}, {"exec_blas_async_wait", NULL}, {"blas_thread_server", NULL},
	  {"gomp_barrier_wait", NULL}, {"gomp_team_barrier", NULL}, {NULL, "libgomp"}, {NULL, "libiomp"}, {"do_spin", NULL},
	  {"sched_yield", NULL}, {"__kmp_wait", NULL}, {"__kmp_hyper_barrier", NULL}, {"__kmp_fork_barrier", NULL},
	  {"kmp_flag", NULL}, {"pthread_spin_lock", NULL}, {"omp_set_lock", NULL}}},
	{{"the reference BLAS, which is not optimised", DCBS_CAUSE_UNKNOWN,
	  "install OpenBLAS or MKL (Debian: libopenblas0) in place of the reference BLAS: the same calls are several times faster"},
	 RUNNING, 0.3, 1, 1, "openblas",
	 {{NULL, "/blas/libblas.so"}, {NULL, "libblas.so.3"}, {NULL, "gemm.f"}, {NULL, "gemv.f"}, {NULL, "librefblas"}}},
	{{"a tokenizer written in Python", DCBS_CAUSE_UNKNOWN,
	  "use the fast tokenizer (use_fast=True, the package tokenizers), or tokenize once and keep the result"},
	 RUNNING, 0.3, ALL_FRAMES, 1, "_fast",
	 {{NULL, "/tokenization_utils.py"}, {NULL, "/tokenization_python.py"}, {"bpe", "tokeniz"}}},
	{{"regular expressions", DCBS_CAUSE_UNKNOWN,
	  "compile the patterns once and search less with each, or do it in native code: for tokens, the fast tokenizer"},
	 RUNNING, 0.3, 3, 1, NULL,
	 {{NULL, "/re/__init__.py"}, {NULL, "lib/re.py"}, {"sre_", NULL}, {"SRE", NULL}, {NULL, "_regex"}, {NULL, "/regex/"},
	  {"sub", "/re.py"}}},
	{{"reading or writing JSON", DCBS_CAUSE_UNKNOWN,
	  "read and write JSON once and in batches, or by a faster package (orjson)"},
	 RUNNING, 0.3, 6, 1, NULL,
	 {{NULL, "/json/decoder.py"}, {NULL, "/json/encoder.py"}, {NULL, "/json/scanner.py"}, {NULL, "/json/__init__.py"},
	  {"scan_once", NULL}, {"encoder_listencode", NULL}, {NULL, "_json."}}},
	{{"the garbage collector", DCBS_CAUSE_UNKNOWN,
	  "call gc.freeze() after loading, and raise gc.set_threshold(): the collector walks objects that never die"},
	 RUNNING, 0.15, 8, 1, NULL,
	 {{"gc_collect", NULL}, {"_PyGC_", NULL}, {"deduce_unreachable", NULL}, {"visit_decref", NULL}, {"visit_reachable", NULL},
	  {"subtract_refs", NULL}, {"move_unreachable", NULL}, {"untrack_tuples", NULL}, {"update_refs", NULL}}},
	{{"converting between types of numbers", DCBS_CAUSE_UNKNOWN,
	  "convert once and keep the result: load the model in the type that it computes in, and keep inputs in it"},
	 RUNNING, 0.25, 12, 1, NULL,
	 {{"copy_kernel", NULL}, {"_to_copy", NULL}, {"copy_impl", NULL}, {"aten::to", NULL}, {"aten::copy_", NULL},
	  {"_ops::copy_", NULL}, {"_ops::to", NULL}, {"ggml_compute_forward_dup", NULL}, {"_aligned_contig_cast", NULL},
	  {"_contig_cast", NULL}, {"fp32_to_", NULL}, {"fp16_to_", NULL}, {"bf16_to_", NULL}}},
	{{"log messages and print()", DCBS_CAUSE_UNKNOWN,
	  "log less in the inner loop, let logging check the level before it formats (logger.debug(\"%s\", x)), and write in batches"},
	 ALL_TIME, 0.25, ALL_FRAMES, 1, NULL,
	 {{NULL, "/logging/__init__.py"}, {"builtin_print", NULL}, {"_io_TextIOWrapper_write", NULL}, {NULL, "/loguru/"}}},
	{{"chains of module calls in Python", DCBS_CAUSE_UNKNOWN,
	  "the calls are many and small: make fewer and larger ones (a larger batch, fused layers, torch.compile, CUDA graphs)"},
	 RUNNING, 0.5, 12, 3, NULL,
	 {{"_call_impl", NULL}, {"_wrapped_call_impl", NULL}}},
	{{"copying from a file that is mapped", DCBS_CAUSE_UNKNOWN,
	  "weights are copied out of a mapping page by page: use them where they are mapped, or read ahead (madvise(MADV_WILLNEED), "
	  "posix_fadvise) before they are copied"},
	 WAITING_FOR_PAGES, 0.5, 2, 1, NULL,
	 {{"memcpy", NULL}, {"memmove", NULL}}},
	{{"waiting for another rank in a collective operation", DCBS_CAUSE_COLLECTIVE,
	  "look at the rank that comes last, which the others wait for: give it less work, or better balanced work"},
	 WAITING, 0.5, ALL_FRAMES, 1, NULL,
	 {{"c10d::", NULL}, {"gloo::", NULL}, {"nccl", NULL}, {"MPI_", NULL}, {"ompi_", NULL}, {"PMPI_", NULL},
	  {NULL, "distributed_c10d.py"}, {"all_reduce", NULL}, {"allreduce", NULL}, {"all_gather", NULL}, {"reduce_scatter", NULL}}},
	{{WORKER_WAIT, DCBS_CAUSE_UNKNOWN, WORKER_WAIT_ADVICE},
	 WAITING, 0.5, ALL_FRAMES, 1, NULL,
	 {{"_try_get_data", "dataloader.py"}, {"_get_data", "dataloader.py"}, {"_next_data", "dataloader.py"},
	  {NULL, "/multiprocessing/pool.py"}, {"result", "/concurrent/futures/_base.py"}}},
};

#define SPINNING (&kinds[0])
#define WORKERS (&kinds[ARRAY_SIZE(kinds) - 1])

/* ---- one stack ---- */

static bool contains(const char *text, const char *part)
{
	return !part || (text && strstr(text, part));
}

static bool frame_matches(const struct dcbs_frame *f, const struct code_kind *kind)
{
	const struct pattern *p;

	if (kind->not_in && f->file && strstr(f->file, kind->not_in))
		return false;
	for (p = kind->patterns; p < kind->patterns + ARRAY_SIZE(kind->patterns) && (p->function || p->file); p++)
		if (contains(f->function, p->function) && contains(f->file, p->file))
			return true;
	return false;
}

/* A driver of a GPU gives its CPU away while it waits, which is no barrier. */
static bool is_in_gpu_driver(const struct dcbs_report *r, const struct dcbs_stack *stack)
{
	static const char *const drivers[] = {"/libcuda.so", "/libamdhip64", "/libhsa-runtime64", "/libze_loader.so"};
	const struct dcbs_frame *f;
	size_t i, k;

	for (i = 0; i < stack->nr_frames && i < DRIVER_FRAMES; i++) {
		f = &r->frames[stack->frames[stack->nr_frames - 1 - i]];
		for (k = 0; k < ARRAY_SIZE(drivers) && f->file; k++)
			if (strstr(f->file, drivers[k]))
				return true;
	}
	return false;
}

/* Returns the innermost frame that matches, if enough frames do. */
static const struct dcbs_frame *matching_frame(const struct dcbs_report *r, const struct dcbs_stack *stack, const struct code_kind *kind)
{
	const struct dcbs_frame *first = NULL, *f;
	size_t i, found = 0;

	if (kind->rule.cause == DCBS_CAUSE_SPIN && is_in_gpu_driver(r, stack))
		return NULL;
	for (i = 0; i < stack->nr_frames && i < kind->depth; i++) {
		f = &r->frames[stack->frames[stack->nr_frames - 1 - i]];
		if (!frame_matches(f, kind))
			continue;
		first = first ? first : f;
		if (++found == kind->times)
			return first;
	}
	return NULL;
}

static double time_of_stack(const struct dcbs_stack *stack, enum time_of of)
{
	switch (of) {
	case RUNNING: return stack->cpu_s;
	case WAITING_FOR_PAGES: return stack->cause == DCBS_CAUSE_FAULT ? stack->off_s : 0;
	case WAITING: return stack->cause != DCBS_CAUSE_RUNQUEUE && stack->cause != DCBS_CAUSE_GIL ? stack->off_s : 0;
	default: return stack->cpu_s + stack->off_s;
	}
}

/* ---- the stacks of a section ---- */

static struct hot_code look_for(const struct dcbs_report *r, const char *section, const struct code_kind *kind, double *found_s)
{
	struct hot_code hot = {.rule = &kind->rule};
	double whole_s = 0, most_s = 0, one_s;
	const struct dcbs_frame *f;
	size_t i;

	*found_s = 0;
	for (i = 0; i < r->nr_stacks; i++) {
		const struct dcbs_stack *stack = &r->stacks[i];

		if (strcmp(stack->section, section))
			continue;
		one_s = time_of_stack(stack, kind->of);
		whole_s += one_s;
		f = one_s > 0 ? matching_frame(r, stack, kind) : NULL;
		if (!f)
			continue;
		*found_s += one_s;
		if (one_s > most_s) {
			most_s = one_s;
			hot.function = f->function;
		}
	}
	hot.share = whole_s > 0 ? *found_s / whole_s : NAN;
	return hot;
}

static bool looks_at_cause(const struct code_kind *kind, enum dcbs_cause cause)
{
	bool computes = cause == DCBS_CAUSE_CPU || cause == DCBS_CAUSE_MEMORY_CHURN;

	switch (kind->of) {
	case RUNNING: return computes;
	case WAITING_FOR_PAGES: return cause == DCBS_CAUSE_FAULT;
	case WAITING: return cause == DCBS_CAUSE_LOCK || cause == DCBS_CAUSE_NETWORK || cause == DCBS_CAUSE_OTHER ||
			     cause == DCBS_CAUSE_SLEEP;
	default: return computes || cause == DCBS_CAUSE_DISK || cause == DCBS_CAUSE_OTHER;
	}
}

struct hot_code hot_code_find(const struct subject *s, const struct rule *rule)
{
	struct hot_code best = {0}, one;
	double found_s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!looks_at_cause(&kinds[i], rule->cause))
			continue;
		one = look_for(s->report, s->section->name, &kinds[i], &found_s);
		if (one.share >= kinds[i].least && (!best.rule || one.share > best.share))
			best = one;
	}
	return best;
}

double hot_code_spinning(const struct dcbs_report *r, const char *section)
{
	double found_s;

	return look_for(r, section, SPINNING, &found_s).share;
}

double hot_code_worker_wait_s(const struct dcbs_report *r)
{
	double found_s;

	look_for(r, DCBS_OUTSIDE, WORKERS, &found_s);
	return found_s;
}
