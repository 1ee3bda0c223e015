/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cfi.h - call frame information: the unwind rule of a function at one of its addresses. x86-64 only. */
#ifndef SYMBOL_UNWIND_CFI_H
#define SYMBOL_UNWIND_CFI_H

#include "symbol/unwind/unwind.h"

struct cfi_piece {
	const unsigned char *bytes;	/* with its length and its second word */
	size_t size;
};

/*
 * common: the part that several functions share (CIE). own: the part of one function (FDE), which lies at own_address. Both
 * may hold anything: the rule is not known if they make no sense or use features that compilers do not.
 */
struct unwind_rule cfi_rule(const struct cfi_piece *common, const struct cfi_piece *own, __u64 own_address, __u64 address);

#endif
