/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* probe.h - which of the marker's three nops is the cheapest to probe on this kernel, and what a hit costs. */
#ifndef COLLECT_PROBE_H
#define COLLECT_PROBE_H

#include <stdbool.h>

#include <bpf/libbpf.h>
#include <linux/types.h>

struct probe_choice {
	__u64 offset;		/* from the function's entry, DCBS_PROBE_* */
	double ns;		/* a hit of an idle program there, measured on our own copy; NAN: not measured */
	struct bpf_link *link;	/* on our own copy, which is not called again; detaching takes the kernel a while, do it last */
};

/* The place to try first on this kernel, by its release. Costs nothing. */
void probe_guess(struct probe_choice *choice);

/* The place to try when that one was refused; false: there is none. */
bool probe_fall_back(struct probe_choice *choice);

/*
 * Measures a hit on our own copy of the function. False: the place is not what its release promises,
 * choice->offset has been changed to the one that works everywhere, and attached probes should move.
 */
bool probe_measure(const struct bpf_program *prog, struct probe_choice *choice);

#endif
