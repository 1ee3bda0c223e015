/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * uprobe_link.h - makes the kernel's link between a BPF program and a function of a file. See uprobe.h for the two ways that
 * the kernel has.
 */
#ifndef HOST_UPROBE_LINK_H
#define HOST_UPROBE_LINK_H

#include "host/uprobe_place.h"

struct bpf_program;
struct uprobe_link;

/* Returns NULL with errno set if the program cannot be attached. */
struct uprobe_link *uprobe_link_attach(const struct bpf_program *prog, const struct uprobe_place *place);

void uprobe_link_detach(struct uprobe_link *link);

#endif
