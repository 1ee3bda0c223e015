// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * rules.c - the table of what can be wrong, and the choice among its rules.
 *
 * Time: the cause with the largest part of the section's total time is chosen; of two rules with that cause, the one with
 * the larger part gives the text. Computing is weighted with 0.8: of two threads that compete for the interpreter lock or
 * for a CPU each computes half of its time, so the wait is the one to remove even where it is slightly the smaller half. Waiting
 * for other threads is never counted as computing, even if they are the section's own workers: the evidence says how long
 * those ran.
 *
 * Memory is chosen instead of computing if page faults explain a good part of the CPU time, see memory_cost.c. A section
 * that computes or waits and grows a little is judged by its time.
 */
#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "analyse/memory_cost.h"
#include "analyse/verdict/await_rules.h"
#include "analyse/verdict/evidence.h"
#include "analyse/gpu_memory.h"
#include "analyse/verdict/gpu_subject.h"
#include "analyse/verdict/hot_code.h"
#include "analyse/verdict/rules.h"
#include "base/array.h"

#define COMPUTING_WEIGHT 0.8
#define COMPANY_SHARE 0.05	/* of the section's CPU time; if other threads ran that much, it cannot be said to be alone */
#define OWN_SHARE 0.2		/* of the time in which threads wait for a CPU: from there on the targets compete with themselves */
#define WORKER_SHARE 0.25	/* of the section's own CPU time; workers that ran that much make it threaded */

#define LEAK_FIRST_BYTES (64 << 20)
#define LEAK_FIRST_BYTES_PER_S (1 << 20)

/* For struct rule.part. */
#define PART(name, seconds) static double name(const struct subject *s) { const struct dcbs_wall *w = &s->wall; return seconds; }
PART(runqueue_s, w->runqueue_s)
PART(throttled_s, w->throttled_s)
PART(steal_s, w->steal_s)
PART(gil_s, w->gil_s)
PART(lock_s, w->lock_s)
PART(read_s, w->disk_s - w->sync_s)
PART(sync_s, w->sync_s)
PART(network_s, w->network_s)
PART(fault_s, w->fault_s)
PART(sleep_s, w->sleep_s)
PART(pipe_s, w->pipe_s)
PART(child_s, w->child_s)
PART(stopped_s, w->stopped_s)
PART(await_s, w->await_s)
PART(other_s, w->other_s - w->pipe_s - w->child_s - w->stopped_s)

/* The part of await_s that lies outside of the sections inside. */
static double self_await_s(const struct subject *s)
{
	return s->section->self_wall.await_s;
}

/* Returns true if computing alone does not explain why the host is slow. */
static bool calls_gpu(const struct subject *s)
{
	return gpu_subject_launches(s) || gpu_subject_calls_driver(s);
}

static bool is_threaded(const struct subject *s)
{
	return !calls_gpu(s) && s->wall.worker_cpu_s >= WORKER_SHARE * s->wall.cpu_s && s->wall.worker_cpu_s > 0;
}

static bool is_outside(const struct subject *s)
{
	return subject_is_outside(s->section) && !calls_gpu(s);
}

/* Returns true if threads ran that nobody woke for a section, as those of a pool that spins do. */
static bool has_company(const struct subject *s)
{
	return !is_threaded(s) && !is_outside(s) && !calls_gpu(s) && s->others_cpu_s >= COMPANY_SHARE * s->wall.cpu_s;
}

static bool is_alone(const struct subject *s)
{
	return !is_threaded(s) && !is_outside(s) && !calls_gpu(s) && !has_company(s);
}

/* The share of the targets' own threads among those that had the CPU; NAN: it is not known who had it. */
static double own_share(const struct dcbs_report *r)
{
	double share = 0;
	size_t i;

	for (i = 0; i < r->nr_neighbours; i++)
		share += r->neighbours[i].is_target ? r->neighbours[i].cpu_share : 0;
	return r->nr_neighbours ? share : NAN;
}

static bool competes_with_itself(const struct subject *s)
{
	return own_share(s->report) >= OWN_SHARE;
}

static bool competes_with_others(const struct subject *s)
{
	return own_share(s->report) < OWN_SHARE;
}

static bool competes_with_unknown(const struct subject *s)
{
	return !competes_with_itself(s) && !competes_with_others(s);
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

static const struct rule gpu_leak_rule = {
	DCBS_CAUSE_MEMORY_GROWTH, "the GPU's memory grows", NULL, gpu_memory_is_leak, gpu_memory_leak_evidence,
	"a leak, perhaps: look for lists and caches that keep tensors on the device from call to call (results with their graph: use .detach(), "
	".cpu(), torch.no_grad()), and for a cache of keys and values that has no bound",
};

static const struct rule time_rules[] = {
	{DCBS_CAUSE_CPU, "computing", gpu_subject_computing_s, is_threaded, evidence_workers,
	 "it computes on several threads: put more into a batch, use cheaper operations (a smaller model, bfloat16, a KV "
	 "cache), or more CPUs"},
	{DCBS_CAUSE_CPU, "computing", gpu_subject_computing_s, has_company, evidence_beside,
	 "see in FUNCTIONS what those threads do: put more into a batch or use cheaper operations; if they spin, use fewer threads "
	 "(OMP_NUM_THREADS, OMP_WAIT_POLICY=passive)"},
	{DCBS_CAUSE_CPU, "computing", gpu_subject_computing_s, is_alone, evidence_alone,
	 "it computes on the calling thread alone: put more into a batch, use cheaper operations or native code for the "
	 "loop, or spread it over threads or processes"},
	{DCBS_CAUSE_CPU, "computing", gpu_subject_computing_s, is_outside, NULL,
	 "make sections of the parts of it, to see which one takes the time; then put more into a batch, or use cheaper "
	 "operations or more threads"},
	{DCBS_CAUSE_CPU, "computing and launching work on the GPU", gpu_subject_computing_s, gpu_subject_launches, evidence_launches,
	 "the GPU runs dry while the host launches, unless it is busy all the same (nvidia-smi) and the queue of launches is full: use CUDA graphs "
	 "(torch.compile(mode=\"reduce-overhead\")), larger batches, or less Python for each step"},
	{DCBS_CAUSE_CPU, "computing between calls of the GPU's driver", gpu_subject_computing_s, gpu_subject_calls_driver, evidence_in_driver,
	 "the host's own work takes the time: use CUDA graphs (torch.compile(mode=\"reduce-overhead\")), larger batches, or less Python for "
	 "each step"},
	{DCBS_CAUSE_CPU_OR_GPU, "running in the GPU's driver, where it waits or launches (not known which)", gpu_subject_unknown_s, NULL, evidence_ran,
	 "the functions of drivers before 575 are on no stack, and their calls were not timed (see the notes): if it waits, the GPU is the "
	 "bottleneck; if it launches, the host is"},
	{DCBS_CAUSE_CPU_OR_GPU, "launching work on the GPU, or waiting for a place in its queue", gpu_subject_queued_s,
	 gpu_subject_may_be_queued, evidence_launches,
	 "`dcbs-bpfprof check -p PID` prints the option that times the launches: at some 10 us each the host is the bottleneck (CUDA graphs, "
	 "larger batches); if they take longer, their queue is full, and the GPU is the bottleneck (lower precision, faster kernels)"},
	{DCBS_CAUSE_RUNQUEUE, "waiting for a free CPU", runqueue_s, competes_with_itself, evidence_competitors,
	 "its own threads compete: use fewer compute threads than there are CPUs (torch.set_num_threads, OMP_NUM_THREADS)"},
	{DCBS_CAUSE_RUNQUEUE, "waiting for a free CPU", runqueue_s, competes_with_others, evidence_competitors,
	 "other processes have the CPU: take them off this machine or give them other CPUs (taskset, cpusets), or lower their "
	 "priority (nice)"},
	{DCBS_CAUSE_RUNQUEUE, "waiting for a free CPU", runqueue_s, competes_with_unknown, evidence_ran,
	 "more threads want to run than there are CPUs: see which other processes run, and how many threads this one has"},
	{DCBS_CAUSE_THROTTLED, "throttled by its CPU quota", throttled_s, NULL, evidence_ran,
	 "raise the quota (cpu.max of its cgroup, --cpus of the container, the CPU limit of the pod), or run no more threads "
	 "than it has CPUs for"},
	{DCBS_CAUSE_STEAL, "its CPU was taken by the hypervisor (steal)", steal_s, NULL, evidence_ran,
	 "other virtual machines share its physical CPUs: use a machine with CPUs of its own, or one whose CPU credit is not used up"},
	{DCBS_CAUSE_GIL, "waiting for the interpreter lock (GIL)", gil_s, NULL, evidence_ran,
	 "move work out of Python threads: into processes, or into native code that releases the lock"},
	{DCBS_CAUSE_LOCK, "waiting for other threads (a lock, a condition, a join)", lock_s, NULL, evidence_ran_for_it,
	 "hold the lock for less, give each thread data of its own, or speed up the thread it waits for"},
	{DCBS_CAUSE_DISK, "waiting for the disk to read or write files", read_s, NULL, evidence_each_call,
	 "data or weights are read cold: warm the page cache, load them eagerly and once, or read ahead in a worker"},
	{DCBS_CAUSE_DISK, "waiting for files to reach the disk (fsync)", sync_s, NULL, evidence_each_call,
	 "write results less often or in batches, and sync once at the end"},
	{DCBS_CAUSE_NETWORK, "waiting for the network (a socket, poll)", network_s, NULL, evidence_each_call,
	 "send requests in batches or several at a time (async), and keep the answers in a cache"},
	{DCBS_CAUSE_FAULT, "waiting for memory-mapped pages from the disk", fault_s, NULL, evidence_major,
	 "mapped weights come from the disk page by page: read them eagerly, warm the page cache, or load without mmap; if "
	 "it is swap, use less memory"},
	{DCBS_CAUSE_SLEEP, "sleeping", sleep_s, NULL, evidence_each_call,
	 "it asks for its waits itself: look for sleeps, back-off and polling, and wait for the event instead"},
	{DCBS_CAUSE_LOOP, "awaiting, while the event loop was held", await_s, await_rules_held, await_rules_evidence_held,
	 "move that function off the event loop: asyncio.to_thread() if it waits or releases the interpreter lock, a process pool if it "
	 "computes in Python"},
	{DCBS_CAUSE_LOOP, "awaiting, while the event loop was busy with others", await_s, await_rules_busy, await_rules_evidence_busy,
	 "one thread does all the work: move what computes to other processes, make each step cheaper, or take a faster loop (uvloop)"},
	{DCBS_CAUSE_AWAIT, "awaiting, one by one", await_s, await_rules_one_by_one, await_rules_evidence_idle,
	 "start requests together instead of one after the other (asyncio.gather(), TaskGroup), with a semaphore as a bound"},
	{DCBS_CAUSE_AWAIT, "awaiting, with few in flight", await_s, await_rules_uneven, await_rules_evidence_idle,
	 "keep as many in flight all the time as at most: begin the next one when one ends (a semaphore, a queue), instead of waiting "
	 "for the slowest of a batch"},
	{DCBS_CAUSE_AWAIT, "awaiting, with few in flight", await_s, await_rules_few, await_rules_evidence_idle,
	 "raise the concurrency: the event loop has time for more requests in flight, as far as the server takes them"},
	{DCBS_CAUSE_AWAIT, "awaiting answers from outside", await_s, await_rules_slow_peer, await_rules_evidence_idle,
	 "the other side is slow, or a pool of connections holds requests back (a section around what has a connection tells): look at the "
	 "server, its queue and its limits; more requests in flight help only if it can take them"},
	{DCBS_CAUSE_AWAIT, "awaiting a free connection or place", self_await_s, await_rules_bounded_inside, await_rules_evidence_bound,
	 "a bound holds the others back: raise it (the limit of the connection pool, the semaphore, the workers of a queue) as far as the "
	 "server takes more at once"},
	{DCBS_CAUSE_AWAIT, "awaiting answers, with as many in flight as a bound lets", await_s, await_rules_at_bound, await_rules_evidence_bound,
	 "raise the bound (the limit of the connection pool, the semaphore, the workers of a queue) as far as the server takes more at "
	 "once; if it does not, the server is what is slow"},
	{DCBS_CAUSE_AWAIT, "awaiting a lock, a semaphore or a queue", self_await_s, await_rules_locked, await_rules_evidence_tasks,
	 "coroutines wait for one another: if that is a bound (a connection pool, a semaphore, a queue's size), raise it as far as the server "
	 "takes more at once; if it is a lock, hold it for less"},
	{DCBS_CAUSE_AWAIT, "awaiting timers between requests", self_await_s, await_rules_between_requests, await_rules_evidence_timers,
	 "it sleeps: look for back-off after refusals (429, Retry-After) and pauses between attempts; keep below the server's limit (fewer in "
	 "flight, a rate limiter), or have that limit raised"},
	{DCBS_CAUSE_AWAIT, "awaiting, while the event loop waited for timers", await_s, await_rules_timers, await_rules_evidence_timers,
	 "if it sleeps (back-off after a 429, pauses), keep below the server's limit; if the timers are those of others, such as a progress "
	 "display, the other side is slow: a section around each attempt tells"},
	{DCBS_CAUSE_AWAIT, "awaiting the work of other threads", await_s, await_rules_threads, await_rules_evidence_others,
	 "see in FUNCTIONS what those threads do: give the executor more of them (max_workers), or take processes if it computes in Python"},
	{DCBS_CAUSE_AWAIT, "awaiting other processes (pipes, children)", await_s, await_rules_pipes, await_rules_evidence_others,
	 "start more of those processes, keep them instead of starting one for each call, or pass less through the pipe"},
	{DCBS_CAUSE_AWAIT, "awaiting, while other coroutines ran or the event loop waited", await_s, await_rules_unclear, evidence_in_flight,
	 "it is suspended: if its thread has time to spare, keep more of them in flight; if not, move what computes on that thread "
	 "to others (asyncio.to_thread(), a process pool)"},
	{DCBS_CAUSE_GPU, "waiting for the GPU for so long that it may hang", gpu_subject_wait_s, gpu_subject_hangs, evidence_hangs,
	 "see whether the GPU works at all (nvidia-smi: its utilisation, errors in the kernel's log); if several processes work together, look "
	 "for one that has ended or is elsewhere in the program: they wait for each other (NCCL)"},
	{DCBS_CAUSE_GPU, "copying to or from the GPU", gpu_subject_copy_s, gpu_subject_copies, evidence_spun,
	 "pin the memory (pin_memory=True, non_blocking=True), keep tensors on the device, and copy less, in larger pieces"},
	{DCBS_CAUSE_GPU, "waiting for the GPU, or copying, in calls that copy", gpu_subject_wait_s, gpu_subject_copies_unknown, evidence_spun,
	 "if each copy is a result of a step (.item(), .cpu(), print, a comparison in Python), the GPU runs dry after it: keep results on the device and "
	 "read them every few steps; if the copies are large, pin the memory (pin_memory=True, non_blocking=True)"},
	{DCBS_CAUSE_GPU, "waiting for the GPU at each step, to copy a result to the host", gpu_subject_wait_s, gpu_subject_reads_each_step,
	 evidence_spun,
	 "the GPU runs dry after each of them: keep results on the device and read them every few steps (.item(), .cpu(), print, a comparison "
	 "in Python); if the results are large, pin their memory"},
	{DCBS_CAUSE_GPU, "waiting for the GPU", gpu_subject_wait_s, gpu_subject_spins, evidence_spun,
	 "the GPU is the bottleneck: use larger batches, lower precision, faster kernels and fewer points that synchronise (.item(), .cpu(), "
	 "print); cudaDeviceScheduleBlockingSync frees the CPU that spins meanwhile"},
	{DCBS_CAUSE_GPU, "waiting for the GPU", gpu_subject_wait_s, gpu_subject_blocks, evidence_ran,
	 "the host waits for the device: use larger batches and fewer points that synchronise (.item(), .cpu(), print)"},
	{DCBS_CAUSE_OTHER, "waiting for a pipe", pipe_s, NULL, evidence_each_call,
	 "it waits for another process, such as a DataLoader worker or a subprocess: use more workers, prefetch, or pass "
	 "less through the pipe"},
	{DCBS_CAUSE_OTHER, "waiting for a child process to end", child_s, NULL, evidence_each_call,
	 "do the child's work in this process or in one that stays, or go on meanwhile and collect it later"},
	{DCBS_CAUSE_OTHER, "stopped by a signal, a debugger or the freezer", stopped_s, NULL, evidence_each_call,
	 "look for who stops it: job control, a debugger, a container that is paused"},
	{DCBS_CAUSE_OTHER, "waiting for something that has no name here", other_s, NULL, evidence_each_call, NULL},
};

static const struct rule worker_wait_rule = {
	DCBS_CAUSE_OTHER, WORKER_WAIT, other_s, NULL, evidence_child_processes, WORKER_WAIT_ADVICE,
};

static const struct rule unknown_rule = {.cause = DCBS_CAUSE_UNKNOWN};

static bool rule_fits(const struct rule *r, const struct subject *s)
{
	return !r->applies || r->applies(s);
}

/* The time of all rules of that cause, weighted. */
static double cause_s(const struct subject *s, enum dcbs_cause cause)
{
	double total_s = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(time_rules); i++)
		if (time_rules[i].cause == cause && rule_fits(&time_rules[i], s))
			total_s += time_rules[i].part(s);
	return cause == DCBS_CAUSE_CPU ? COMPUTING_WEIGHT * total_s : total_s;
}

static bool explains_more(const struct subject *s, const struct rule *a, const struct rule *b)
{
	double a_s = cause_s(s, a->cause), b_s = b ? cause_s(s, b->cause) : 0;

	assert(a->part && (!b || b->part));
	if (a_s != b_s)
		return a_s > b_s;
	return b && a->part(s) > b->part(s);
}

/* The rule of the largest cause other than `except`. NULL: no time is known, or nothing took any. */
static const struct rule *largest_rule(const struct subject *s, enum dcbs_cause except)
{
	const struct rule *best = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(time_rules); i++)
		if (time_rules[i].cause != except && rule_fits(&time_rules[i], s) && explains_more(s, &time_rules[i], best))
			best = &time_rules[i];
	return best;
}

const struct rule *rules_judge(const struct subject *s)
{
	const struct rule *best = largest_rule(s, DCBS_CAUSE_UNKNOWN);
	size_t i;

	if (!best)
		return &unknown_rule;
	for (i = 0; i < ARRAY_SIZE(memory_rules) && best->cause == DCBS_CAUSE_CPU; i++)
		if (memory_rules[i].applies(s))
			return &memory_rules[i];
	return best;
}

const struct rule *rules_second(const struct subject *s, const struct rule *first)
{
	return first->part ? largest_rule(s, first->cause) : NULL;
}

const struct rule *rules_worker_wait(void)
{
	return &worker_wait_rule;
}

const struct rule *rules_leak(const struct subject *s)
{
	return leak_rule.applies(s) ? &leak_rule : NULL;
}

const struct rule *rules_gpu_leak(const struct subject *s)
{
	return gpu_leak_rule.applies(s) ? &gpu_leak_rule : NULL;
}

bool rules_leak_first(const struct subject *s)
{
	double net = (double)s->section->self_memory.rss_delta_bytes;

	return net >= LEAK_FIRST_BYTES && net >= LEAK_FIRST_BYTES_PER_S * s->total_s;
}
