/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * code_object.h - reads a code object of the target: its name, file and line table.
 *
 * The interpreter frees code objects and reuses their addresses at once, so the address in a frame may lead to another code
 * object a moment later. The frame's tag detects that: the header is read and compared with the tag, then the texts and the
 * table are read, then the header is read and compared again.
 */
#ifndef SYMBOL_PYTHON_CODE_OBJECT_H
#define SYMBOL_PYTHON_CODE_OBJECT_H

#include "bpfprof/abi.h"
#include "symbol/store/intern.h"
#include "symbol/target_memory.h"

struct code_object {
	const char *name;	/* interned; NULL: no room for it */
	const char *file;
	__u64 read_ns;		/* when it was read; set by the caller */
	__u32 first_line;
	__u32 body_line;	/* the first line behind it that has code; 0: unknown */
	__u32 internal;		/* the interpreter's own code */
	__u32 suspends;		/* of an `async def` */
	__u32 bare;		/* `name` is the last part of a qualname; set by the caller, as is body_line */
	__u32 table_bytes;
	unsigned char table[];
};

/*
 * Reads a frame's code object; the caller frees it. Returns 0; -ESTALE: there is no code object or another one than the
 * frame's; -EINVAL: it is damaged; or the -errno of the read.
 */
int code_object_read(struct code_object **code, const struct target_memory *memory, const struct python_layout *layout,
		     const struct python_frame *frame, struct intern *intern);

#endif
