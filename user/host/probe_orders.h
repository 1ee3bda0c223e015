/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* probe_orders.h - the orders of the profiler to the keeper of its probes, and the keeper's side. */
#ifndef HOST_PROBE_ORDERS_H
#define HOST_PROBE_ORDERS_H

#include "host/probe_rules.h"

enum probe_order_kind {
	PROBE_ATTACH_NOTED,	/* number: of the noted place */
	PROBE_ATTACH_NEW,	/* number: a descriptor of the profiler's; the fields below count */
	PROBE_ATTACH_GPU,	/* the same, at the functions of a GPU's driver */
	PROBE_DETACH,		/* number: of the link. There is no answer */
};

/* The answer to all but the last is an int: the number of the link, or -errno. */
struct probe_order {
	__u32 kind;
	__s32 number;
	__s32 pid;
	__u32 at_return;	/* of a GPU's driver: which of the two programs */
	__u64 offset, semaphore, cookie;
	struct uprobe_places places;
};

struct noted_place {
	const struct bpf_program *prog;
	struct uprobe_place place;	/* without the path */
	dev_t dev;
	ino_t ino;
	int fd;
};

struct probe_places {
	struct noted_place *list;
	size_t nr, room;
};

/* Runs in the keeper, which keeps only what it needs of the profiler's memory and descriptors, and ends with the profiler. */
void __attribute__((noreturn)) probe_orders_obey(int socket, int profiler_fd, pid_t profiler, const struct probe_rules *rules,
						 const struct probe_places *places);

#endif
