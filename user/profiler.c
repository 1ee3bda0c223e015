// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* profiler.c - the library of <dcbs/profiler.h>: a session that answers with reports. */
#include <errno.h>
#include <stdlib.h>

#include "analyse/report.h"
#include "collect/session.h"
#include "dcbs/profiler.h"
#include "fail.h"

#define WAIT_MOST_NS 100000000ULL

struct dcbs_profiler {
	struct session *session;
	double threshold_s;
};

int dcbs_profiler_open(struct dcbs_profiler **result, const struct dcbs_options *opts)
{
	struct dcbs_profiler *prof = calloc(1, sizeof(*prof));
	size_t i;
	int err;

	if (!prof)
		return fail(-ENOMEM, "out of memory");
	prof->threshold_s = opts->threshold_s;
	err = session_open(&prof->session, opts, opts->nr_pids);
	for (i = 0; i < opts->nr_pids && !err; i++)
		err = session_add(prof->session, opts->pids[i]);
	if (!err)
		err = session_start(prof->session);
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
	__u64 now = session_now_ns(), next = session_due(prof->session, now + WAIT_MOST_NS);

	*wait_ms = next > now ? (int)((next - now + 999999) / 1000000) : 0;
	return running && !session_is_too_dear(prof->session);
}

int dcbs_profiler_snapshot(struct dcbs_profiler *prof, struct dcbs_report **report)
{
	struct snapshot *snap;
	int err;

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

void dcbs_profiler_close(struct dcbs_profiler *prof)
{
	if (!prof)
		return;
	session_close(prof->session);
	free(prof);
}
