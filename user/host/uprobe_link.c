// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* uprobe_link.c - makes the kernel's link between a BPF program and a function of a file. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "host/uprobe_link.h"

#define UPROBE_MULTI_RETURN 1	/* of the kernel's <linux/bpf.h> */

/* The part of union bpf_attr for BPF_LINK_CREATE. */
struct link_create {
	__u32 prog_fd, target_fd, attach_type, flags;
	__u64 path, offsets, semaphores, cookies;
	__u32 nr, multi_flags, pid, pad;
};

struct uprobe_link {
	struct bpf_link *link;	/* of a perf event; NULL: it is a uprobe_multi link */
	int fd;			/* of a uprobe_multi link; -1: it is a perf event */
};

static int attach_link(const struct bpf_program *prog, const struct uprobe_place *place)
{
	const struct uprobe_places *several = place->several;
	struct link_create attr = {
		.prog_fd = (__u32)bpf_program__fd(prog),
		.attach_type = UPROBE_MULTI_TYPE,
		.path = (uintptr_t)place->path,
		.offsets = (uintptr_t)(several ? several->offsets : &place->offset),
		.semaphores = place->semaphore && !several ? (uintptr_t)&place->semaphore : 0,
		.cookies = (uintptr_t)(several ? several->cookies : &place->cookie),
		.nr = several ? several->nr : 1,
		.multi_flags = place->at_return ? UPROBE_MULTI_RETURN : 0,
		.pid = place->pid == UPROBE_EVERY_PROCESS ? 0 : (__u32)place->pid,
	};

	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

static struct bpf_link *attach_event(const struct bpf_program *prog, const struct uprobe_place *place)
{
	const struct uprobe_places *several = place->several;	/* of which there is one */
	DECLARE_LIBBPF_OPTS(bpf_uprobe_opts, opts, .ref_ctr_offset = several ? 0 : place->semaphore,
			    .bpf_cookie = several ? several->cookies[0] : place->cookie, .retprobe = place->at_return);

	return bpf_program__attach_uprobe_opts(prog, place->pid, place->path, several ? several->offsets[0] : place->offset, &opts);
}

struct uprobe_link *uprobe_link_attach(const struct bpf_program *prog, const struct uprobe_place *place)
{
	struct uprobe_link *probe = calloc(1, sizeof(*probe));
	int err;

	if (!probe)
		return NULL;
	probe->fd = -1;
	if (bpf_program__get_expected_attach_type(prog) == UPROBE_MULTI_TYPE)
		probe->fd = attach_link(prog, place);
	else
		probe->link = attach_event(prog, place);
	if (probe->fd >= 0 || probe->link)
		return probe;
	err = errno;
	free(probe);
	errno = err;
	return NULL;
}

void uprobe_link_detach(struct uprobe_link *probe)
{
	if (!probe)
		return;
	bpf_link__destroy(probe->link);
	if (probe->fd >= 0)
		close(probe->fd);
	free(probe);
}
