/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * code_check.h - checks that the code in a target's memory is the code of its file.
 *
 * The kernel takes the instruction under a probe from the file and writes the probe into memory. A process that has patched
 * the function in memory would go on in the middle of its own patch.
 */
#ifndef COLLECT_TARGET_CODE_CHECK_H
#define COLLECT_TARGET_CODE_CHECK_H

#include <stdbool.h>

#include "collect/target/target.h"

#define CODE_BYTES 16	/* at a place: the longest instruction has 15 */

/* The code at a place of a file. */
struct code_place {
	__u64 offset;
	__u32 size;		/* bytes that could be read; fewer than CODE_BYTES at the end of the file */
	unsigned char bytes[CODE_BYTES];
};

enum code_state {
	CODE_SAME,
	CODE_NOT_MAPPED,	/* the target has not mapped the file, or not these places of it */
	CODE_PATCHED,		/* the memory differs from the file */
	CODE_BREAKPOINT,	/* it differs by a breakpoint that is no probe: of a debugger, or of the process itself */
	CODE_UNREADABLE,	/* not in memory, so not patched; or the process is ending */
};

/* Reads the code at an offset of an open file. */
void code_place_read(struct code_place *place, int fd, __u64 offset);

/* Compares the code at some places of a file with the memory of each mapping that the target has of it. fd is only asked which file. */
enum code_state code_check(const struct target *target, int fd, const struct code_place *places, size_t nr);

/* Returns true if the target has mapped code of the file at the moment. */
bool code_is_mapped(const struct target *target, int fd);

#endif
