/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * probe_keeper.h - a child process that attaches probes for the sandboxed profiler.
 *
 * A probe writes to the memory of processes: a breakpoint, and a counter at any place of a file. So the profiler gives up
 * the right to attach probes before it reads data of targets. The keeper has this right, reads no such data, and obeys
 * orders that leave no choice: a place where a probe was attached before is named by its number, and at a new place there
 * must be the markers' function, or functions of a GPU's driver, which the keeper finds in the file itself. The profiler may also
 * probe itself.
 */
#ifndef HOST_PROBE_KEEPER_H
#define HOST_PROBE_KEEPER_H

#include "host/probe_rules.h"

/* Remembers a place as one of those that the keeper may attach to later. */
void probe_keeper_note(const struct bpf_program *prog, const struct uprobe_place *place);

/* Starts the keeper. Returns -errno with a line that gives the reason if that fails. */
int probe_keeper_start(const struct probe_rules *rules);

bool probe_keeper_is_started(void);

/* Returns the number of the keeper's link, or -errno: -EPERM if the keeper refuses the place. */
int probe_keeper_attach(const struct bpf_program *prog, const struct uprobe_place *place);

/* Does not wait until the kernel has removed the probe. */
void probe_keeper_detach(int number);

/*
 * The end begins: lets the keeper detach its probes, and does not wait for it. The caller's own probes are removed beside those and
 * beside each other from now on, see uprobe_link.h.
 */
void probe_keeper_dismiss(void);

/* Returns when all these probes are gone and the keeper has ended. Forgets the noted places. */
void probe_keeper_end(void);

#endif
