// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* profiler.c - the functions dcbs_profiler_* of <dcbs/profiler.h>: a session that makes reports. */
#include <errno.h>
#include <stdlib.h>

#include "analyse/report.h"
#include "base/clock.h"
#include "base/error.h"
#include "collect/answers.h"
#include "collect/confine.h"
#include "collect/gpu_drivers.h"
#include "collect/list_targets.h"
#include "collect/session.h"
#include "dcbs/profiler.h"

struct dcbs_profiler {
	struct session *session;
	double threshold_s;
	enum dcbs_ended_by ended_by;	/* as dcbs_profiler_poll() found it */
	bool stopped;
};

/* ---- processes ---- */

int dcbs_profiler_gpu_drivers(pid_t pid, struct dcbs_gpu_driver *list, size_t max)
{
	return gpu_drivers_list(pid, list, max);
}

int dcbs_profiler_has_package(pid_t pid, const struct dcbs_package *package)
{
	return list_targets_has_package(pid, package);
}

int dcbs_profiler_list(struct dcbs_process **list, size_t *nr)
{
	return list_targets(list, nr);
}

void dcbs_profiler_list_free(struct dcbs_process *list, size_t nr)
{
	list_targets_free(list, nr);
}

/* ---- life ---- */

static int start_session(struct dcbs_profiler *prof, const struct dcbs_options *opts)
{
	size_t i;
	int err = session_open(&prof->session, opts, opts->nr_pids);

	for (i = 0; i < opts->nr_pids && !err; i++)
		err = session_add(prof->session, opts->pids[i]);
	if (!err && opts->argv)
		session_expect(prof->session, opts->argv);
	return err ? err : session_start(prof->session);
}

int dcbs_profiler_open(struct dcbs_profiler **result, const struct dcbs_options *opts)
{
	struct dcbs_profiler *prof = calloc(1, sizeof(*prof));
	int err;

	if (!prof)
		return fail(-ENOMEM, "out of memory");
	prof->threshold_s = opts->threshold_s;
	err = start_session(prof, opts);
	if (err) {
		dcbs_profiler_close(prof);
		return err;
	}
	*result = prof;
	return 0;
}

int dcbs_profiler_poll(struct dcbs_profiler *prof, int *wait_ms)
{
	bool running = session_poll(prof->session);
	__u64 now = clock_now_ns(), due = session_due(prof->session, now);

	*wait_ms = due > now ? (int)((due - now + 999999) / 1000000) : 0;
	if (!running)
		prof->ended_by = DCBS_ENDED_TARGET_EXIT;
	else if (session_is_over_budget(prof->session))
		prof->ended_by = DCBS_ENDED_COST;
	return prof->ended_by == DCBS_ENDED_RUNNING;
}

uint64_t dcbs_profiler_due_ns(const struct dcbs_profiler *prof)
{
	return session_due(prof->session, clock_now_ns());
}

uint64_t dcbs_profiler_change_ticks(struct dcbs_profiler *prof)
{
	return session_change_ticks(prof->session);
}

size_t dcbs_profiler_fds(const struct dcbs_profiler *prof, int *fds, size_t max)
{
	return session_fds(prof->session, fds, max);
}

enum dcbs_ended_by dcbs_profiler_ended_by(const struct dcbs_profiler *prof)
{
	return prof->ended_by;
}

int dcbs_profiler_confine(struct dcbs_profiler *prof)
{
	return confine_session(prof->session);
}

void dcbs_profiler_stop(struct dcbs_profiler *prof, enum dcbs_ended_by by)
{
	session_stop(prof->session, by);
	prof->stopped = true;
}

void dcbs_profiler_close(struct dcbs_profiler *prof)
{
	if (!prof)
		return;
	session_close(prof->session);
	free(prof);
}

uint64_t dcbs_profiler_answered(struct dcbs_profiler *prof, uint64_t ns)
{
	return answers_add(prof->session, ns);
}

/* ---- reports ---- */

int dcbs_profiler_snapshot(struct dcbs_profiler *prof, struct dcbs_report **report)
{
	struct snapshot *snap;
	int err;

	if (!prof->stopped)
		session_poll(prof->session);
	err = session_snapshot(prof->session, &snap);
	if (err)
		return err;
	err = report_build(report, snap, prof->threshold_s);
	snapshot_free(snap);
	return err;
}

int dcbs_profiler_clear(struct dcbs_profiler *prof)
{
	session_clear(prof->session);
	return 0;
}

size_t dcbs_profiler_pids(const struct dcbs_profiler *prof, pid_t *pids, size_t max)
{
	return session_pids(prof->session, pids, max);
}

bool dcbs_profiler_is_sum(const struct dcbs_profiler *prof)
{
	return session_is_sum(prof->session);
}

void dcbs_profiler_describe(const struct dcbs_profiler *prof, FILE *out)
{
	session_describe(prof->session, out);
}
