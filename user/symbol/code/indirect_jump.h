/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* indirect_jump.h - tells a jump through a table, which stays in the function, from a tail call through a pointer. */
#ifndef SYMBOL_CODE_INDIRECT_JUMP_H
#define SYMBOL_CODE_INDIRECT_JUMP_H

#include "symbol/code/decoder.h"

enum jump_kind { JUMP_UNKNOWN, JUMP_TABLE, JUMP_TAIL_CALL };

/* insn: an indirect jump; the decoder has the instructions before it. */
enum jump_kind indirect_jump_kind(const struct decoder *d, const cs_insn *insn);

#endif
