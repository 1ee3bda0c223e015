/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * code_check.h - checks that the code in a target's memory is the code of its file.
 *
 * The kernel takes the instruction under a probe from the file and writes the probe into memory. A process that has patched
 * the function in memory would go on in the middle of its own patch.
 */
#ifndef COLLECT_TARGET_CODE_CHECK_H
#define COLLECT_TARGET_CODE_CHECK_H

#include "collect/target/target.h"

enum code_state {
	CODE_SAME,
	CODE_NOT_MAPPED,	/* the target has not mapped the file, or not these places of it */
	CODE_PATCHED,		/* the memory differs from the file */
	CODE_UNREADABLE,
};

/* Compares the code at some offsets of an open file with the memory of each mapping that the target has of it. */
enum code_state code_check(const struct target *target, int fd, const __u64 *offsets, size_t nr);

#endif
