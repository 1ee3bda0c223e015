/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* links.h - the links that hold programs on kernel events from start to end. */
#ifndef COLLECT_KERNEL_LINKS_H
#define COLLECT_KERNEL_LINKS_H

#include <stddef.h>

#include <bpf/libbpf.h>

#define LINKS_MAX 1024

struct links {
	struct bpf_link *list[LINKS_MAX];
	size_t nr;
};

/* Keeps a link. link NULL: libbpf could not make it and has set errno, which is reported. `event` is named in the error. */
int links_keep(struct links *links, struct bpf_link *link, const char *event);

/* Returns words to append to an error of attaching: "; run as root, ..." where rights are missing, else "". */
const char *links_hint(int err);

/* The kernel makes the process wait that closes the last descriptor of a link. That is left to the closers of uprobe_link.h. */
void links_close_one(struct bpf_link *link);
void links_close(struct links *links);

#endif
