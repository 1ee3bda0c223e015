// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * cfi.c - runs what a compiler has noted of a function's frame, up to an address.
 *
 * libdw does that, too, for every register that a file may speak of: for one with a very high number it takes gigabytes.
 * Here it is two registers and a fixed depth, and each byte is read once.
 */
#include <dwarf.h>
#include <string.h>

#include "symbol/unwind/cfi.h"

#define BP 6		/* x86-64's numbers */
#define SP 7
#define RETURN 16
#define REMEMBERED 8	/* states */

enum saved { SAME, AT_OFFSET, LOST };	/* LOST: or it takes more to tell */

struct registers {
	enum saved bp, back;
	__s64 bp_at, back_at;	/* from the frame */
	__u64 frame_by;		/* register; of any other than BP and SP nothing is known */
	__s64 frame_at;
};

struct cursor {
	const unsigned char *at, *end;
	bool bad;
};

struct machine {
	struct cursor code;
	struct registers now, first, remembered[REMEMBERED];
	unsigned int nr_remembered;
	__u64 step, location;
	__s64 unit;
};

static __u64 word(struct cursor *c, size_t bytes)
{
	__u64 value = 0;

	if ((size_t)(c->end - c->at) < bytes) {
		c->bad = true;
		return 0;
	}
	memcpy(&value, c->at, bytes);
	c->at += bytes;
	return value;
}

/* Seven bits a byte, the lowest first. */
static __u64 leb(struct cursor *c, bool has_sign)
{
	__u64 value = 0, byte = 0x80;
	unsigned int shift;

	for (shift = 0; byte & 0x80 && shift < 63 && !c->bad; shift += 7) {
		byte = word(c, 1);
		value |= (byte & 0x7f) << shift;
	}
	c->bad |= byte & 0x80;
	if (has_sign && byte & 0x40)
		value |= ~0ULL << shift;
	return value;
}

static __u64 uleb(struct cursor *c)
{
	return leb(c, false);
}

static __s64 sleb(struct cursor *c)
{
	return (__s64)leb(c, true);
}

static void skip(struct cursor *c, __u64 bytes)
{
	if (bytes > (__u64)(c->end - c->at))
		c->bad = true;
	else
		c->at += bytes;
}

static void set(struct machine *m, __u64 number, enum saved saved, __s64 at)
{
	if (number == BP) {
		m->now.bp = saved;
		m->now.bp_at = at;
	} else if (number == RETURN) {
		m->now.back = saved;
		m->now.back_at = at;
	}
}

static void restore(struct machine *m, __u64 number)
{
	if (number == BP)
		set(m, BP, m->first.bp, m->first.bp_at);
	else if (number == RETURN)
		set(m, RETURN, m->first.back, m->first.back_at);
}

/* Of numbers that no compiler has meant, some number. */
static __s64 units(const struct machine *m, __s64 n)
{
	return (__s64)((__u64)n * (__u64)m->unit);
}

static void set_frame(struct machine *m, __u64 by, __s64 at)
{
	m->now.frame_by = by;
	m->now.frame_at = at;
}

static void remember(struct machine *m)
{
	if (m->nr_remembered == REMEMBERED)
		m->code.bad = true;
	else
		m->remembered[m->nr_remembered++] = m->now;
}

static void recall(struct machine *m)
{
	if (!m->nr_remembered)
		m->code.bad = true;
	else
		m->now = m->remembered[--m->nr_remembered];
}

static void run_extended(struct machine *m, unsigned int op)
{
	struct cursor *c = &m->code;
	__u64 number;

	switch (op) {
	case DW_CFA_nop: break;
	case DW_CFA_advance_loc1: m->location += word(c, 1) * m->step; break;
	case DW_CFA_advance_loc2: m->location += word(c, 2) * m->step; break;
	case DW_CFA_advance_loc4: m->location += word(c, 4) * m->step; break;
	case DW_CFA_offset_extended: number = uleb(c); set(m, number, AT_OFFSET, units(m, (__s64)uleb(c))); break;
	case DW_CFA_offset_extended_sf: number = uleb(c); set(m, number, AT_OFFSET, units(m, sleb(c))); break;
	case DW_CFA_restore_extended: restore(m, uleb(c)); break;
	case DW_CFA_undefined: set(m, uleb(c), LOST, 0); break;
	case DW_CFA_same_value: set(m, uleb(c), SAME, 0); break;
	case DW_CFA_register:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf: number = uleb(c); uleb(c); set(m, number, LOST, 0); break;
	case DW_CFA_expression:
	case DW_CFA_val_expression: number = uleb(c); skip(c, uleb(c)); set(m, number, LOST, 0); break;
	case DW_CFA_remember_state: remember(m); break;
	case DW_CFA_restore_state: recall(m); break;
	case DW_CFA_def_cfa: number = uleb(c); set_frame(m, number, (__s64)uleb(c)); break;
	case DW_CFA_def_cfa_sf: number = uleb(c); set_frame(m, number, units(m, sleb(c))); break;
	case DW_CFA_def_cfa_register: m->now.frame_by = uleb(c); break;
	case DW_CFA_def_cfa_offset: m->now.frame_at = (__s64)uleb(c); break;
	case DW_CFA_def_cfa_offset_sf: m->now.frame_at = units(m, sleb(c)); break;
	case DW_CFA_def_cfa_expression: skip(c, uleb(c)); set_frame(m, RETURN, 0); break;	/* by none of ours */
	case DW_CFA_GNU_args_size: uleb(c); break;
	default: c->bad = true;
	}
}

/* Each instruction takes a byte at least. */
static void run(struct machine *m, __u64 address)
{
	while (m->code.at < m->code.end && !m->code.bad && m->location <= address) {
		unsigned int op = (unsigned int)word(&m->code, 1), low = op & 0x3f;

		switch (op & 0xc0) {
		case DW_CFA_advance_loc: m->location += low * m->step; break;
		case DW_CFA_offset: set(m, low, AT_OFFSET, units(m, (__s64)uleb(&m->code))); break;
		case DW_CFA_restore: restore(m, low); break;
		default: run_extended(m, op);
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

/* Of each letter something stands behind the length that follows. False: one that we do not know, or addresses of another kind. */
static bool pass_augmentation(struct cursor *c, const char *letter)
{
	const unsigned char *end;
	__u64 bytes = uleb(c);

	if (bytes > (__u64)(c->end - c->at))
		return false;
	for (end = c->at + bytes; *letter && !c->bad; letter++) {
		switch (*letter) {
		case 'R':
			if (word(c, 1) != (DW_EH_PE_pcrel | DW_EH_PE_sdata4))
				return false;
			break;
		case 'P': skip(c, pointer_bytes((unsigned int)word(c, 1))); break;
		case 'L': skip(c, 1); break;
		case 'S': break;
		default: return false;
		}
	}
	c->at = end;
	return !c->bad;
}

/* What is in common: how it counts, what it begins with. False: not of the usual kind. */
static bool begin(struct machine *m, const struct cfi_piece *common)
{
	struct cursor *c = &m->code;
	const char *augmentation;

	*c = (struct cursor) {common->bytes, common->bytes + common->size, false};
	skip(c, 8);
	if (word(c, 1) != 1 || c->bad)
		return false;
	augmentation = (const char *)c->at;
	skip(c, strnlen(augmentation, (size_t)(c->end - c->at)) + 1);
	if (c->bad || augmentation[0] != 'z')
		return false;
	m->step = uleb(c);
	m->unit = sleb(c);
	if (word(c, 1) != RETURN || !pass_augmentation(c, augmentation + 1))
		return false;
	run(m, ~0ULL);
	m->first = m->now;
	return !c->bad;
}

static bool fits(__s64 n)
{
	return n == (__s32)n;
}

static struct unwind_rule rule_of(const struct registers *r)
{
	struct unwind_rule rule = {0};

	if ((r->frame_by != BP && r->frame_by != SP) || r->back != AT_OFFSET || r->bp == LOST || !fits(r->frame_at) ||
	    !fits(r->back_at) || !fits(r->bp_at))
		return rule;
	rule.known = true;
	rule.by_bp = r->frame_by == BP;
	rule.bp_saved = r->bp == AT_OFFSET;
	rule.frame_at = (__s32)r->frame_at;
	rule.return_at = (__s32)r->back_at;
	rule.bp_at = rule.bp_saved ? (__s32)r->bp_at : 0;
	return rule;
}

struct unwind_rule cfi_rule(const struct cfi_piece *common, const struct cfi_piece *own, __u64 own_address, __u64 address)
{
	const struct unwind_rule none = {0};
	struct machine m = {.now = {.frame_by = RETURN}};
	struct cursor *c = &m.code;
	__u64 start, bytes;

	if (!begin(&m, common))
		return none;
	*c = (struct cursor) {own->bytes, own->bytes + own->size, false};
	skip(c, 8);
	start = own_address + 8 + (__u64)(__s64)(__s32)word(c, 4);
	bytes = word(c, 4);
	skip(c, uleb(c));
	if (c->bad || address - start >= bytes)
		return none;
	m.location = start;
	m.nr_remembered = 0;
	run(&m, address);
	return c->bad ? none : rule_of(&m.now);
}
