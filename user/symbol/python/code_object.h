/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * code_object.h - what a code object of the target says: name, file, lines.
 *
 * Code objects are freed and their addresses are used again at once, so a frame that was seen a moment ago
 * may lead to another one. Its tag tells: the header is read and compared with it, then what it leads to,
 * then the header again.
 */
#ifndef SYMBOL_PYTHON_CODE_OBJECT_H
#define SYMBOL_PYTHON_CODE_OBJECT_H

#include "bpfprof/abi.h"
#include "symbol/target_memory.h"
#include "symbol/store/intern.h"

struct code_object {
	const char *name;	/* NULL: no room for it */
	const char *file;
	__u64 read_ns;		/* for who keeps it */
	__u32 first;
	__u32 internal;		/* no function of the program's */
	__u32 table_bytes;
	unsigned char table[];
};

/*
 * To be freed. -ESTALE: there is no code object, or another one than the frame's; -EINVAL: it is damaged;
 * else -errno of the read: what could not be read tells nothing.
 */
int code_object_read(struct code_object **code, const struct target_memory *memory, const struct python_layout *layout,
		     const struct python_frame *frame, struct intern *strings);

#endif
