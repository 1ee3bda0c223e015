/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* confine.h - leaves the attaching of probes to a helper process, before data of the targets are read. */
#ifndef COLLECT_CONFINE_H
#define COLLECT_CONFINE_H

struct session;

/* See dcbs_profiler_confine(). */
int confine_session(const struct session *session);

#endif
