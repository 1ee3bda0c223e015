// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* merge_head.c - see merge_head.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/merge/merge_head.h"
#include "analyse/merge/sums.h"
#include "base/array.h"
#include "base/human.h"

#define NOTES_MOST 100
#define VALUE_BYTES 256

static char *copy_text(const char *s, bool *failed)
{
	char *copy = s ? strdup(s) : NULL;

	*failed |= s && !copy;
	return copy;
}

/* ---- lines ---- */

static int add_line(char ***lines, size_t *nr, char *line)
{
	char **more = line ? reallocarray(*lines, *nr + 1, sizeof(*more)) : NULL;

	if (!more) {
		free(line);
		return -ENOMEM;
	}
	*lines = more;
	more[(*nr)++] = line;
	return 0;
}

int merge_head_note(struct dcbs_report *to, const char *fmt, ...)
{
	va_list args;
	char *line;

	va_start(args, fmt);
	if (vasprintf(&line, fmt, args) < 0)
		line = NULL;
	va_end(args);
	return add_line(&to->notes, &to->nr_notes, line);
}

static bool has_line(char *const *lines, size_t nr, const char *line)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(lines[i], line))
			return true;
	return false;
}

/* Adds lines that are not there yet. Returns how many were left out, or -ENOMEM. */
static int64_t add_new_lines(char ***to, size_t *nr_to, char *const *lines, size_t nr)
{
	int64_t left_out = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (has_line(*to, *nr_to, lines[i]))
			continue;
		if (*nr_to >= NOTES_MOST)
			left_out++;
		else if (add_line(to, nr_to, strdup(lines[i])))
			return -ENOMEM;
	}
	return left_out;
}

int merge_head_notes(struct dcbs_report *to, struct dcbs_report *const *sessions, const char *const *names, size_t nr)
{
	int64_t left_out = 0, notes, reduced;
	size_t i;

	for (i = 0; i < nr; i++) {
		notes = add_new_lines(&to->notes, &to->nr_notes, sessions[i]->notes, sessions[i]->nr_notes);
		reduced = add_new_lines(&to->overhead.reduced, &to->overhead.nr_reduced, sessions[i]->overhead.reduced,
					sessions[i]->overhead.nr_reduced);
		if (notes < 0 || reduced < 0)
			return -ENOMEM;
		if (notes + reduced && !left_out && merge_head_note(to, "Notes are left out here: see the session %s.", names[i]))
			return -ENOMEM;
		left_out += notes + reduced;
	}
	return 0;
}

/* ---- sessions and processes ---- */

static int copy_session(struct dcbs_report *to, const struct dcbs_session *s)
{
	bool failed = false;
	struct dcbs_session *copy = &to->sessions[to->nr_sessions++];

	*copy = *s;
	copy->name = copy_text(s->name, &failed);
	copy->host = copy_text(s->host, &failed);
	return failed ? -ENOMEM : 0;
}

static int add_targets(struct dcbs_report *to, const struct dcbs_report *session)
{
	bool failed = false;
	size_t i;

	for (i = 0; i < session->nr_targets; i++) {
		struct dcbs_target *copy = &to->targets[to->nr_targets++];

		*copy = session->targets[i];
		copy->comm = copy_text(copy->comm, &failed);
		copy->command = copy_text(copy->command, &failed);
	}
	return failed ? -ENOMEM : 0;
}

int merge_head_add_session(struct dcbs_report *to, const struct dcbs_report *session, const char *name)
{
	const struct dcbs_session alone = {
		.name = (char *)name, .host = session->host.name, .pid = session->nr_targets ? session->targets[0].pid : 0,
		.processes = sums_count((int64_t)session->nr_targets, session->more_targets > 0 ? session->more_targets : 0),
		.started_at = session->started_at, .duration_s = session->duration_s, .rss_start_bytes = session->rss_start_bytes,
		.rss_end_bytes = session->rss_end_bytes, .rss_peak_bytes = session->rss_peak_bytes,
	};
	size_t i;
	int err = session->nr_sessions ? 0 : copy_session(to, &alone);

	for (i = 0; i < session->nr_sessions && !err; i++)
		err = copy_session(to, &session->sessions[i]);
	return err ? err : add_targets(to, session);
}

/* ---- what all sessions have in common ---- */

static void write_version(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%s", r->version ? r->version : "");
}

static void write_host(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%s", r->host.name ? r->host.name : "");
}

static void write_kernel(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%s", r->host.kernel ? r->host.kernel : "");
}

static void write_cpu(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%s", r->host.cpu ? r->host.cpu : "");
}

static void write_libbpf(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%s", r->host.libbpf ? r->host.libbpf : "");
}

static void write_frequency(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%d Hz", r->frequency_hz);
}

static void write_threshold(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%s", human_time(r->threshold_s).text);
}

static void write_command(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%s", r->nr_targets && !r->targets[0].parent ? r->targets[0].command : "");
}

static const struct {
	const char *name;
	void (*write)(const struct dcbs_report *report, char *to);
} properties[] = {
	{"profiler's version", write_version}, {"host", write_host}, {"kernel", write_kernel}, {"CPU", write_cpu}, {"version of libbpf", write_libbpf},
	{"frequency of samples", write_frequency}, {"threshold of bottlenecks", write_threshold}, {"command", write_command},
};

/* Returns false if a session has another value than the first one. */
static bool is_common(void (*write)(const struct dcbs_report *report, char *to), struct dcbs_report *const *sessions, size_t nr)
{
	char first[VALUE_BYTES], other[VALUE_BYTES];
	size_t i;

	write(sessions[0], first);
	for (i = 1; i < nr; i++) {
		write(sessions[i], other);
		if (strcmp(first, other))
			return false;
	}
	return true;
}

static int note_differences(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr)
{
	char words[VALUE_BYTES] = "";
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(properties) && n < sizeof(words); i++)
		if (!is_common(properties[i].write, sessions, nr))
			n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s", n ? ", " : "", properties[i].name);
	return n ? merge_head_note(to, "The sessions differ in: %s.", words) : 0;
}

static char *common_text(void (*write)(const struct dcbs_report *report, char *to), struct dcbs_report *const *sessions, size_t nr,
			 bool *failed)
{
	char value[VALUE_BYTES];

	write(sessions[0], value);
	return *value && is_common(write, sessions, nr) ? copy_text(value, failed) : NULL;
}

/* The smallest threshold and the highest frequency: no bottleneck is left out, and samples are known to have been taken. */
static void set_options(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr)
{
	size_t i;

	to->threshold_s = NAN;
	for (i = 0; i < nr; i++) {
		to->threshold_s = fmin(to->threshold_s, sessions[i]->threshold_s);
		to->frequency_hz = sessions[i]->frequency_hz > to->frequency_hz ? sessions[i]->frequency_hz : to->frequency_hz;
		to->memory_estimated |= sessions[i]->memory_estimated;
	}
}

int merge_head_common(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr)
{
	bool failed = false, same_cpus = true;
	size_t i;

	to->version = common_text(write_version, sessions, nr, &failed);
	if (!to->version)
		to->version = copy_text("several", &failed);
	to->host.name = common_text(write_host, sessions, nr, &failed);
	to->host.kernel = common_text(write_kernel, sessions, nr, &failed);
	to->host.cpu = common_text(write_cpu, sessions, nr, &failed);
	to->host.libbpf = common_text(write_libbpf, sessions, nr, &failed);
	for (i = 1; i < nr; i++)
		same_cpus &= sessions[i]->host.cpus == sessions[0]->host.cpus;
	to->host.cpus = same_cpus ? sessions[0]->host.cpus : DCBS_UNKNOWN;
	to->host.cpu_limit = NAN;
	set_options(to, sessions, nr);
	return failed ? -ENOMEM : note_differences(to, sessions, nr);
}

/* ---- costs and losses ---- */

static void add_lost(struct dcbs_lost *to, const struct dcbs_lost *l)
{
	to->sections = sums_count(to->sections, l->sections);
	to->records = sums_count(to->records, l->records);
	to->samples = sums_count(to->samples, l->samples);
	to->stacks = sums_count(to->stacks, l->stacks);
	to->names = sums_count(to->names, l->names);
	to->processes = sums_count(to->processes, l->processes);
}

static double flushes(const struct dcbs_overhead *o)
{
	return o->flushes == DCBS_UNKNOWN ? NAN : (double)o->flushes;
}

/* Called before the window grows by that of the session. */
void merge_head_add_costs(struct dcbs_report *to, const struct dcbs_report *session)
{
	struct dcbs_overhead *sum = &to->overhead;
	const struct dcbs_overhead *o = &session->overhead;
	double cpu_s = sum->target_cpu_share * to->duration_s + o->target_cpu_share * session->duration_s;

	sum->target_cpu_share = to->duration_s + session->duration_s > 0 ? cpu_s / (to->duration_s + session->duration_s) : NAN;
	sum->ns_per_flush = sums_mean(sum->ns_per_flush, flushes(sum), o->ns_per_flush, flushes(o));
	sum->ns_per_section = NAN;
	sum->flushes = sums_count(sum->flushes, o->flushes);
	sum->samples = sums_present_count(sum->samples, o->samples);
	sum->switches = sums_count(sum->switches, o->switches);
	sum->faults = sums_count(sum->faults, o->faults);
	sum->profiler_rss_bytes = sums_largest(sum->profiler_rss_bytes, o->profiler_rss_bytes);
	sum->maps_bytes = sums_largest(sum->maps_bytes, o->maps_bytes);
	sum->thread_bytes = sums_largest(sum->thread_bytes, o->thread_bytes);
	sum->answers = sums_present_count(sum->answers, o->answers);
	sum->answers_s = sums_present(sum->answers_s, o->answers_s);
	add_lost(&to->lost, &session->lost);
	to->ledger_cpu_s += session->ledger_cpu_s;
	to->kernel_cpu_s += session->kernel_cpu_s;
	to->duration_s += session->duration_s;
}
