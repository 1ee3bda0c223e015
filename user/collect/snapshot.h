/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* snapshot.h - copies the facts of one moment from the maps and the targets. */
#ifndef COLLECT_SNAPSHOT_H
#define COLLECT_SNAPSHOT_H

#include "collect/state.h"

/* Takes a snapshot, to be freed with snapshot_free(). */
int snapshot_take(struct session *session, struct snapshot **snap);

#endif
