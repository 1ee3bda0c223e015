/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sub_gils.h - the GILs of sub-interpreters that have one of their own, from Python 3.12 on.
 *
 * They lie on the heap, not in _PyRuntime. The profiler looks for them some times a second, so a wait for the GIL of an
 * interpreter that is younger counts as one for a lock.
 */
#ifndef COLLECT_PYTHON_SUB_GILS_H
#define COLLECT_PYTHON_SUB_GILS_H

#include "collect/target/target.h"

/*
 * Reads the list of interpreters, if it may have changed, and tells the BPF programs their GILs. process: the target's entry of
 * `processes`; layout: of its Python; map: `gils`.
 */
void sub_gils_poll(struct target *target, volatile struct process *process, const struct python_layout *layout, int map);

/* Forgets them: the target has executed another image. */
void sub_gils_forget(struct target *target, volatile struct process *process, int map);

#endif
