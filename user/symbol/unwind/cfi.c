// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * cfi.c - call frame information: runs a function's instructions up to an address.
 *
 * libdw does so for every register that a file names, and a register with a very high number makes it take gigabytes. Here
 * two registers and a stack of fixed depth are kept, and each byte is read once.
 */
#include <assert.h>
#include <dwarf.h>
#include <string.h>

#include "symbol/unwind/cfi.h"

#define BP 6		/* DWARF's numbers for x86-64 */
#define SP 7
#define RETURN 16
#define MAX_REMEMBERED 8	/* states */

enum saved { SAME, AT_OFFSET, LOST, UNDEFINED };	/* LOST: the place needs more than an offset */

struct cfi_registers {
	enum saved bp, ret;
	__s64 bp_at, ret_at;	/* relative to the frame */
	__u64 frame_by;		/* register; the frame is unknown if it is neither BP nor SP */
	__s64 frame_at;
};

struct cfi_cursor {
	const unsigned char *at, *end;
	bool bad;
};

struct cfi_machine {
	struct cfi_cursor code;
	struct cfi_registers now, first, remembered[MAX_REMEMBERED];
	unsigned int nr_remembered;
	__u64 step, location;	/* step: code alignment factor */
	__s64 unit;		/* data alignment factor */
};

static __u64 read_word(struct cfi_cursor *c, size_t bytes)
{
	__u64 value = 0;

	assert(bytes <= sizeof(value));
	if ((size_t)(c->end - c->at) < bytes) {
		c->bad = true;
		return 0;
	}
	memcpy(&value, c->at, bytes);
	c->at += bytes;
	return value;
}

/* Seven bits a byte, the lowest first. */
static __u64 read_leb(struct cfi_cursor *c, bool has_sign)
{
	__u64 value = 0, byte = 0x80;
	unsigned int shift;

	for (shift = 0; byte & 0x80 && shift < 63 && !c->bad; shift += 7) {
		byte = read_word(c, 1);
		value |= (byte & 0x7f) << shift;
	}
	c->bad |= byte & 0x80;
	if (has_sign && byte & 0x40)
		value |= ~0ULL << shift;
	return value;
}

static __u64 read_uleb(struct cfi_cursor *c)
{
	return read_leb(c, false);
}

static __s64 read_sleb(struct cfi_cursor *c)
{
	return (__s64)read_leb(c, true);
}

static void skip_bytes(struct cfi_cursor *c, __u64 bytes)
{
	if (bytes > (__u64)(c->end - c->at))
		c->bad = true;
	else
		c->at += bytes;
}

static void set_register(struct cfi_machine *m, __u64 number, enum saved saved, __s64 at)
{
	if (number == BP) {
		m->now.bp = saved;
		m->now.bp_at = at;
	} else if (number == RETURN) {
		m->now.ret = saved;
		m->now.ret_at = at;
	}
}

static void restore_register(struct cfi_machine *m, __u64 number)
{
	if (number == BP)
		set_register(m, BP, m->first.bp, m->first.bp_at);
	else if (number == RETURN)
		set_register(m, RETURN, m->first.ret, m->first.ret_at);
}

/* The product is unsigned because a hostile file may make it overflow. */
static __s64 scale_offset(const struct cfi_machine *m, __s64 n)
{
	return (__s64)((__u64)n * (__u64)m->unit);
}

static void set_saved(struct cfi_machine *m, __u64 number, __s64 at)
{
	set_register(m, number, AT_OFFSET, scale_offset(m, at));
}

static void set_frame(struct cfi_machine *m, __u64 by, __s64 at)
{
	m->now.frame_by = by;
	m->now.frame_at = at;
}

static void remember_state(struct cfi_machine *m)
{
	if (m->nr_remembered == MAX_REMEMBERED)
		m->code.bad = true;
	else
		m->remembered[m->nr_remembered++] = m->now;
}

static void recall_state(struct cfi_machine *m)
{
	if (!m->nr_remembered)
		m->code.bad = true;
	else
		m->now = m->remembered[--m->nr_remembered];
}

static void run_extended_op(struct cfi_machine *m, unsigned int op)
{
	struct cfi_cursor *c = &m->code;
	__u64 number;

	switch (op) {
	case DW_CFA_nop: break;
	case DW_CFA_advance_loc1: m->location += read_word(c, 1) * m->step; break;
	case DW_CFA_advance_loc2: m->location += read_word(c, 2) * m->step; break;
	case DW_CFA_advance_loc4: m->location += read_word(c, 4) * m->step; break;
	case DW_CFA_offset_extended: number = read_uleb(c); set_saved(m, number, (__s64)read_uleb(c)); break;
	case DW_CFA_offset_extended_sf: number = read_uleb(c); set_saved(m, number, read_sleb(c)); break;
	case DW_CFA_restore_extended: restore_register(m, read_uleb(c)); break;
	case DW_CFA_undefined: set_register(m, read_uleb(c), UNDEFINED, 0); break;
	case DW_CFA_same_value: set_register(m, read_uleb(c), SAME, 0); break;
	case DW_CFA_register:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf: number = read_uleb(c); read_uleb(c); set_register(m, number, LOST, 0); break;
	case DW_CFA_expression:
	case DW_CFA_val_expression: number = read_uleb(c); skip_bytes(c, read_uleb(c)); set_register(m, number, LOST, 0); break;
	case DW_CFA_remember_state: remember_state(m); break;
	case DW_CFA_restore_state: recall_state(m); break;
	case DW_CFA_def_cfa: number = read_uleb(c); set_frame(m, number, (__s64)read_uleb(c)); break;
	case DW_CFA_def_cfa_sf: number = read_uleb(c); set_frame(m, number, scale_offset(m, read_sleb(c))); break;
	case DW_CFA_def_cfa_register: m->now.frame_by = read_uleb(c); break;
	case DW_CFA_def_cfa_offset: m->now.frame_at = (__s64)read_uleb(c); break;
	case DW_CFA_def_cfa_offset_sf: m->now.frame_at = scale_offset(m, read_sleb(c)); break;
	case DW_CFA_def_cfa_expression: skip_bytes(c, read_uleb(c)); set_frame(m, RETURN, 0); break;	/* unknown */
	case DW_CFA_GNU_args_size: read_uleb(c); break;
	default: c->bad = true;
	}
}

/* Runs the instructions up to an address. Each takes at least one byte, so the loop ends. */
static void run_instructions(struct cfi_machine *m, __u64 address)
{
	while (m->code.at < m->code.end && !m->code.bad && m->location <= address) {
		unsigned int op = (unsigned int)read_word(&m->code, 1), low = op & 0x3f;

		switch (op & 0xc0) {
		case DW_CFA_advance_loc: m->location += low * m->step; break;
		case DW_CFA_offset: set_saved(m, low, (__s64)read_uleb(&m->code)); break;
		case DW_CFA_restore: restore_register(m, low); break;
		default: run_extended_op(m, op);
		}
	}
}

static size_t pointer_bytes(unsigned int kind)
{
	switch (kind & 7) {
	case DW_EH_PE_udata2: return 2;
	case DW_EH_PE_udata4: return 4;
	default: return 8;
	}
}

/* Skips the data of the augmentation letters. Returns false for an unknown letter or a kind of address that is not supported. */
static bool skip_augmentation(struct cfi_cursor *c, const char *letter)
{
	const unsigned char *end;
	__u64 bytes = read_uleb(c);

	if (bytes > (__u64)(c->end - c->at))
		return false;
	for (end = c->at + bytes; *letter && !c->bad; letter++) {
		switch (*letter) {
		case 'R':
			if (read_word(c, 1) != (DW_EH_PE_pcrel | DW_EH_PE_sdata4))
				return false;
			break;
		case 'P': skip_bytes(c, pointer_bytes((unsigned int)read_word(c, 1))); break;
		case 'L': skip_bytes(c, 1); break;
		case 'S': break;
		default: return false;
		}
	}
	c->at = end;
	return !c->bad;
}

/* Reads the common part: its factors and the first state of the registers. Returns false if it is not of the usual kind. */
static bool run_common(struct cfi_machine *m, const struct cfi_piece *common)
{
	struct cfi_cursor *c = &m->code;
	const char *augmentation;

	*c = (struct cfi_cursor) {common->bytes, common->bytes + common->size, false};
	skip_bytes(c, 8);
	if (read_word(c, 1) != 1 || c->bad)
		return false;
	augmentation = (const char *)c->at;
	skip_bytes(c, strnlen(augmentation, (size_t)(c->end - c->at)) + 1);
	if (c->bad || augmentation[0] != 'z')
		return false;
	m->step = read_uleb(c);
	m->unit = read_sleb(c);
	if (read_word(c, 1) != RETURN || !skip_augmentation(c, augmentation + 1))
		return false;
	run_instructions(m, ~0ULL);
	m->first = m->now;
	return !c->bad;
}

static bool fits_s32(__s64 n)
{
	return n == (__s32)n;
}

static struct unwind_rule make_rule(const struct cfi_registers *r)
{
	struct unwind_rule rule = {0};

	rule.outermost = r->ret == UNDEFINED;
	if ((r->frame_by != BP && r->frame_by != SP) || r->ret != AT_OFFSET || r->bp == LOST || r->bp == UNDEFINED || !fits_s32(r->frame_at) ||
	    !fits_s32(r->ret_at) || !fits_s32(r->bp_at))
		return rule;
	rule.known = true;
	rule.by_bp = r->frame_by == BP;
	rule.bp_saved = r->bp == AT_OFFSET;
	rule.frame_at = (__s32)r->frame_at;
	rule.return_at = (__s32)r->ret_at;
	rule.bp_at = rule.bp_saved ? (__s32)r->bp_at : 0;
	return rule;
}

struct unwind_rule cfi_rule(const struct cfi_piece *common, const struct cfi_piece *own, __u64 own_address, __u64 address)
{
	const struct unwind_rule none = {0};
	struct cfi_machine m = {.now = {.frame_by = RETURN}};
	struct cfi_cursor *c = &m.code;
	__u64 start, bytes;

	if (!run_common(&m, common))
		return none;
	*c = (struct cfi_cursor) {own->bytes, own->bytes + own->size, false};
	skip_bytes(c, 8);
	start = own_address + 8 + (__u64)(__s64)(__s32)read_word(c, 4);
	bytes = read_word(c, 4);
	skip_bytes(c, read_uleb(c));
	if (c->bad || address - start >= bytes)
		return none;
	m.location = start;
	m.nr_remembered = 0;
	run_instructions(&m, address);
	return c->bad ? none : make_rule(&m.now);
}
