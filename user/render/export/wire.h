/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * wire.h - messages of Protocol Buffers, built in memory: https://protobuf.dev/programming-guides/encoding.
 *
 * A writer needs three kinds of fields, which are these functions; each start of the profiler would load a library for them.
 * The first error is kept in `failed`, and all later calls do nothing.
 */
#ifndef RENDER_EXPORT_WIRE_H
#define RENDER_EXPORT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
	uint8_t *list;
	size_t nr, room;
	bool failed;		/* there was no memory */
};

/* A number without the number of a field: an element of a packed field, or a length before a message. */
void wire_number(struct wire *to, uint64_t value);

/* int32, int64, uint64, bool, enum. Negative numbers are passed as uint64_t. */
void wire_integer(struct wire *to, unsigned int field, uint64_t value);

/* sint32, sint64. */
void wire_signed(struct wire *to, unsigned int field, int64_t value);

void wire_double(struct wire *to, unsigned int field, double value);

void wire_string(struct wire *to, unsigned int field, const char *text);

/* A message or a packed field. `part` is emptied and keeps its memory for the next one. */
void wire_part(struct wire *to, unsigned int field, struct wire *part);

/* A message behind its length, as in a stream of messages. */
void wire_delimited(struct wire *to, struct wire *message);

void wire_free(struct wire *wire);

#endif
