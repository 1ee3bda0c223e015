// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_code.c - the places at which a native function is entered and left. */
#include <capstone/capstone.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "symbol/function_code.h"
#include "symbol/vex_length.h"

#define DEFINITION_BACK 16	/* instructions before an indirect jump among which its target is looked for */

/* One instruction, as far as it matters. */
struct instruction {
	__u64 address;
	__u8 length, prefixes;		/* bytes; legacy prefixes among them */
};

struct jump {
	__u64 from, to;
	bool conditional;
};

struct decoder {
	const struct code_source *source;
	csh handle;
	struct function_code *code;
	struct code_range parts[FUNCTION_CODE_PARTS];
	size_t nr_parts;
	struct instruction *instructions;	/* ascending within each part */
	size_t nr_instructions, room_instructions;
	struct jump *jumps;			/* direct ones, checked when all parts are read */
	size_t nr_jumps, room_jumps;
	size_t bytes;
	cs_insn *last[DEFINITION_BACK];		/* the instructions before the current one, in a ring */
	size_t nr_last;
	char *reason;
	size_t reason_size;
};

static int refuse(struct decoder *d, const char *reason)
{
	snprintf(d->reason, d->reason_size, "%s", reason);
	return -ENOTSUP;
}

/* ---- instructions ---- */

static bool in_parts(const struct decoder *d, __u64 address)
{
	size_t i;

	for (i = 0; i < d->nr_parts; i++)
		if (address >= d->parts[i].start && address < d->parts[i].end)
			return true;
	return false;
}

static int add_exit(struct decoder *d, __u64 address)
{
	if (d->code->nr_exits == FUNCTION_CODE_EXITS)
		return refuse(d, "it has too many returns");
	d->code->exits[d->code->nr_exits++] = address;
	return 0;
}

static int add_instruction(struct decoder *d, __u64 address, size_t length, size_t prefixes)
{
	if (!array_reserve(d->instructions, d->nr_instructions, d->room_instructions, 1))
		return refuse(d, "out of memory");
	d->instructions[d->nr_instructions++] = (struct instruction){address, (__u8)length, (__u8)prefixes};
	return 0;
}

static int add_jump(struct decoder *d, __u64 from, __u64 to, bool conditional)
{
	if (!array_reserve(d->jumps, d->nr_jumps, d->room_jumps, 1))
		return refuse(d, "out of memory");
	d->jumps[d->nr_jumps++] = (struct jump){from, to, conditional};
	return 0;
}

static size_t count_prefixes(const uint8_t *bytes, size_t length)
{
	size_t n = 0;

	while (n < length && strchr("\xf0\xf2\xf3\x2e\x36\x3e\x26\x64\x65\x66\x67", bytes[n]) && bytes[n])
		n++;
	return n;
}

/* ---- indirect jumps ---- */

enum jump_kind { JUMP_UNKNOWN, JUMP_TABLE, JUMP_TAIL_CALL };

/* A table is indexed; a pointer to a function lies at a fixed place or in an object. */
static enum jump_kind kind_of_memory(const x86_op_mem *mem)
{
	return mem->index != X86_REG_INVALID ? JUMP_TABLE : JUMP_TAIL_CALL;
}

static bool writes_register(const cs_insn *insn, x86_reg reg)
{
	const cs_x86 *x = &insn->detail->x86;

	return x->op_count && x->operands[0].type == X86_OP_REG && x->operands[0].access & CS_AC_WRITE && x->operands[0].reg == reg;
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

	for (i = 1; i <= d->nr_last && i <= DEFINITION_BACK; i++) {
		const cs_insn *insn = d->last[(d->nr_last - i) % DEFINITION_BACK];
		const cs_x86 *x = &insn->detail->x86;

		if (ends_straight_line(insn))
			break;
		if (!writes_register(insn, reg))
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

/* Compilers mark the jump of a table with a prefix where calls are checked by endbr64 (notrack). */
static int read_indirect_jump(struct decoder *d, const cs_insn *insn)
{
	const cs_x86_op *op = &insn->detail->x86.operands[0];
	enum jump_kind kind;

	if (memchr(insn->bytes, 0x3e, count_prefixes(insn->bytes, insn->size)))
		return 0;
	kind = op->type == X86_OP_MEM ? kind_of_memory(&op->mem) : kind_of_register(d, op->reg);
	if (kind == JUMP_TABLE)
		return 0;
	if (kind == JUMP_TAIL_CALL)
		return add_exit(d, insn->address);
	return refuse(d, "it has an indirect jump of which it cannot be told whether it leaves the function");
}

/* ---- one part ---- */

static bool is_jump(const cs_insn *insn)
{
	size_t i;

	for (i = 0; i < insn->detail->groups_count; i++)
		if (insn->detail->groups[i] == CS_GRP_JUMP)
			return true;
	return insn->id == X86_INS_LOOP || insn->id == X86_INS_LOOPE || insn->id == X86_INS_LOOPNE;
}

static int read_instruction(struct decoder *d, const cs_insn *insn)
{
	const cs_x86_op *op = &insn->detail->x86.operands[0];
	int err = add_instruction(d, insn->address, insn->size, count_prefixes(insn->bytes, insn->size));

	if (err)
		return err;
	if (insn->id == X86_INS_RET)
		return add_exit(d, insn->address);
	if (insn->id == X86_INS_RETF || insn->id == X86_INS_RETFQ || insn->id == X86_INS_IRETQ || insn->id == X86_INS_IRETD)
		return refuse(d, "it returns in a way that is not a function's");
	if (!is_jump(insn))
		return 0;
	if (op->type == X86_OP_IMM)
		return add_jump(d, insn->address, (__u64)op->imm, insn->id != X86_INS_JMP);
	return read_indirect_jump(d, insn);
}

/* Newer vector instructions are unknown to the library, but their length follows from their encoding, and none of them jumps. */
static int skip_vector_instruction(struct decoder *d, const uint8_t **bytes, size_t *left, uint64_t *address)
{
	size_t length = vex_length(*bytes, *left);
	int err;

	if (!length)
		return refuse(d, "it has bytes that are no instruction");
	err = add_instruction(d, *address, length, 0);
	*bytes += length;
	*left -= length;
	*address += length;
	return err;
}

static int decode_bytes(struct decoder *d, const uint8_t *bytes, size_t left, uint64_t address)
{
	cs_insn **slot;
	int err = 0;

	d->nr_last = 0;
	while (left && !err) {
		slot = &d->last[d->nr_last % DEFINITION_BACK];
		if (!cs_disasm_iter(d->handle, &bytes, &left, &address, *slot)) {
			err = skip_vector_instruction(d, &bytes, &left, &address);
			continue;
		}
		err = read_instruction(d, *slot);
		d->nr_last++;
	}
	return err;
}

static int read_part(struct decoder *d, const struct code_range *part)
{
	size_t size = part->end - part->start;
	uint8_t *bytes;
	int err;

	if (part->end <= part->start || size > FUNCTION_CODE_BYTES - d->bytes)
		return refuse(d, "its size is not plausible");
	d->bytes += size;
	bytes = malloc(size);
	if (!bytes)
		return refuse(d, "out of memory");
	err = d->source->read(d->source->ctx, part->start, bytes, size) ? refuse(d, "its code cannot be read") :
		decode_bytes(d, bytes, size, part->start);
	free(bytes);
	return err;
}

/* ---- jumps between parts and out of them ---- */

static int add_part(struct decoder *d, const struct code_range *part)
{
	if (d->nr_parts == FUNCTION_CODE_PARTS)
		return refuse(d, "it is in too many parts");
	d->parts[d->nr_parts++] = *part;
	return read_part(d, part);
}

static int read_jump_out(struct decoder *d, const struct jump *jump)
{
	struct code_range part;

	part = (struct code_range){0};
	switch (d->source->place(d->source->ctx, jump->to, &part)) {
	case CODE_PART:
		return add_part(d, &part);
	case CODE_EITHER:	/* compilers hardly ever call a function by a conditional jump, and they often jump to a part so */
		return jump->conditional ? add_part(d, &part) : add_exit(d, jump->from);
	case CODE_FUNCTION:
		if (jump->from == d->code->entry)
			return part.end > part.start ? add_part(d, &part) : refuse(d, "it only jumps to another function");
		return jump->conditional ? refuse(d, "it jumps to another function on a condition") : add_exit(d, jump->from);
	case CODE_INSIDE:
		return refuse(d, "it jumps into the middle of another function");
	case CODE_UNKNOWN:
		break;
	}
	return refuse(d, "it jumps to code whose bounds are unknown");
}

static int compare_addresses(const void *a, const void *b)
{
	__u64 x = ((const struct instruction *)a)->address, y = ((const struct instruction *)b)->address;

	return (x > y) - (x < y);
}

/* Code may jump over the prefixes of an instruction, to the same one without `lock`. */
static bool begins_instruction(const struct decoder *d, __u64 address)
{
	size_t low = 0, high = d->nr_instructions;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct instruction *insn = &d->instructions[middle];

		if (address < insn->address)
			high = middle;
		else if (address >= insn->address + insn->length)
			low = middle + 1;
		else
			return address - insn->address <= insn->prefixes;
	}
	return false;
}

/* A part that is read may bring jumps to further parts. */
static int read_jumps(struct decoder *d)
{
	size_t i;
	int err = 0;

	for (i = 0; i < d->nr_jumps && !err; i++)
		if (!in_parts(d, d->jumps[i].to))
			err = read_jump_out(d, &(struct jump){d->jumps[i].from, d->jumps[i].to, d->jumps[i].conditional});
	qsort(d->instructions, d->nr_instructions, sizeof(*d->instructions), compare_addresses);
	for (i = 0; i < d->nr_jumps && !err; i++)
		if (in_parts(d, d->jumps[i].to) && !begins_instruction(d, d->jumps[i].to))
			err = refuse(d, "it jumps into the middle of an instruction");
	return err;
}

/* ---- entry ---- */

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

static bool is_jumped_to(const struct decoder *d, __u64 address)
{
	size_t i;

	for (i = 0; i < d->nr_jumps; i++)
		if (d->jumps[i].to == address)
			return true;
	return false;
}

/* A nop of several bytes becomes a call when it is probed (Linux 6.18), which children that are forked do not survive. */
static bool may_be_probed(const uint8_t *code, size_t size)
{
	return size == 1 || (size == 4 && code[0] == 0xf3);
}

static bool moves_stack(const cs_insn *insn)
{
	return writes_register(insn, X86_REG_RSP) || insn->id == X86_INS_PUSH || insn->id == X86_INS_CALL || insn->id == X86_INS_ENTER;
}

/*
 * Go's functions begin with a check of the stack's size. If there is too little, they have it moved and begin again: a call
 * begins behind the check. The stack pointer is still the same there. Returns 0 if the function does not begin so.
 */
static __u64 entry_behind_check(struct decoder *d, const uint8_t *code, size_t left, uint64_t address)
{
	cs_insn *insn = d->last[0];

	while (cs_disasm_iter(d->handle, &code, &left, &address, insn)) {
		if (is_jump(insn))
			return insn->id != X86_INS_JMP && !is_jumped_to(d, address) ? address : 0;
		if (moves_stack(insn))
			return 0;
	}
	return 0;
}

/*
 * The probe sits behind all that can be passed over, unless the function jumps back there: then it would count a call again, and
 * sits on the last place before.
 */
static int find_entry(struct decoder *d, const struct code_range *range)
{
	size_t size = range->end - range->start, at = 0, step;
	uint8_t code[64] = {0};
	__u64 before = 0;

	if (size > sizeof(code))
		size = sizeof(code);
	if (d->source->read(d->source->ctx, range->start, code, size))
		return refuse(d, "its code cannot be read");
	while ((step = passable_bytes(code + at, size - at)) && at + step < size) {
		if (may_be_probed(code + at, step) && !is_jumped_to(d, range->start + at))
			before = range->start + at;
		at += step;
	}
	d->code->entry = is_jumped_to(d, range->start + at) ? before : range->start + at;
	if (!d->code->entry)
		d->code->entry = entry_behind_check(d, code + at, size - at, range->start + at);
	return d->code->entry ? 0 : refuse(d, "it jumps back to its entry");
}

static int read_function(struct decoder *d, const struct code_range *range)
{
	size_t i;
	int err = add_part(d, range);

	if (!err)
		err = find_entry(d, range);
	if (!err)
		err = read_jumps(d);
	for (i = 0; i < d->code->nr_exits && !err; i++)
		d->code->is_empty |= d->code->exits[i] == d->code->entry;
	return err;
}

/* ---- all of it ---- */

static int open_decoder(struct decoder *d)
{
	size_t i;

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &d->handle))
		return refuse(d, "out of memory");
	cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON);
	for (i = 0; i < DEFINITION_BACK; i++)
		if (!(d->last[i] = cs_malloc(d->handle)))
			return refuse(d, "out of memory");
	return 0;
}

static void close_decoder(struct decoder *d)
{
	size_t i;

	for (i = 0; i < DEFINITION_BACK; i++)
		if (d->last[i])
			cs_free(d->last[i], 1);
	if (d->handle)
		cs_close(&d->handle);
	free(d->instructions);
	free(d->jumps);
}

int function_code_read(struct function_code *code, const struct code_range *range, const struct code_source *source,
		       char *reason, size_t size)
{
	struct decoder d = {.source = source, .code = code, .reason = reason, .reason_size = size};
	int err;

	*code = (struct function_code){0};
	err = open_decoder(&d);
	if (!err)
		err = read_function(&d, range);
	close_decoder(&d);
	return err;
}
