// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* decoder.c - what is known of a function while it is decoded. */
#include <errno.h>
#include <stdio.h>

#include "symbol/code/decoder.h"

int decoder_refuse(struct decoder *d, const char *reason)
{
	snprintf(d->reason, d->reason_size, "%s", reason);
	return -ENOTSUP;
}

bool decoder_is_jump(const cs_insn *insn)
{
	size_t i;

	for (i = 0; i < insn->detail->groups_count; i++)
		if (insn->detail->groups[i] == CS_GRP_JUMP)
			return true;
	return insn->id == X86_INS_LOOP || insn->id == X86_INS_LOOPE || insn->id == X86_INS_LOOPNE;
}

bool decoder_is_jumped_to(const struct decoder *d, __u64 address)
{
	size_t i;

	for (i = 0; i < d->nr_jumps; i++)
		if (d->jumps[i].to == address)
			return true;
	return false;
}

bool decoder_writes(const cs_insn *insn, x86_reg reg)
{
	const cs_x86 *x = &insn->detail->x86;

	return x->op_count && x->operands[0].type == X86_OP_REG && x->operands[0].access & CS_AC_WRITE && x->operands[0].reg == reg;
}
