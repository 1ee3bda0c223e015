/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* examine.h - looks at the targets again and again: one may have ended, have another image, or have loaded the markers. */
#ifndef COLLECT_EXAMINE_H
#define COLLECT_EXAMINE_H

#include "collect/state.h"

/* The target may have called execve(), or have loaded the markers only now. children.c examines children. */
void target_examine(struct session *session, struct target *target);

/* Examines all targets. Returns true if some target still runs. */
bool targets_examine(struct session *session);

#endif
