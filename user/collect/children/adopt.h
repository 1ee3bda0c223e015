/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* adopt.h - the children that existed before on_fork was attached. */
#ifndef COLLECT_CHILDREN_ADOPT_H
#define COLLECT_CHILDREN_ADOPT_H

#include "collect/state.h"

/* Makes the children of a process, those that its threads forked included, targets. Returns 0, or -errno. */
int adopt_children_of(struct session *session, pid_t pid);

#endif
