/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* merge_head.h - what surrounds the figures of several sessions: sessions, processes, machine, window, costs, losses, notes. */
#ifndef ANALYSE_MERGE_MERGE_HEAD_H
#define ANALYSE_MERGE_MERGE_HEAD_H

#include "dcbs/profiler.h"

/* Adds the session, or the sessions that were merged into it, and its processes, to lists with room for them. Returns 0 or -ENOMEM. */
int merge_head_add_session(struct dcbs_report *to, const struct dcbs_report *session, const char *name);

/* Sets version, machine and options to those that all sessions have, and notes which differ. Returns 0 or -ENOMEM. */
int merge_head_common(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr);

void merge_head_add_costs(struct dcbs_report *to, const struct dcbs_report *session);

/* Notes of the sessions, and how their costs were reduced, each once. Returns 0 or -ENOMEM. */
int merge_head_notes(struct dcbs_report *to, struct dcbs_report *const *sessions, const char *const *names, size_t nr);

/* Returns 0 or -ENOMEM. */
__attribute__((format(printf, 2, 3)))
int merge_head_note(struct dcbs_report *to, const char *fmt, ...);

#endif
