/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* unicode.h - str objects of the target as UTF-8. */
#ifndef SYMBOL_PYTHON_UNICODE_H
#define SYMBOL_PYTHON_UNICODE_H

#include <stddef.h>

#include "bpfprof/abi.h"
#include "symbol/target_memory.h"

#define UNICODE_CHARS 4096				/* longer ones are cut, and end in "..." */
#define UNICODE_BYTES (4 * UNICODE_CHARS + 4)	/* of the buffer */

/* 0; -EINVAL: there is no str object; -errno: its memory cannot be read. */
int unicode_read(const struct target_memory *memory, const struct python_layout *layout, __u64 address, char *to);

#endif
