/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cfi.h - call frame information: where a function keeps its caller's frame, at an address, as its compiler has noted it. */
#ifndef SYMBOL_UNWIND_CFI_H
#define SYMBOL_UNWIND_CFI_H

#include "symbol/unwind/unwind.h"

struct cfi_piece {
	const unsigned char *bytes;	/* with its length and its second word */
	size_t size;
};

/*
 * common: what several functions have in common (CIE), own: the rest of one (FDE), which lies at own_address. Both may
 * be anything: not known, if they make no sense, or are more than compilers write. Only of x86-64.
 */
struct unwind_rule cfi_rule(const struct cfi_piece *common, const struct cfi_piece *own, __u64 own_address, __u64 address);

#endif
