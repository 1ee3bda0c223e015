// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* code_entry.c - the place at the begin of a function where a probe is cheap and sees each call once. */
#include <string.h>

#include "base/array.h"
#include "symbol/code/code_entry.h"

/* endbr64, and nops of one and of several bytes. */
static size_t passable_bytes(const uint8_t *code, size_t left)
{
	static const struct { size_t size; const char *bytes; } passed[] = {
		{4, "\xf3\x0f\x1e\xfa"}, {1, "\x90"}, {2, "\x66\x90"}, {3, "\x0f\x1f\x00"}, {4, "\x0f\x1f\x40\x00"}, {5, "\x0f\x1f\x44\x00\x00"},
		{6, "\x66\x0f\x1f\x44\x00\x00"}, {7, "\x0f\x1f\x80\x00\x00\x00\x00"}, {8, "\x0f\x1f\x84\x00\x00\x00\x00\x00"},
		{9, "\x66\x0f\x1f\x84\x00\x00\x00\x00\x00"}, {10, "\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(passed); i++)
		if (left >= passed[i].size && !memcmp(code, passed[i].bytes, passed[i].size))
			return passed[i].size;
	return 0;
}

/* A nop of several bytes becomes a call when it is probed (Linux 6.18), which children that are forked do not survive. */
static bool may_be_probed(const uint8_t *code, size_t size)
{
	return size == 1 || (size == 4 && code[0] == 0xf3);
}

static bool moves_stack(const cs_insn *insn)
{
	return decoder_writes(insn, X86_REG_RSP) || insn->id == X86_INS_PUSH || insn->id == X86_INS_CALL || insn->id == X86_INS_ENTER;
}

static bool is_forward_branch(const cs_insn *insn)
{
	const cs_x86_op *op = &insn->detail->x86.operands[0];

	return insn->id != X86_INS_JMP && op->type == X86_OP_IMM && (__u64)op->imm > insn->address;
}

/*
 * Go's functions begin with a check of the stack's size. If there is too little, they have it moved and begin again: a call
 * begins behind the check. The stack pointer is still the same there. Returns 0 if the function does not begin so.
 */
static __u64 entry_behind_check(struct decoder *d, const uint8_t *code, size_t left, uint64_t address)
{
	cs_insn *insn = d->last[0];

	while (cs_disasm_iter(d->handle, &code, &left, &address, insn)) {
		if (decoder_is_jump(insn))
			return is_forward_branch(insn) && !decoder_is_jumped_to(d, address) ? address : 0;
		if (moves_stack(insn))
			return 0;
	}
	return 0;
}

/*
 * The probe sits behind all that can be passed over, unless the function jumps back there: then it would count a call again, and
 * sits on the last place before.
 */
int code_entry_find(struct decoder *d, const struct code_range *range)
{
	size_t size = range->end - range->start, at = 0, step;
	uint8_t code[64] = {0};
	__u64 before = 0;

	if (size > sizeof(code))
		size = sizeof(code);
	if (d->source->read(d->source->ctx, range->start, code, size))
		return decoder_refuse(d, "its code cannot be read");
	while ((step = passable_bytes(code + at, size - at)) && at + step < size) {
		if (may_be_probed(code + at, step) && !decoder_is_jumped_to(d, range->start + at))
			before = range->start + at;
		at += step;
	}
	d->code->entry = decoder_is_jumped_to(d, range->start + at) ? before : range->start + at;
	if (!d->code->entry)
		d->code->entry = entry_behind_check(d, code + at, size - at, range->start + at);
	return d->code->entry ? 0 : decoder_refuse(d, "it jumps back to its entry");
}
