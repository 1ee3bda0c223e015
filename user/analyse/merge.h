/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* merge.h - one report of several sessions: runs of a program, ranks on several machines, shards. No I/O. */
#ifndef ANALYSE_MERGE_H
#define ANALYSE_MERGE_H

#include "dcbs/profiler.h"

#define MERGE_SESSIONS 64	/* at most */

/*
 * Merges the reports, which stay as they are; names[] are those of their files, safe to print. Counts, times and histograms are
 * added; percentiles are those of the merged histograms. What cannot be added is unknown, and a note says so. Returns -EEXIST if a
 * session is given twice, or -ENOMEM.
 */
int merge_reports(struct dcbs_report **merged, struct dcbs_report *const *reports, const char *const *names, size_t nr);

#endif
