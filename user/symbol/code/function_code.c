// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_code.c - the places at which a native function is entered and left. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "symbol/code/code_entry.h"
#include "symbol/code/decoder.h"
#include "symbol/code/function_code.h"
#include "symbol/code/indirect_jump.h"
#include "symbol/code/vex_length.h"

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
		return decoder_refuse(d, "it has too many returns");
	d->code->exits[d->code->nr_exits++] = address;
	return 0;
}

static int add_instruction(struct decoder *d, __u64 address, size_t length, size_t prefixes)
{
	if (!array_reserve(d->instructions, d->nr_instructions, d->room_instructions, 1))
		return decoder_refuse(d, "out of memory");
	d->instructions[d->nr_instructions++] = (struct instruction){address, (__u8)length, (__u8)prefixes};
	return 0;
}

static int add_jump(struct decoder *d, __u64 from, __u64 to, bool conditional)
{
	if (!array_reserve(d->jumps, d->nr_jumps, d->room_jumps, 1))
		return decoder_refuse(d, "out of memory");
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

/* Compilers mark the jump of a table with a prefix where calls are checked by endbr64 (notrack). */
static int read_indirect_jump(struct decoder *d, const cs_insn *insn)
{
	enum jump_kind kind;

	kind = memchr(insn->bytes, 0x3e, count_prefixes(insn->bytes, insn->size)) ? JUMP_TABLE : indirect_jump_kind(d, insn);
	if (kind == JUMP_TABLE) {
		d->jumps_by_table = true;
		return 0;
	}
	if (kind == JUMP_TAIL_CALL)
		return add_exit(d, insn->address);
	return decoder_refuse(d, "it has an indirect jump that may or may not leave the function");
}

/* ---- one part ---- */

static int read_instruction(struct decoder *d, const cs_insn *insn)
{
	const cs_x86_op *op = &insn->detail->x86.operands[0];
	int err = add_instruction(d, insn->address, insn->size, count_prefixes(insn->bytes, insn->size));

	if (err)
		return err;
	if (insn->id == X86_INS_RET)
		return add_exit(d, insn->address);
	if (insn->id == X86_INS_RETF || insn->id == X86_INS_RETFQ || insn->id == X86_INS_IRETQ || insn->id == X86_INS_IRETD)
		return decoder_refuse(d, "it returns in a way that is not a function's");
	if (!decoder_is_jump(insn))
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
		return decoder_refuse(d, "it has bytes that are no instruction");
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
		slot = &d->last[d->nr_last % DECODER_LAST];
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
		return decoder_refuse(d, "its size is not plausible");
	d->bytes += size;
	bytes = malloc(size);
	if (!bytes)
		return decoder_refuse(d, "out of memory");
	err = d->source->read(d->source->ctx, part->start, bytes, size) ? decoder_refuse(d, "its code cannot be read") :
		decode_bytes(d, bytes, size, part->start);
	free(bytes);
	return err;
}

/* ---- jumps between parts and out of them ---- */

static int add_part(struct decoder *d, const struct code_range *part)
{
	if (d->nr_parts == FUNCTION_CODE_PARTS)
		return decoder_refuse(d, "it is in too many parts");
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
			return part.end > part.start ? add_part(d, &part) : decoder_refuse(d, "it only jumps to another function");
		return jump->conditional ? decoder_refuse(d, "it jumps to another function on a condition") : add_exit(d, jump->from);
	case CODE_INSIDE:
		return decoder_refuse(d, "it jumps into the middle of another function");
	case CODE_UNKNOWN:
		break;
	}
	return decoder_refuse(d, "it jumps to code whose bounds are unknown");
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
			err = decoder_refuse(d, "it jumps into the middle of an instruction");
	return err;
}

static int read_function(struct decoder *d, const struct code_range *range)
{
	size_t i;
	int err = add_part(d, range);

	if (!err)
		err = code_entry_find(d, range);
	if (!err)
		err = read_jumps(d);
	for (i = 0; i < d->code->nr_exits && !err; i++)
		d->code->is_empty |= d->code->exits[i] == d->code->entry;
	return err ? err : code_entry_make_cheap(d);
}

/* ---- all of it ---- */

static int open_decoder(struct decoder *d)
{
	size_t i;

	if (!decoder_load())
		return decoder_refuse(d, "libcapstone, which decodes functions, is not installed");
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &d->handle))
		return decoder_refuse(d, "out of memory");
	cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON);
	for (i = 0; i < DECODER_LAST; i++)
		if (!(d->last[i] = cs_malloc(d->handle)))
			return decoder_refuse(d, "out of memory");
	return 0;
}

static void close_decoder(struct decoder *d)
{
	size_t i;

	for (i = 0; i < DECODER_LAST; i++)
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
