// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* wire.c - messages of Protocol Buffers, built in memory. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "render/export/wire.h"

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2 };

static void append_bytes(struct wire *to, const void *bytes, size_t size)
{
	if (to->failed || !size)
		return;
	if (!array_reserve(to->list, to->nr, to->room, size)) {
		to->failed = true;
		return;
	}
	memcpy(to->list + to->nr, bytes, size);
	to->nr += size;
}

void wire_number(struct wire *to, uint64_t value)
{
	uint8_t bytes[10];
	size_t nr = 0;

	for (; value > 0x7f; value >>= 7)
		bytes[nr++] = (uint8_t)(value | 0x80);
	bytes[nr++] = (uint8_t)value;
	append_bytes(to, bytes, nr);
}

static void append_key(struct wire *to, unsigned int field, enum wire_type type)
{
	wire_number(to, (uint64_t)field << 3 | type);
}

void wire_integer(struct wire *to, unsigned int field, uint64_t value)
{
	append_key(to, field, WIRE_VARINT);
	wire_number(to, value);
}

void wire_signed(struct wire *to, unsigned int field, int64_t value)
{
	wire_integer(to, field, value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1);
}

/* The format is little-endian. */
void wire_double(struct wire *to, unsigned int field, double value)
{
	uint8_t bytes[sizeof(uint64_t)];
	uint64_t bits;
	size_t i;

	memcpy(&bits, &value, sizeof(bits));
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(bits >> 8 * i);
	append_key(to, field, WIRE_FIXED64);
	append_bytes(to, bytes, sizeof(bytes));
}

static void append_field(struct wire *to, unsigned int field, const void *bytes, size_t size)
{
	append_key(to, field, WIRE_BYTES);
	wire_number(to, size);
	append_bytes(to, bytes, size);
}

void wire_string(struct wire *to, unsigned int field, const char *text)
{
	append_field(to, field, text, strlen(text));
}

void wire_part(struct wire *to, unsigned int field, struct wire *part)
{
	to->failed |= part->failed;
	append_field(to, field, part->list, part->nr);
	part->nr = 0;
}

void wire_delimited(struct wire *to, struct wire *message)
{
	to->failed |= message->failed;
	wire_number(to, message->nr);
	append_bytes(to, message->list, message->nr);
	message->nr = 0;
}

void wire_free(struct wire *wire)
{
	free(wire->list);
	*wire = (struct wire){0};
}
