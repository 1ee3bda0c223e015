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

/* ---- a cheaper place ---- */

/* They take no time, and neither fault on the stack nor leave the function. */
static bool is_simple(const cs_insn *insn)
{
	static const unsigned int simple[] = {
		X86_INS_MOV, X86_INS_MOVABS, X86_INS_MOVZX, X86_INS_MOVSX, X86_INS_MOVSXD, X86_INS_LEA, X86_INS_XOR, X86_INS_AND, X86_INS_OR,
		X86_INS_ADD, X86_INS_SUB, X86_INS_CMP, X86_INS_TEST, X86_INS_SHL, X86_INS_SHR, X86_INS_SAR,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(simple); i++)
		if (insn->id == simple[i])
			return !insn->detail->x86.prefix[0];
	return false;
}

/* See branch_setup_xol_ops() and push_setup_xol_ops() of the kernel. */
static bool is_emulated(const cs_insn *insn)
{
	const cs_x86 *x86 = &insn->detail->x86;

	if (insn->id == X86_INS_PUSH)
		return x86->operands[0].type == X86_OP_REG;
	if (decoder_is_jump(insn))
		return x86->operands[0].type == X86_OP_IMM && !x86->prefix[0];
	return insn->id == X86_INS_NOP && insn->size == 1;
}

static bool is_exit(const struct decoder *d, __u64 address)
{
	size_t i;

	for (i = 0; i < d->code->nr_exits; i++)
		if (d->code->exits[i] == address)
			return true;
	return false;
}

int code_entry_make_cheap(struct decoder *d)
{
	uint8_t bytes[64] = {0};
	const uint8_t *code = bytes;
	size_t left = 0, i;
	uint64_t address = d->code->entry;
	cs_insn *insn = d->last[0];

	for (i = 0; i < d->nr_parts; i++)
		if (address >= d->parts[i].start && address < d->parts[i].end)
			left = d->parts[i].end - address;
	if (left > sizeof(bytes))
		left = sizeof(bytes);
	if (d->jumps_by_table || d->code->is_empty || d->source->read(d->source->ctx, address, bytes, left))
		return 0;
	while (cs_disasm_iter(d->handle, &code, &left, &address, insn) && !is_exit(d, insn->address)) {
		if (insn->address != d->code->entry && decoder_is_jumped_to(d, insn->address))
			return 0;
		if (is_emulated(insn)) {
			d->code->entry = insn->address;
			return 0;
		}
		if (!is_simple(insn) || moves_stack(insn))
			return 0;
	}
	return 0;
}
