/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* code_entry.h - the place at the begin of a function where a probe is cheap and sees each call once. */
#ifndef SYMBOL_CODE_CODE_ENTRY_H
#define SYMBOL_CODE_CODE_ENTRY_H

#include "symbol/code/decoder.h"

/* Stores the entry. The function's own range has been decoded. Returns -ENOTSUP with a reason if there is none. */
int code_entry_find(struct decoder *d, const struct code_range *range);

/*
 * Moves the entry to the first instruction that the kernel emulates, which costs a tenth of one that it has to step over, if only
 * simple ones that leave the stack pointer alone come before. The whole function has been decoded. Returns 0 or -ENOTSUP.
 */
int code_entry_make_cheap(struct decoder *d);

#endif
