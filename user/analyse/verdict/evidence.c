// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* evidence.c - "waiting for a lock 8.72 s of 10.0 s (87.2%); ran 1.21 s; 412 calls, mean 24.3 ms, p99 31.0 ms". */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "analyse/verdict/evidence.h"
#include "analyse/memory_cost.h"
#include "base/human.h"

#define SECOND_SHARE 0.2	/* of the total; a smaller second cause is not reported */
#define SELF_SHARE 0.1		/* of the total; below, the time was spent in sections inside */
#define S_PER_HOUR 3600

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
		fprintf(to, "; %s a call", human_time(rule->part(&s->wall) / (double)s->section->count).text);
}

void evidence_major(FILE *to, const struct subject *s, const struct rule *rule)
{
	int64_t n = s->section->memory.major_faults;

	assert(rule->part);
	if (n > 0)
		fprintf(to, "; %s major faults, %s each", human_exact(n).text,
			human_time(rule->part(&s->wall) / (double)n).text);
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
	double part_s = rule->part(&s->wall);

	fprintf(to, "%s %s of %s (%s)", rule->what, human_time(part_s).text, human_time(s->total_s).text,
		share_of(part_s, s->total_s).text);
}

static void write_second(FILE *to, const struct subject *s, const struct rule *second)
{
	double part_s = second ? second->part(&s->wall) : 0;

	if (second && part_s >= SECOND_SHARE * s->total_s)
		fprintf(to, "; then %s (%s)", second->what, share_of(part_s, s->total_s).text);
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

char *evidence_line(const struct subject *s, const struct rule *rule, const struct rule *second)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert(!second || second->part);
	if (!to)
		return NULL;
	if (rule->part)
		write_time(to, s, rule);
	else if (rule->what)
		fputs(rule->what, to);
	if (rule->evidence)
		rule->evidence(to, s, rule);
	write_second(to, s, second);
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
