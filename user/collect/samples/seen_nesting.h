/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * seen_nesting.h - which sections lie in which, as looks at the targets' memory show it. They are rare; samples of the stack tell more, but
 * with -F 0 there are none.
 */
#ifndef COLLECT_SAMPLES_SEEN_NESTING_H
#define COLLECT_SAMPLES_SEEN_NESTING_H

#include "collect/facts.h"

#define SEEN_NESTING_DEEPEST 64	/* sections of a list; further ones are left out */
#define SEEN_NESTING_LEAST 3	/* looks that must have met a section: one may be by chance in one of the places where it is called */

/* The sections around one section, innermost first: those that every look at it found around it. */
struct seen_around {
	__u16 ids[SEEN_NESTING_DEEPEST];
	__u8 nr;
	__u8 met;		/* number of looks that met it, up to SEEN_NESTING_LEAST */
};

struct seen_nesting {
	struct seen_around of[BPFPROF_SECTIONS];	/* by section id */
};

/* Adds the open sections of a thread by their ids, innermost first. A section may be open several times. */
void seen_nesting_add(struct seen_nesting *seen, const __u16 *ids, size_t nr);

/* Stores in a snapshot which section is around each. section_index[id]: index of its sections. */
void seen_nesting_copy(const struct seen_nesting *seen, struct snapshot *snap, const __u16 *section_index);

#endif
