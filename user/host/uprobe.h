/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * uprobe.h - a BPF program on a function of a file, for one process or for all.
 *
 * The kernel has two ways. A perf event wants CAP_SYS_ADMIN, since 6.17 and in the stable releases of that summer. A
 * link of its own (uprobe_multi) asks for no capability beyond those that load the program, so that it can be made
 * after they were dropped, and goes on when the process's main thread has ended. It is there from 6.6 on, and tells
 * the process's threads from others from 6.12 on; libbpf 1.1 has no call for it.
 */
#ifndef HOST_UPROBE_H
#define HOST_UPROBE_H

#include <stdbool.h>
#include <sys/types.h>
#include <linux/types.h>

struct bpf_program;
struct uprobe;

#define UPROBE_EVERY_PROCESS (-1)	/* that has mapped the file */

struct uprobe_place {
	pid_t pid;
	const char *path;
	__u64 offset;		/* in the file */
	__u64 semaphore;	/* likewise; 0: none */
	__u64 cookie;
	bool at_return;
};

/* Does this kernel have links for them? */
bool uprobe_has_links(void);

/* Before the program is loaded: it will be attached by uprobe_attach alone. */
void uprobe_prepare(struct bpf_program *prog);

/* NULL with errno set, if it cannot be. */
struct uprobe *uprobe_attach(const struct bpf_program *prog, const struct uprobe_place *place);

void uprobe_detach(struct uprobe *probe);

#endif
