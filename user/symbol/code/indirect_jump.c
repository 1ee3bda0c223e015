// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* indirect_jump.c - tells a jump through a table from a tail call through a pointer. */
#include "symbol/code/indirect_jump.h"

/* A table is indexed; a pointer to a function lies at a fixed place or in an object. */
static enum jump_kind kind_of_memory(const x86_op_mem *mem)
{
	return mem->index != X86_REG_INVALID ? JUMP_TABLE : JUMP_TAIL_CALL;
}

static bool ends_straight_line(const cs_insn *insn)
{
	return insn->id == X86_INS_JMP || insn->id == X86_INS_RET || insn->id == X86_INS_CALL;
}

/*
 * The target of a jump by register is what the register was given last. A jump table is added to or loaded with an index, a
 * pointer to a function is loaded from a place without one.
 */
static enum jump_kind kind_of_register(const struct decoder *d, x86_reg reg)
{
	size_t i;

	for (i = 1; i <= d->nr_last && i <= DECODER_LAST; i++) {
		const cs_insn *insn = d->last[(d->nr_last - i) % DECODER_LAST];
		const cs_x86 *x = &insn->detail->x86;

		if (ends_straight_line(insn))
			break;
		if (!decoder_writes(insn, reg))
			continue;
		if (insn->id == X86_INS_ADD)
			return JUMP_TABLE;
		if (insn->id != X86_INS_MOV)
			break;
		if (x->operands[1].type == X86_OP_MEM)
			return kind_of_memory(&x->operands[1].mem);
		if (x->operands[1].type != X86_OP_REG)
			break;
		reg = x->operands[1].reg;
	}
	return JUMP_UNKNOWN;
}

enum jump_kind indirect_jump_kind(const struct decoder *d, const cs_insn *insn)
{
	const cs_x86_op *op = &insn->detail->x86.operands[0];

	return op->type == X86_OP_MEM ? kind_of_memory(&op->mem) : kind_of_register(d, op->reg);
}
