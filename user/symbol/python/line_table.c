// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * line_table.c - the line of a Python instruction, by the table of its code object.
 *
 * CPython describes its tables in Objects/lnotab_notes.txt (to 3.10) and Objects/locations.md (from 3.11 on).
 * The bytes come from another process and may no longer be a table: no read goes beyond them.
 */
#include <assert.h>
#include <limits.h>

#include "symbol/python/line_table.h"

static bool set_line(__s64 line, __u32 *to)
{
	*to = (__u32)line;
	return line >= 0 && line <= INT_MAX;
}

#define FIRST_BYTES 64	/* of instructions: the body of a function begins in them */

/* 3.8 and 3.9: pairs of an address delta and a signed line delta. */
static bool find_in_lnotab(const unsigned char *table, size_t bytes, __s64 line, __s64 offset, __u32 *to)
{
	__s64 address = 0;
	size_t i;

	for (i = 0; i + 1 < bytes; i += 2) {
		address += table[i];
		if (address > offset)
			break;
		line += (signed char)table[i + 1];
	}
	return set_line(line, to);
}

#define NO_LINE (-128)

/* 3.10: pairs of the size of a range and the signed line delta of that range. */
static bool find_in_ranges(const unsigned char *table, size_t bytes, __s64 line, __s64 offset, __u32 *to)
{
	__s64 end = 0;
	size_t i;

	for (i = 0; i + 1 < bytes; i += 2) {
		int delta = (signed char)table[i + 1];

		end += table[i];
		if (delta != NO_LINE)
			line += delta;
		if (offset < end)
			return delta != NO_LINE && set_line(line, to);
	}
	return false;
}

struct line_cursor {
	const unsigned char *at, *end;
	bool damaged;
};

static unsigned int next_byte(struct line_cursor *c)
{
	if (c->at >= c->end) {
		c->damaged = true;
		return 0;
	}
	return *c->at++;
}

/* Six bits a byte, the least significant first. Bit 6: another byte follows. */
static __u32 next_varint(struct line_cursor *c)
{
	unsigned int shift = 0, byte;
	__u32 value = 0;

	do {
		byte = next_byte(c);
		value |= (byte & 63) << shift;
		shift += 6;
	} while (byte & 64 && shift < 32);
	return value;
}

static __s64 next_signed(struct line_cursor *c)
{
	__u32 u = next_varint(c);

	return u & 1 ? -(__s64)(u >> 1) : (__s64)(u >> 1);
}

enum location_code {
	ONE_LINE_0 = 10,	/* codes below it: the same line, and one byte of columns */
	ONE_LINE_2 = 12,	/* codes up to it: line delta 0 to 2, and two bytes of columns */
	NO_COLUMNS,
	LONG,
	NONE,
};

/* Reads the rest of an entry, behind its first byte. Returns the line delta. */
static __s64 next_line_delta(struct line_cursor *c, unsigned int code)
{
	__s64 delta = 0;
	int i;

	if (code < NO_COLUMNS) {
		next_byte(c);
		if (code >= ONE_LINE_0) {
			next_byte(c);
			delta = code - ONE_LINE_0;
		}
	} else if (code < NONE) {
		delta = next_signed(c);
		for (i = 0; i < 3 && code == LONG; i++)
			next_varint(c);
	}
	return delta;
}

/* From 3.11 on: entries of varying size, each for 1 to 8 units of two bytes. Only the first byte of an entry has bit 7 set. */
static bool find_in_locations(const unsigned char *table, size_t bytes, __s64 line, __s64 offset, __u32 *to)
{
	struct line_cursor c = {table, table + bytes, false};
	__s64 end = 0;

	while (c.at < c.end) {
		unsigned int first = next_byte(&c), code = first >> 3 & 15;

		if (!(first & 128))
			return false;
		line += next_line_delta(&c, code);
		end += 2 * ((first & 7) + 1);
		if (c.damaged)
			return false;
		if (offset < end)
			return code != NONE && set_line(line, to);
	}
	return false;
}

bool line_table_find(unsigned int minor, const unsigned char *table, size_t bytes, __u32 first_line, __s32 offset, __u32 *line)
{
	assert(minor >= 8);
	if (offset < 0)
		return set_line(first_line, line);
	if (minor >= 11)
		return find_in_locations(table, bytes, first_line, offset, line);
	if (minor == 10)
		return find_in_ranges(table, bytes, first_line, offset, line);
	return find_in_lnotab(table, bytes, first_line, offset, line);
}

__u32 line_table_body(unsigned int minor, const unsigned char *table, size_t bytes, __u32 first_line)
{
	__u32 line, body = 0;
	__s32 offset;

	for (offset = 0; offset < FIRST_BYTES; offset += 2)
		if (line_table_find(minor, table, bytes, first_line, offset, &line) && line > first_line && (!body || line < body))
			body = line;
	return body;
}
