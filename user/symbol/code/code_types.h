/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* code_types.h - a function's code: its source, its ranges and its places. */
#ifndef SYMBOL_CODE_CODE_TYPES_H
#define SYMBOL_CODE_CODE_TYPES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define FUNCTION_CODE_BYTES (1 << 20)	/* of one function, all parts together */
#define FUNCTION_CODE_PARTS 8
#define FUNCTION_CODE_EXITS 256

/* Addresses as the file has them. */
struct code_range {
	__u64 start, end;
};

enum code_place {
	CODE_UNKNOWN,		/* no symbol and no unwind table bounds the code there */
	CODE_FUNCTION,		/* another function begins there; an empty range: its end is unknown */
	CODE_INSIDE,		/* that is in the middle of another function */
	CODE_PART,		/* a part of this function that lies elsewhere */
	CODE_EITHER,		/* no symbol tells whether another function begins there or a part lies there */
};

/* The file that the function is in. */
struct code_source {
	/* Copies `size` bytes from `address`; returns 0 or -errno. */
	int (*read)(void *ctx, __u64 address, void *to, size_t size);
	/* Says what lies at an address outside of the function's ranges; stores the range of all but CODE_UNKNOWN and CODE_INSIDE. */
	enum code_place (*place)(void *ctx, __u64 address, struct code_range *part);
	void *ctx;
};

struct function_code {
	__u64 entry;			/* address of the first instruction behind endbr64 and nops: cheap to probe */
	__u64 exits[FUNCTION_CODE_EXITS];
	size_t nr_exits;		/* 0: it never returns */
	bool is_empty;			/* its entry is a return instruction */
};

#endif
