// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* merge.c - see merge.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/merge.h"
#include "analyse/merge/merge_head.h"
#include "analyse/merge/merge_lists.h"
#include "analyse/merge/merge_model.h"
#include "analyse/merge/merge_sections.h"
#include "analyse/verdict/bottleneck.h"
#include "base/error.h"

/* ---- before ---- */

/* A process that was profiled twice at the same time is one session, whatever its files are called. */
static bool is_same_session(const struct dcbs_report *a, const struct dcbs_report *b)
{
	const char *host_a = a->host.name ? a->host.name : "", *host_b = b->host.name ? b->host.name : "";

	return a->started_at == b->started_at && a->duration_s == b->duration_s && a->nr_targets == b->nr_targets &&
	       (!a->nr_targets || a->targets[0].pid == b->targets[0].pid) && !strcmp(host_a, host_b);
}

static int refuse_twice(struct dcbs_report *const *reports, const char *const *names, size_t nr)
{
	size_t i, j;

	for (i = 0; i < nr; i++)
		for (j = 0; j < i; j++)
			if (is_same_session(reports[i], reports[j]))
				return fail(-EEXIST, "%s and %s are the same session: give each once", names[j], names[i]);
	return 0;
}

static void forget_all(struct dcbs_report *r)
{
	const struct dcbs_model_times none = {0, NAN, NAN, NAN, NAN, DCBS_UNKNOWN, NAN};

	r->schema = DCBS_SCHEMA;
	r->started_at = NAN;
	r->host.cpus = DCBS_UNKNOWN;
	r->model = (struct dcbs_model_summary){none, none, NAN, NAN, NAN};
	r->rss_start_bytes = r->rss_end_bytes = r->rss_peak_bytes = DCBS_UNKNOWN;
	r->sections_bytes = r->outside_bytes = r->others_bytes = r->unexplained_bytes = r->exit_bytes = DCBS_UNKNOWN;
	r->late_part = r->page_touch_s = NAN;
	r->await_looks = DCBS_UNKNOWN;
	r->overhead = (struct dcbs_overhead) {
		.ns_per_flush = NAN, .ns_per_section = NAN, .samples = DCBS_UNKNOWN, .profiler_rss_bytes = DCBS_UNKNOWN,
		.maps_bytes = DCBS_UNKNOWN, .thread_bytes = DCBS_UNKNOWN, .answers = DCBS_UNKNOWN, .answers_s = NAN,
	};
}

static int make_room(struct dcbs_report *r, struct dcbs_report *const *reports, size_t nr)
{
	size_t i, sessions = 0, targets = 0;

	for (i = 0; i < nr; i++) {
		sessions += reports[i]->nr_sessions ? reports[i]->nr_sessions : 1;
		targets += reports[i]->nr_targets;
	}
	r->sessions = calloc(sessions, sizeof(*r->sessions));
	r->targets = calloc(targets + 1, sizeof(*r->targets));
	return r->sessions && r->targets ? 0 : -ENOMEM;
}

/* ---- one session ---- */

static int add_report(struct dcbs_report *to, const struct dcbs_report *session, const char *name)
{
	size_t at = to->nr_sessions;
	int err = merge_head_add_session(to, session, name);

	to->started_at = fmin(to->started_at, session->started_at);
	to->ended_by = at && to->ended_by != session->ended_by ? DCBS_ENDED_RUNNING : session->ended_by;
	to->more_targets += session->more_targets > 0 ? session->more_targets : 0;
	merge_head_add_costs(to, session);
	merge_model_add(&to->model, &session->model);
	return err ? err : merge_sections_add(to, session, at);
}

static bool has_library(const struct dcbs_report *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->nr_gpu_libraries; i++)
		if (!strcmp(r->gpu_libraries[i], name))
			return true;
	return false;
}

static int add_libraries(struct dcbs_report *to, const struct dcbs_report *session)
{
	char **list = reallocarray(to->gpu_libraries, to->nr_gpu_libraries + session->nr_gpu_libraries + 1, sizeof(*list));
	size_t i;

	if (!list)
		return -ENOMEM;
	to->gpu_libraries = list;
	for (i = 0; i < session->nr_gpu_libraries; i++) {
		if (has_library(to, session->gpu_libraries[i]))
			continue;
		list[to->nr_gpu_libraries] = strdup(session->gpu_libraries[i]);
		if (!list[to->nr_gpu_libraries++])
			return -ENOMEM;
	}
	return 0;
}

/* ---- all of them ---- */

static int fill_lists(struct dcbs_report *r, struct dcbs_report *const *reports, const char *const *names, size_t nr)
{
	size_t stacks;
	int err = merge_functions(r, reports, nr) ?: merge_operators(r, reports, nr) ?: merge_caches(r, reports, nr) ?:
		  merge_stacks(r, reports, nr, &stacks);

	if (!err && stacks)
		err = merge_head_note(r, "The %zu stacks of the sessions are too many for one report and are left out: flame graphs are empty.",
				      stacks);
	if (!err && nr > 1)
		err = merge_head_note(r, "Threads, time slices, single calls, event loops, neighbours and the memory of the process belong to "
				      "one session and are not merged.");
	return err ?: merge_head_notes(r, reports, names, nr);
}

static int fill_merged(struct dcbs_report *r, struct dcbs_report *const *reports, const char *const *names, size_t nr)
{
	int err = make_room(r, reports, nr);
	size_t i;

	forget_all(r);
	for (i = 0; i < nr && !err; i++)
		err = add_report(r, reports[i], names[i]) ?: add_libraries(r, reports[i]);
	if (err)
		return err;
	merge_sections_finish(r);
	err = merge_head_common(r, reports, nr) ?: fill_lists(r, reports, names, nr);
	return err ?: bottleneck_find(r, r->threshold_s);
}

int merge_reports(struct dcbs_report **merged, struct dcbs_report *const *reports, const char *const *names, size_t nr)
{
	int err = refuse_twice(reports, names, nr);
	struct dcbs_report *r;

	if (err)
		return err;
	r = calloc(1, sizeof(*r));
	err = r ? fill_merged(r, reports, names, nr) : -ENOMEM;
	if (err) {
		dcbs_report_free(r);
		return fail(err, "no memory for the sessions");
	}
	*merged = r;
	return 0;
}
