/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * uprobe.h - attaches a BPF program to a function of a file, for one process or for all.
 *
 * The kernel has two ways. A perf event needs CAP_SYS_ADMIN since 6.17 and in the stable releases of that summer. A
 * uprobe_multi link needs no capability beyond those that load the program, so that it can be made after they were
 * dropped, and it continues when the process's main thread has ended. It exists since 6.6; since 6.12 its filter by
 * process includes all threads of the process. libbpf 1.1 has no call for it.
 *
 * Once the keeper of probe_keeper.h has been started, it makes the links in place of the calling process, which has given up
 * the right to make any.
 */
#ifndef HOST_UPROBE_H
#define HOST_UPROBE_H

#include <stdbool.h>

#include "host/uprobe_link.h"

struct bpf_program;
struct uprobe;

/* Must be called before the program is loaded. It can then be attached only by uprobe_attach(). */
void uprobe_prepare(struct bpf_program *prog);

/* Returns NULL with errno set if the program cannot be attached. */
struct uprobe *uprobe_attach(const struct bpf_program *prog, const struct uprobe_place *place);

void uprobe_detach(struct uprobe *probe);

#endif
