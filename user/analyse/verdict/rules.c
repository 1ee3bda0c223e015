// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * rules.c - the table of what can be wrong, and which row of it a section is judged by.
 *
 * Time: the cause with the largest part of the section's time, what it called included; of two rows with one
 * cause, the larger part gives the words. Computing counts four fifths: of two threads that fight for the
 * interpreter, or for a CPU, each computes half of its time, so the wait is what is wrong even where it is the
 * smaller half. A wait for other threads is not taken for computing when they are the section's workers: the
 * evidence says what those did.
 *
 * Memory comes first where most of the time is computing and page faults are a good part of that, see paging.c.
 * A small growth of a section that computes or waits changes nothing about where its time goes.
 */
#include <stddef.h>
#include <string.h>

#include "analyse/verdict/evidence.h"
#include "analyse/memory_cost.h"
#include "analyse/verdict/rules.h"

#define COMPUTING_COUNTS 0.8
#define THREADED 0.25	/* workers that ran so much of the section's own CPU time */

/* A leak comes before the time if it is so large and so fast. */
#define LEAK_FIRST_BYTES (64 << 20)
#define LEAK_FIRST_BYTES_PER_S (1 << 20)

#define PART(name, seconds) static double name(const struct dcbs_wall *w) { return seconds; }
PART(cpu, w->cpu_s)
PART(runqueue, w->runqueue_s)
PART(gil, w->gil_s)
PART(lock, w->lock_s)
PART(read_, w->disk_s - w->sync_s)
PART(sync_, w->sync_s)
PART(network, w->network_s)
PART(fault, w->fault_s)
PART(sleep_, w->sleep_s)
PART(gpu, w->gpu_s)
PART(pipe_, w->pipe_s)
PART(child, w->child_s)
PART(stopped, w->stopped_s)
PART(other, w->other_s - w->pipe_s - w->child_s - w->stopped_s)

static bool is_threaded(const struct subject *s)
{
	return s->wall.worker_cpu_s >= THREADED * s->wall.cpu_s && s->wall.worker_cpu_s > 0;
}

static bool is_outside(const struct subject *s)
{
	return s->section->count == DCBS_UNKNOWN && !strcmp(s->section->name, DCBS_OUTSIDE);
}

static bool is_alone(const struct subject *s)
{
	return !is_threaded(s) && !is_outside(s);
}

static bool is_growing_leak(const struct subject *s)
{
	return memory_cost_is_leak(s) && memory_cost_is_growth(s);
}

#define LEAK_ADVICE "a leak, perhaps: look for lists, caches and logs that keep tensors or answers from call to call, " \
	"and compute without gradients (torch.no_grad())"

static const struct rule memory_rules[] = {
	{DCBS_CAUSE_MEMORY_GROWTH, "memory that is kept after every call", NULL, is_growing_leak, evidence_leak, LEAK_ADVICE},
	{DCBS_CAUSE_MEMORY_GROWTH, "touching memory for the first time", NULL, memory_cost_is_growth, evidence_growth,
	 "allocate such buffers once and use them again, or take huge pages for them; load no more than is used"},
	{DCBS_CAUSE_MEMORY_CHURN, "memory taken and given back again", NULL, memory_cost_is_churn, evidence_churn,
	 "keep buffers and use them again (out=, preallocated arrays), or let the allocator keep what is freed: raise "
	 "MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_, or use another allocator"},
};

static const struct rule leak_rule = {
	DCBS_CAUSE_MEMORY_GROWTH, "memory that is kept after every call", NULL, memory_cost_is_leak, evidence_leak, LEAK_ADVICE,
};

static const struct rule time_rules[] = {
	{DCBS_CAUSE_CPU, "computing", cpu, is_threaded, evidence_workers,
	 "it computes on several threads: put more into a batch, use cheaper operations (a smaller model, bfloat16, a KV "
	 "cache), or more CPUs"},
	{DCBS_CAUSE_CPU, "computing", cpu, is_alone, evidence_alone,
	 "it computes on the calling thread alone: put more into a batch, use cheaper operations or native code for the "
	 "loop, or spread it over threads or processes"},
	{DCBS_CAUSE_CPU, "computing", cpu, is_outside, NULL,
	 "make sections of the parts of it, to see which one takes the time; then put more into a batch, or use cheaper "
	 "operations or more threads"},
	{DCBS_CAUSE_RUNQUEUE, "waiting for a free CPU", runqueue, NULL, evidence_ran,
	 "use fewer compute threads than there are CPUs (torch.set_num_threads, OMP_NUM_THREADS), or take other work off "
	 "the machine"},
	{DCBS_CAUSE_GIL, "waiting for the interpreter lock (GIL)", gil, NULL, evidence_ran,
	 "move work out of Python threads: into processes, or into native code that releases the lock"},
	{DCBS_CAUSE_LOCK, "waiting for other threads (a lock, a condition, a join)", lock, NULL, evidence_ran_for_it,
	 "hold the lock for less, give each thread data of its own, or speed up the thread it waits for"},
	{DCBS_CAUSE_DISK, "waiting for the disk to read or write files", read_, NULL, evidence_each_call,
	 "data or weights are read cold: warm the page cache, load them eagerly and once, or read ahead in a worker"},
	{DCBS_CAUSE_DISK, "waiting for files to reach the disk (fsync)", sync_, NULL, evidence_each_call,
	 "write results less often or in batches, and sync once at the end"},
	{DCBS_CAUSE_NETWORK, "waiting for the network (a socket, poll)", network, NULL, evidence_each_call,
	 "send requests in batches or several at a time (async), and keep the answers in a cache"},
	{DCBS_CAUSE_FAULT, "waiting for memory-mapped pages from the disk", fault, NULL, evidence_major,
	 "mapped weights come from the disk page by page: read them eagerly, warm the page cache, or load without mmap; if "
	 "it is swap, use less memory"},
	{DCBS_CAUSE_SLEEP, "sleeping", sleep_, NULL, evidence_each_call,
	 "it asks for its waits itself: look for sleeps, back-off and polling, and wait for the event instead"},
	{DCBS_CAUSE_GPU, "waiting for the GPU", gpu, NULL, evidence_ran,
	 "the host waits for the device: use larger batches and fewer points that synchronise (.item(), .cpu(), print)"},
	{DCBS_CAUSE_OTHER, "waiting for a pipe", pipe_, NULL, evidence_each_call,
	 "it waits for another process, such as a DataLoader worker or a subprocess: use more workers, prefetch, or pass "
	 "less through the pipe"},
	{DCBS_CAUSE_OTHER, "waiting for a child process to end", child, NULL, evidence_each_call,
	 "do the child's work in this process or in one that stays, or go on meanwhile and collect it later"},
	{DCBS_CAUSE_OTHER, "stopped by a signal, a debugger or the freezer", stopped, NULL, evidence_each_call,
	 "look for who stops it: job control, a debugger, a container that is paused or over its quota"},
	{DCBS_CAUSE_OTHER, "waiting for something that has no name here", other, NULL, evidence_each_call, NULL},
};

static const struct rule cannot_tell = {DCBS_CAUSE_UNKNOWN, NULL, NULL, NULL, NULL, NULL};

#define NR(table) (sizeof(table) / sizeof(*(table)))

static bool fits(const struct rule *r, const struct subject *s)
{
	return !r->applies || r->applies(s);
}

static double cause_s(const struct subject *s, enum dcbs_cause cause)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < NR(time_rules); i++)
		if (time_rules[i].cause == cause && fits(&time_rules[i], s))
			sum += time_rules[i].part(&s->wall);
	return cause == DCBS_CAUSE_CPU ? COMPUTING_COUNTS * sum : sum;
}

static bool is_larger(const struct subject *s, const struct rule *a, const struct rule *b)
{
	double a_s = cause_s(s, a->cause), b_s = b ? cause_s(s, b->cause) : 0;

	if (a_s != b_s)
		return a_s > b_s;
	return b && a->part(&s->wall) > b->part(&s->wall);
}

/* NULL if nothing is known, or nothing took time. */
static const struct rule *largest(const struct subject *s, enum dcbs_cause but)
{
	const struct rule *best = NULL;
	size_t i;

	for (i = 0; i < NR(time_rules); i++)
		if (time_rules[i].cause != but && fits(&time_rules[i], s) && is_larger(s, &time_rules[i], best))
			best = &time_rules[i];
	return best;
}

const struct rule *rules_judge(const struct subject *s)
{
	const struct rule *best = largest(s, DCBS_CAUSE_UNKNOWN);
	size_t i;

	if (!best)
		return &cannot_tell;
	for (i = 0; i < NR(memory_rules) && best->cause == DCBS_CAUSE_CPU; i++)
		if (memory_rules[i].applies(s))
			return &memory_rules[i];
	return best;
}

const struct rule *rules_second(const struct subject *s, const struct rule *first)
{
	return first->part ? largest(s, first->cause) : NULL;
}

const struct rule *rules_leak(const struct subject *s)
{
	return leak_rule.applies(s) ? &leak_rule : NULL;
}

bool rules_leak_first(const struct subject *s)
{
	double net = (double)s->section->self_memory.rss_delta_bytes;

	return net >= LEAK_FIRST_BYTES && net >= LEAK_FIRST_BYTES_PER_S * s->total_s;
}
