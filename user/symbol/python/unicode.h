/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* unicode.h - reads a str object of the target as UTF-8. */
#ifndef SYMBOL_PYTHON_UNICODE_H
#define SYMBOL_PYTHON_UNICODE_H

#include <stddef.h>

#include "bpfprof/abi.h"
#include "symbol/target_memory.h"

#define UNICODE_CHARS 4096			/* code points; a longer text is cut and ends in "..." */
#define UNICODE_BYTES (4 * UNICODE_CHARS + 4)	/* size of the buffer */

/* Returns 0; -EINVAL: there is no str object; or the -errno of the read. */
int unicode_read(const struct target_memory *memory, const struct python_layout *layout, __u64 address, char to[UNICODE_BYTES]);

#endif
