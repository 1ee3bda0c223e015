// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* code_object.c - what a code object of the target says: name, file, lines. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/python/code_object.h"
#include "symbol/python/unicode.h"

#define HEADER_BYTES 512		/* more than any layout reaches */
#define TABLE_BYTES (1 << 20)		/* a function of 100,000 lines */
#define BYTES_SIZE_OFFSET 16		/* of a bytes object */
#define BYTES_DATA_OFFSET 32
#define VERSIONED 12			/* the first minor whose code objects have a number of their own */
#define FLAGGED 14			/* the first one whose references have flags beside them */

struct header {
	__u64 type, name, file, table;
	__u32 first, tag;
	__u32 internal, alive;
};

struct fields {
	const unsigned char *bytes;
	bool outside;
};

static __u64 field(struct fields *f, unsigned int offset, size_t size)
{
	__u64 value = 0;

	if (offset + size > HEADER_BYTES)
		f->outside = true;
	else
		memcpy(&value, f->bytes + offset, size);
	return value;
}

static size_t extent(const struct python_layout *layout)
{
	const __u16 offsets[] = {layout->code_type_offset, layout->code_firstlineno, layout->code_flags, layout->code_argcount,
				 layout->code_kwonly, layout->code_version, layout->code_name, layout->code_qualname,
				 layout->code_filename, layout->code_linetable};
	size_t i, end = 0;

	for (i = 0; i < sizeof(offsets) / sizeof(*offsets); i++)
		if (offsets[i] > end)
			end = offsets[i];
	return end + 8 < HEADER_BYTES ? end + 8 : HEADER_BYTES;
}

static __u32 tag_of(struct fields *f, const struct target_memory *memory, const struct python_layout *layout)
{
	__u64 hash = 0;

	if (layout->minor >= VERSIONED)
		return (__u32)field(f, layout->code_version, 4);
	if (target_memory_read(memory, field(f, layout->code_name, 8) + PYTHON_STRING_HASH, &hash, sizeof(hash)))
		hash = 0;
	return python_tag((__u32)field(f, layout->code_firstlineno, 4), (__u32)field(f, layout->code_flags, 4),
			  (__u32)field(f, layout->code_argcount, 4), (__u32)field(f, layout->code_kwonly, 4),
			  hash, field(f, layout->code_linetable, 8));
}

/*
 * An object has a number of references, of 32 bits at most: of what was freed it is 0, or a pointer to what was freed
 * before. From 3.14 on there are flags in the highest 16 bits.
 */
static bool is_alive(struct fields *f, const struct python_layout *layout)
{
	__u64 references = field(f, 0, 8);

	if (layout->minor >= FLAGGED)
		references = references << 16 >> 16;
	return references && references <= UINT32_MAX;
}

static int header_read(struct header *to, const struct target_memory *memory, const struct python_layout *layout, __u64 address)
{
	unsigned char bytes[HEADER_BYTES];
	struct fields f = {bytes, false};
	int err = target_memory_read(memory, address, bytes, extent(layout));

	if (err)
		return err;
	memset(to, 0, sizeof(*to));	/* compared as bytes */
	to->type = field(&f, layout->code_type_offset, 8);
	to->name = field(&f, layout->minor >= 11 ? layout->code_qualname : layout->code_name, 8);
	to->file = field(&f, layout->code_filename, 8);
	to->table = field(&f, layout->code_linetable, 8);
	to->first = (__u32)field(&f, layout->code_firstlineno, 4);
	to->tag = tag_of(&f, memory, layout);
	to->alive = is_alive(&f, layout);
	/* The interpreter's own, below an __init__() that it calls without a detour: tracebacks do not show it. */
	to->internal = layout->minor >= 13 && !to->first && field(&f, layout->code_name, 8) == to->file;
	return f.outside ? -EINVAL : 0;
}

/* Version 0 is what all get once the interpreter has run out of numbers: it tells nothing. Its own code has none, and stays. */
static bool is_the_frames(const struct header *header, const struct python_layout *layout, const struct python_frame *frame)
{
	return header->alive && header->type == layout->code_type && header->tag == frame->tag &&
	       (frame->tag || layout->minor < VERSIONED || header->internal);
}

static int keep_text(const char **to, const struct target_memory *memory, const struct python_layout *layout, __u64 address,
		     struct intern *strings)
{
	char text[UNICODE_BYTES];
	int err = unicode_read(memory, layout, address, text);

	if (!err)
		*to = intern_keep(strings, text);
	return err;
}

/* A table that is not there costs the lines, not the name. */
static int with_table(struct code_object **code, const struct target_memory *memory, __u64 address)
{
	struct code_object *to;
	__s64 size = 0;

	if (target_memory_read(memory, address + BYTES_SIZE_OFFSET, &size, sizeof(size)) || size < 0 || size > TABLE_BYTES)
		size = 0;
	to = calloc(1, sizeof(*to) + (size_t)size);
	if (!to)
		return -ENOMEM;
	if (size && !target_memory_read(memory, address + BYTES_DATA_OFFSET, to->table, (size_t)size))
		to->table_bytes = (__u32)size;
	*code = to;
	return 0;
}

static int contents_read(struct code_object **code, const struct header *header, const struct target_memory *memory,
			 const struct python_layout *layout, struct intern *strings)
{
	const char *name, *file;
	int err = keep_text(&name, memory, layout, header->name, strings);

	if (!err)
		err = keep_text(&file, memory, layout, header->file, strings);
	if (!err)
		err = with_table(code, memory, header->table);
	if (err)
		return err;
	(*code)->name = name;
	(*code)->file = file;
	(*code)->first = header->first;
	(*code)->internal = header->internal;
	return 0;
}

int code_object_read(struct code_object **code, const struct target_memory *memory, const struct python_layout *layout,
		     const struct python_frame *frame, struct intern *strings)
{
	struct header before, after;
	int err = header_read(&before, memory, layout, frame->code);

	if (err)
		return err;
	if (!is_the_frames(&before, layout, frame))
		return -ESTALE;
	err = contents_read(code, &before, memory, layout, strings);
	if (err)
		return err;
	err = header_read(&after, memory, layout, frame->code);
	if (!err && memcmp(&before, &after, sizeof(before)))
		err = -ESTALE;
	if (err)
		free(*code);
	return err;
}
