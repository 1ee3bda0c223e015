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

/* Returns true if this kernel has uprobe_multi links that filter by process. */
bool uprobe_has_links(void);

/* Returns NULL with errno set if the program cannot be attached. */
struct uprobe_link *uprobe_link_attach(const struct bpf_program *prog, const struct uprobe_place *place);

void uprobe_link_detach(struct uprobe_link *link);

/*
 * The kernel takes a tenth of a second to remove a uprobe_multi link, and more on a busy machine or beside thousands of threads, and
 * makes the process wait that closes it. Links of trace points are the same. So a process with many links starts some processes that share its descriptors and close links beside each other.
 * To be called while new processes may be made; without them links are closed one by one.
 */
void uprobe_link_start_closers(void);

/* Called after a fork: those of the parent are not the child's. */
void uprobe_link_forget_closers(void);

/* Closes the descriptor of a link. */
void uprobe_link_close(int fd);

/* From now on uprobe_link_detach() and uprobe_link_close() leave the removal to them. uprobe_link_await_closers() returns when all links are gone. */
void uprobe_link_close_together(void);
void uprobe_link_await_closers(void);

#endif
