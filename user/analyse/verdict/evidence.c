// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* evidence.c - "waiting for a lock 8.72 s of 10.0 s (87.2%); ran 1.21 s; 412 calls, mean 24.3 ms, p99 31.0 ms". */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "analyse/verdict/evidence.h"
#include "analyse/verdict/gpu_subject.h"
#include "analyse/memory_cost.h"
#include "base/human.h"

#define SECOND_SHARE 0.2	/* of the total; a smaller second cause is not reported */
#define SELF_SHARE 0.1		/* of the total; below, the time was spent in sections inside */
#define S_PER_HOUR 3600
#define SPIN_SHARE 0.1
#define MOST_COMPETITORS 3
#define SKEW_LEAST 1.2		/* a smaller ratio of the slowest process to the fastest one is not reported */

static struct human share_of(double part_s, double total_s)
{
	return human_share(total_s > 0 ? part_s / total_s : NAN);
}

/* ---- for the rules ---- */

void evidence_alone(FILE *to, const struct subject *s, const struct rule *rule)
{
	(void)rule;
	if (s->wall.worker_cpu_s > 0)
		fprintf(to, "; other threads ran only %s for it", human_time(s->wall.worker_cpu_s).text);
	else
		fputs("; no other thread ran for it", to);
}

/* Threads of a pool that spin for work are never woken, so nobody knows for which section they ran. */
void evidence_beside(FILE *to, const struct subject *s, const struct rule *rule)
{
	double spinning = hot_code_spinning(s->report, DCBS_OUTSIDE);

	(void)rule;
	fprintf(to, "; threads without a section ran %s in the window, and may have worked for it", human_time(s->others_cpu_s).text);
	if (spinning >= SPIN_SHARE)
		fprintf(to, "; in %s of that they spun", human_share(spinning).text);
}

/* The processes that had the CPU while threads waited for it; at most three of them. */
void evidence_competitors(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_report *r = s->report;
	size_t i;

	evidence_ran(to, s, rule);
	for (i = 0; i < r->nr_neighbours && i < MOST_COMPETITORS; i++)
		fprintf(to, "%s%s %d %s%s", i ? ", " : "; the CPU had: ", r->neighbours[i].comm, (int)r->neighbours[i].pid,
			human_share(r->neighbours[i].cpu_share).text, r->neighbours[i].is_target ? " (its own threads)" : "");
}

void evidence_workers(FILE *to, const struct subject *s, const struct rule *rule)
{
	(void)rule;
	fprintf(to, "; its worker threads ran %s besides", human_time(s->wall.worker_cpu_s).text);
}

void evidence_ran(FILE *to, const struct subject *s, const struct rule *rule)
{
	(void)rule;
	fprintf(to, "; ran %s", human_time(s->wall.cpu_s).text);
}

/* The calls that waited, if they were timed. */
static void write_gpu_calls(FILE *to, const struct subject *s)
{
	const struct dcbs_gpu_calls *calls = &s->section->gpu_calls;

	if (calls->syncs <= 0)
		return;
	fprintf(to, "; %lld calls of the driver waited", (long long)calls->syncs);
	if (s->section->count > 0)
		fprintf(to, ", %.3g in each call of the section", (double)calls->syncs / (double)s->section->count);
	fprintf(to, ", %s each", human_time(s->wall.gpu_s / (double)calls->syncs).text);
	if (calls->syncs_idle > 0)
		fprintf(to, "; %lld of them returned at once", (long long)calls->syncs_idle);
}

/* The names of functions tell it, samples count it. If waits are timed, calls without a name launch, or do some such work. */
void evidence_launches(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_gpu *gpu = &s->section->gpu;
	bool others = s->section->gpu_calls.level > 0 && gpu->unknown_s > gpu->launch_s;

	evidence_ran(to, s, rule);
	fprintf(to, "; in launches%s %s (error %s), waiting for the GPU %s", others ? " and other calls of the driver" : "",
		human_time(others ? gpu->launch_s + gpu->unknown_s : gpu->launch_s).text,
		human_time(others ? hypot(gpu->launch_error_s, gpu->unknown_error_s) : gpu->launch_error_s).text, human_time(s->wall.gpu_s).text);
	write_gpu_calls(to, s);
	if (!isnan(s->section->gpu_calls.launches_per_s))
		fprintf(to, "; about %s launches/s (error %s)", human_exact((int64_t)s->section->gpu_calls.launches_per_s).text,
			human_exact((int64_t)s->section->gpu_calls.launches_error_per_s).text);
}

void evidence_in_driver(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_gpu *gpu = &s->section->gpu;

	evidence_ran(to, s, rule);
	fprintf(to, "; in the driver %s (error %s)", human_time(gpu->unknown_s).text, human_time(gpu->unknown_error_s).text);
}

void evidence_spun(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_gpu *gpu = &s->section->gpu;

	evidence_ran(to, s, rule);
	if (gpu->wait_error_s > 0)
		fprintf(to, "; by samples, error %s", human_time(gpu->wait_error_s).text);
	fprintf(to, "; threads spun for %s", human_time(gpu->spin_s).text);
	write_gpu_calls(to, s);
}

void evidence_hangs(FILE *to, const struct subject *s, const struct rule *rule)
{
	double open_s = s->section->gpu_calls.open_s;

	evidence_ran(to, s, rule);
	if (open_s > 0)
		fprintf(to, "; a call of the driver had not returned after %s", human_time(open_s).text);
	else
		fputs("; no sample was elsewhere", to);
}

void evidence_ran_for_it(FILE *to, const struct subject *s, const struct rule *rule)
{
	evidence_ran(to, s, rule);
	if (s->wall.worker_cpu_s > 0)
		fprintf(to, "; threads it woke ran %s for it", human_time(s->wall.worker_cpu_s).text);
}

void evidence_each_call(FILE *to, const struct subject *s, const struct rule *rule)
{
	assert(rule->part);
	if (s->section->count > 0)
		fprintf(to, "; %s a call", human_time(rule->part(s) / (double)s->section->count).text);
}

void evidence_in_flight(FILE *to, const struct subject *s, const struct rule *rule)
{
	evidence_ran(to, s, rule);
	if (s->section->in_flight > 0)
		fprintf(to, "; %s in flight on average", human_number(s->section->in_flight).text);
}

void evidence_major(FILE *to, const struct subject *s, const struct rule *rule)
{
	int64_t n = s->section->memory.major_faults;

	assert(rule->part);
	if (n > 0)
		fprintf(to, "; %s major faults, %s each", human_exact(n).text,
			human_time(rule->part(s) / (double)n).text);
}

static void write_fault_cost(FILE *to, const struct subject *s)
{
	const struct dcbs_memory *m = &s->section->self_memory;
	double faults = (double)m->minor_faults + (double)m->major_faults;

	fprintf(to, "; %s page faults took about %s of its %s of CPU time", human_exact((int64_t)faults).text,
		human_time(fmin(memory_cost_s(s), s->wall.cpu_s)).text, human_time(s->wall.cpu_s).text);
}

void evidence_growth(FILE *to, const struct subject *s, const struct rule *rule)
{
	(void)rule;
	fprintf(to, ": %s", human_size((double)s->section->self_memory.rss_delta_bytes).text);
	write_fault_cost(to, s);
	if (!memory_cost_is_kept(s))
		fputs("; other sections gave back most of it", to);
}

void evidence_churn(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_memory *m = &s->section->self_memory;

	(void)rule;
	fprintf(to, ": %s came, %s went", human_size((double)m->grown_bytes).text, human_size((double)m->shrunk_bytes).text);
	write_fault_cost(to, s);
}

/* Calls that began before the window may have grown, too: they are in growth.calls, not in count. */
void evidence_leak(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_section *c = s->section;
	double net = (double)c->self_memory.rss_delta_bytes;
	int64_t calls = c->count > c->growth.calls ? c->count : c->growth.calls;

	(void)rule;
	fprintf(to, ": %s a call, %s an hour", human_size(net / (double)calls).text,
		human_size(net / s->report->duration_s * S_PER_HOUR).text);
	if (c->growth.calls != DCBS_UNKNOWN)
		fprintf(to, "; %s of %s calls grew", human_exact(c->growth.calls).text, human_exact(calls).text);
	fprintf(to, ", %s in all", human_size(net).text);
}

/* ---- the whole line ---- */

static void write_time(FILE *to, const struct subject *s, const struct rule *rule)
{
	double part_s = rule->part(s);

	fprintf(to, "%s %s of %s (%s)", rule->what, human_time(part_s).text, human_time(s->total_s).text,
		share_of(part_s, s->total_s).text);
}

/* A wait may be the verdict though computing took a little more: see COMPUTING_WEIGHT in rules.c. The larger part comes first. */
static bool is_larger(const struct subject *s, const struct rule *second, const struct rule *rule)
{
	return second && rule->part && second->part(s) > rule->part(s);
}

static void write_larger(FILE *to, const struct subject *s, const struct rule *second)
{
	double part_s = second->part(s);

	fprintf(to, "%s %s (%s), ", second->what, human_time(part_s).text, share_of(part_s, s->total_s).text);
}

static void write_second(FILE *to, const struct subject *s, const struct rule *second)
{
	double part_s = second ? second->part(s) : 0;

	if (second && part_s >= SECOND_SHARE * s->total_s)
		fprintf(to, "; then %s (%s)", second->what, share_of(part_s, s->total_s).text);
}

/* The section in which the processes differ most, other than the subject. NULL: none differs much. */
static const struct dcbs_section *most_uneven(const struct subject *s)
{
	const struct dcbs_section *most = NULL, *one;

	for (one = s->report->sections; one < s->report->sections + s->report->nr_sections; one++)
		if (one != s->section && one->skew.processes > 1 && one->skew.ratio >= SKEW_LEAST &&
		    (!most || one->skew.ratio > most->skew.ratio))
			most = one;
	return most;
}

/* Workers of a rank that were executed anew have its environment, too: then the number does not tell which of them is meant. */
static int64_t rank_of(const struct dcbs_report *r, pid_t pid)
{
	int64_t rank = DCBS_UNKNOWN;
	size_t i, same = 0;

	for (i = 0; i < r->nr_targets; i++)
		if (r->targets[i].pid == pid)
			rank = r->targets[i].rank;
	for (i = 0; i < r->nr_targets; i++)
		same += r->targets[i].rank == rank;
	return same == 1 ? rank : DCBS_UNKNOWN;
}

static void write_process(FILE *to, const struct dcbs_report *r, pid_t pid)
{
	int64_t rank = rank_of(r, pid);

	if (rank == DCBS_UNKNOWN)
		fprintf(to, "process %d", (int)pid);
	else
		fprintf(to, "rank %lld (process %d)", (long long)rank, (int)pid);
}

/* In a collective operation the rank that comes last waits least. In other sections the slowest process is the one to look at. */
static void write_late_process(FILE *to, const struct subject *s, bool collective)
{
	const struct dcbs_section *uneven = most_uneven(s);
	const struct dcbs_skew *own = &s->section->skew;

	if (own->processes > 1 && own->ratio >= SKEW_LEAST) {
		fputs(collective ? "; the others wait for " : "; ", to);
		write_process(to, s->report, own->fastest.pid);
		fprintf(to, "%s waits least, %s a call, and ", collective ? ": it" : "", human_time(own->fastest.mean_s).text);
		write_process(to, s->report, own->slowest.pid);
		fprintf(to, " most, %s", human_time(own->slowest.mean_s).text);
	}
	if (uneven) {
		fputs("; ", to);
		write_process(to, s->report, uneven->skew.slowest.pid);
		fprintf(to, " is the slowest in %s: mean %s, %s times that of ", uneven->name, human_time(uneven->skew.slowest.mean_s).text,
			human_number(uneven->skew.ratio).text);
		write_process(to, s->report, uneven->skew.fastest.pid);
	}
}

/* Waiting for a queue, a worker has nothing to do. */
static double busy_s(const struct dcbs_outside *o)
{
	return o->wall_s - o->wall.lock_s - o->wall.pipe_s;
}

/* If workers have sections, those tell which one is slow. */
void evidence_child_processes(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_outside *most = NULL, *least = NULL, *o;
	size_t workers = 0;

	(void)rule;
	for (o = s->report->outside; o < s->report->outside + s->report->nr_outside; o++) {
		if (o->role != DCBS_ROLE_HELPER)
			continue;
		workers++;
		most = !most || busy_s(o) > busy_s(most) ? o : most;
		least = !least || busy_s(o) < busy_s(least) ? o : least;
	}
	if (workers > 1)
		fprintf(to, "; of %zu child processes %d was busy longest, for %s, and %d least, for %s", workers, (int)most->pid,
			human_time(busy_s(most)).text, (int)least->pid, human_time(busy_s(least)).text);
}

static void write_hot(FILE *to, const struct subject *s, const struct rule *rule, const struct hot_code *hot)
{
	bool waits = rule->cause != DCBS_CAUSE_CPU;

	if (!hot->rule)
		return;
	fprintf(to, "; %s of its samples: %s (%s)", human_share(hot->share).text, hot->rule->what, hot->function);
	if (waits)
		write_late_process(to, s, hot->rule->cause == DCBS_CAUSE_COLLECTIVE);
}

static void write_calls(FILE *to, const struct dcbs_section *s)
{
	bool ended = s->count > 0 || s->open_at_start > 0;
	int64_t n = s->count > 0 ? s->count : ended ? s->open_at_start : s->open;

	if (s->count == DCBS_UNKNOWN)
		return;
	fprintf(to, "%s%s %s", ftell(to) ? "; " : "", human_exact(n).text, n == 1 ? "call" : "calls");
	if (s->count > 0)
		fprintf(to, ", mean %s, p99 %s", human_time(s->mean_s).text, human_time(s->p99_s).text);
	else
		fputs(ended ? " that began before the window" : " still open", to);
}

char *evidence_line(const struct subject *s, const struct rule *rule, const struct rule *second, const struct hot_code *hot)
{
	bool larger = is_larger(s, second, rule);
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert(!second || second->part);
	if (!to)
		return NULL;
	if (larger)
		write_larger(to, s, second);
	if (rule->part)
		write_time(to, s, rule);
	else if (rule->what)
		fputs(rule->what, to);
	if (rule->evidence)
		rule->evidence(to, s, rule);
	if (!larger)
		write_second(to, s, second);
	if (rule->cause == DCBS_CAUSE_CPU && gpu_subject_is_unused(s->report))
		fputs("; libcuda is loaded, but next to no work on the GPU was seen (was the model moved to the device?)", to);
	write_hot(to, s, rule, hot);
	write_calls(to, s->section);
	if (s->section->self_s < SELF_SHARE * s->section->total_s)
		fputs("; mostly in sections inside it", to);
	if (s->scope)
		fprintf(to, "; %s", s->scope);
	if (!fclose(to))
		return text;
	free(text);
	return NULL;
}
