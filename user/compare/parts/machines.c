// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* machines.c - what makes two sides unlike besides the program. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/human.h"
#include "compare/parts/machines.h"

#define VALUE_BYTES 256
#define RUNQUEUE_POINTS 0.1	/* by which the shares of the waits for a CPU may differ */
#define WARNINGS_MOST 32

__attribute__((format(printf, 2, 3)))
static int add_warning(struct comparison *c, const char *fmt, ...)
{
	va_list args;
	char *line;
	int err;

	va_start(args, fmt);
	err = vasprintf(&line, fmt, args) < 0 ? -ENOMEM : 0;
	va_end(args);
	if (err)
		return err;
	if (!c->warnings)
		c->warnings = calloc(WARNINGS_MOST, sizeof(*c->warnings));
	if (!c->warnings || c->nr_warnings == WARNINGS_MOST) {
		free(line);
		return c->warnings ? 0 : -ENOMEM;
	}
	c->warnings[c->nr_warnings++] = line;
	return 0;
}

/* ---- properties that should be the same: "" is unknown, and like any other value ---- */

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

static void write_cpus(const struct dcbs_report *r, char *to)
{
	*to = 0;
	if (r->host.cpus != DCBS_UNKNOWN)
		snprintf(to, VALUE_BYTES, "%" PRId64, r->host.cpus);
}

/* No limit is a value, too, if anything is known of the host. */
static void write_cpu_limit(const struct dcbs_report *r, char *to)
{
	*to = 0;
	if (!isnan(r->host.cpu_limit))
		snprintf(to, VALUE_BYTES, "%s CPUs", human_number(r->host.cpu_limit).text);
	else if (r->host.name)
		snprintf(to, VALUE_BYTES, "none");
}

static void write_version(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%s", r->version ? r->version : "");
}

static void write_command(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%s", r->nr_targets && r->targets[0].command ? r->targets[0].command : "");
}

static void write_frequency(const struct dcbs_report *r, char *to)
{
	snprintf(to, VALUE_BYTES, "%d Hz", r->frequency_hz);
}

static const struct property {
	const char *name;
	void (*write)(const struct dcbs_report *report, char *to);
} properties[] = {
	{"host", write_host}, {"kernel", write_kernel}, {"CPU", write_cpu}, {"number of CPUs", write_cpus},
	{"CPU quota", write_cpu_limit}, {"profiler's version", write_version}, {"command", write_command},
		{"frequency of samples", write_frequency},
};

/* Stores the first known value. Returns false if another session of the side has another one. */
static bool is_uniform(const struct property *property, const struct comparison_side *side, char *value)
{
	char other[VALUE_BYTES];
	size_t i;

	*value = 0;
	for (i = 0; i < side->nr; i++) {
		property->write(side->reports[i], other);
		if (!*value)
			memcpy(value, other, sizeof(other));
		else if (*other && strcmp(value, other))
			return false;
	}
	return true;
}

static int warn_of_property(struct comparison *c, const struct property *property)
{
	char old_value[VALUE_BYTES], new_value[VALUE_BYTES];
	bool old_uniform = is_uniform(property, &c->old_side, old_value);
	bool new_uniform = is_uniform(property, &c->new_side, new_value);

	if (!old_uniform || !new_uniform)
		return add_warning(c, "the %s differs among the sessions of %s", property->name,
				   old_uniform ? "NEW" : new_uniform ? "OLD" : "both sides");
	if (!*old_value || !*new_value || !strcmp(old_value, new_value))
		return 0;
	return add_warning(c, "the %s differs: OLD %s, NEW %s", property->name, old_value, new_value);
}

/* ---- loads and losses ---- */

/* The share of the time in sections that was a wait for a CPU. */
static double runqueue_share(const struct comparison_side *side)
{
	double waited = 0, all = 0;
	size_t i, k;

	for (i = 0; i < side->nr; i++)
		for (k = 0; k < side->reports[i]->nr_sections; k++) {
			const struct dcbs_section *s = &side->reports[i]->sections[k];

			if (!strcmp(s->name, DCBS_OUTSIDE) || isnan(s->self_wall.runqueue_s) || isnan(s->self_s))
				continue;
			waited += s->self_wall.runqueue_s;
			all += s->self_s;
		}
	return all > 0 ? waited / all : NAN;
}

static int warn_of_load(struct comparison *c)
{
	double old_share = runqueue_share(&c->old_side), new_share = runqueue_share(&c->new_side);
	bool new_is_busier = new_share > old_share;

	if (!(fabs(new_share - old_share) > RUNQUEUE_POINTS))
		return 0;
	return add_warning(c,
			   "%s waited %s of the time in sections for a CPU, %s %s: the machine was busier; --metric cpu leaves "
			   "these waits out",
			   new_is_busier ? "NEW" : "OLD", human_share(fmax(old_share, new_share)).text,
			   new_is_busier ? "OLD" : "NEW", human_share(fmin(old_share, new_share)).text);
}

static size_t count_lossy(const struct comparison_side *side)
{
	size_t i, nr = 0;

	for (i = 0; i < side->nr; i++) {
		const struct dcbs_lost *l = &side->reports[i]->lost;

		nr += l->sections > 0 || l->records > 0 || l->names > 0 || l->processes > 0;
	}
	return nr;
}

static size_t count_reduced(const struct comparison_side *side)
{
	size_t i, nr = 0;

	for (i = 0; i < side->nr; i++)
		nr += side->reports[i]->overhead.nr_reduced > 0;
	return nr;
}

static int warn_of_losses(struct comparison *c)
{
	size_t old_lossy = count_lossy(&c->old_side), new_lossy = count_lossy(&c->new_side);
	size_t old_reduced = count_reduced(&c->old_side), new_reduced = count_reduced(&c->new_side);
	int err = 0;

	if (old_lossy || new_lossy)
		err = add_warning(c, "calls were lost in %zu of the sessions of OLD and %zu of NEW: their reports say how many",
				  old_lossy, new_lossy);
	if ((old_reduced || new_reduced) && !err)
		err = add_warning(c, "to keep its cost low, the profiler measured less in %zu of the sessions of OLD and %zu of "
				  "NEW: some of their figures are estimates", old_reduced, new_reduced);
	return err;
}

int machines_warn(struct comparison *c)
{
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(properties) && !err; i++)
		err = warn_of_property(c, &properties[i]);
	if (!err)
		err = warn_of_load(c);
	return err ? err : warn_of_losses(c);
}

void machines_free(struct comparison *c)
{
	size_t i;

	for (i = 0; i < c->nr_warnings; i++)
		free(c->warnings[i]);
	free(c->warnings);
}

/* ---- sessions that are given twice ---- */

static const struct dcbs_report *report_at(const struct comparison *c, size_t i)
{
	return i < c->old_side.nr ? c->old_side.reports[i] : c->new_side.reports[i - c->old_side.nr];
}

static const char *file_at(const struct comparison *c, size_t i)
{
	return i < c->old_side.nr ? c->old_side.files[i] : c->new_side.files[i - c->old_side.nr];
}

/* Windows of different processes may begin within the same 10 us, and those of one process do not. */
static bool is_same_session(const struct dcbs_report *a, const struct dcbs_report *b)
{
	return a->started_at == b->started_at && a->duration_s == b->duration_s && a->nr_targets && b->nr_targets &&
	       a->targets[0].pid == b->targets[0].pid && a->nr_sections == b->nr_sections;
}

int machines_check_sessions(const struct comparison *c)
{
	size_t i, k, nr = c->old_side.nr + c->new_side.nr;

	for (i = 0; i < nr; i++)
		for (k = i + 1; k < nr; k++)
			if (is_same_session(report_at(c, i), report_at(c, k)))
				return fail(-EINVAL, "%s and %s are the same session, which would count twice; --force compares "
					    "them all the same",
					    file_at(c, i), file_at(c, k));
	return 0;
}
