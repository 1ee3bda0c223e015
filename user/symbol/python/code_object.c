// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* code_object.c - reads a code object of the target: its name, file and line table. */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "symbol/python/code_object.h"
#include "symbol/python/unicode.h"

#define HEADER_BYTES 512		/* more than any layout reaches */
#define MAX_TABLE_BYTES (1 << 20)	/* enough for a function of 100,000 lines */
#define BYTES_SIZE_OFFSET 16		/* in a bytes object */
#define BYTES_DATA_OFFSET 32
#define VERSION_MINOR 12		/* from 3.12 on each code object has a version number of its own */
#define CODE_SUSPENDS (0x80 | 0x200)	/* co_flags: CO_COROUTINE, CO_ASYNC_GENERATOR */
#define FLAGS_MINOR 14			/* from 3.14 on the reference count has flags in its highest 16 bits */

struct code_header {
	__u64 type, name, file, table;
	__u32 first_line, tag;
	__u32 internal, alive, suspends, pad;
};

struct code_fields {
	const unsigned char *bytes;
	bool outside;		/* a field lies beyond the bytes */
};

static __u64 read_field(struct code_fields *f, unsigned int offset, size_t size)
{
	__u64 value = 0;

	assert(size <= sizeof(value));
	if (offset + size > HEADER_BYTES)
		f->outside = true;
	else
		memcpy(&value, f->bytes + offset, size);
	return value;
}

/* Bytes of a code object that hold all fields of the layout. */
static size_t header_bytes(const struct python_layout *layout)
{
	const __u16 offsets[] = {layout->code_type_offset, layout->code_firstlineno, layout->code_flags, layout->code_argcount,
				 layout->code_kwonly, layout->code_version, layout->code_name, layout->code_qualname,
				 layout->code_filename, layout->code_linetable};
	size_t i, end = 0;

	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		if (offsets[i] > end)
			end = offsets[i];
	return end + 8 < HEADER_BYTES ? end + 8 : HEADER_BYTES;
}

static __u32 read_tag(struct code_fields *f, const struct target_memory *memory, const struct python_layout *layout)
{
	__u64 hash = 0;

	if (layout->minor >= VERSION_MINOR)
		return (__u32)read_field(f, layout->code_version, 4);
	if (target_memory_read(memory, read_field(f, layout->code_name, 8) + PYTHON_STRING_HASH, &hash, sizeof(hash)))
		hash = 0;
	return python_tag((__u32)read_field(f, layout->code_firstlineno, 4), (__u32)read_field(f, layout->code_flags, 4),
			  (__u32)read_field(f, layout->code_argcount, 4), (__u32)read_field(f, layout->code_kwonly, 4),
			  hash, read_field(f, layout->code_linetable, 8));
}

/*
 * An object begins with its reference count, which fits in 32 bits. In a freed object that word is 0 or a pointer to the
 * object freed before.
 */
static bool is_alive(struct code_fields *f, const struct python_layout *layout)
{
	__u64 references = read_field(f, 0, 8);

	if (layout->minor >= FLAGS_MINOR)
		references = references << 16 >> 16;
	return references && references <= UINT32_MAX;
}

static int read_header(struct code_header *to, const struct target_memory *memory, const struct python_layout *layout,
		       __u64 address)
{
	unsigned char bytes[HEADER_BYTES];
	struct code_fields f = {bytes, false};
	int err = target_memory_read(memory, address, bytes, header_bytes(layout));

	if (err)
		return err;
	memset(to, 0, sizeof(*to));	/* headers are compared as bytes, with their padding */
	to->type = read_field(&f, layout->code_type_offset, 8);
	to->name = read_field(&f, layout->minor >= 11 ? layout->code_qualname : layout->code_name, 8);
	to->file = read_field(&f, layout->code_filename, 8);
	to->table = read_field(&f, layout->code_linetable, 8);
	to->first_line = (__u32)read_field(&f, layout->code_firstlineno, 4);
	to->tag = read_tag(&f, memory, layout);
	to->alive = is_alive(&f, layout);
	to->suspends = (read_field(&f, layout->code_flags, 4) & CODE_SUSPENDS) != 0;
	/* The interpreter's own code, below an __init__() that it calls directly. Tracebacks do not show it. */
	to->internal = layout->minor >= 13 && !to->first_line && read_field(&f, layout->code_name, 8) == to->file;
	return f.outside ? -EINVAL : 0;
}

/*
 * All code objects get version 0 once the interpreter has run out of numbers, so 0 identifies none. The interpreter's own code
 * has version 0, too, but is never freed.
 */
static bool is_code_of_frame(const struct code_header *header, const struct python_layout *layout,
			     const struct python_frame *frame)
{
	return header->alive && header->type == layout->code_type && header->tag == frame->tag &&
	       (frame->tag || layout->minor < VERSION_MINOR || header->internal);
}

static int intern_text(const char **to, const struct target_memory *memory, const struct python_layout *layout, __u64 address,
		       struct intern *intern)
{
	char text[UNICODE_BYTES];
	int err = unicode_read(memory, layout, address, text);

	if (!err)
		*to = intern_keep(intern, text);
	return err;
}

/* Without a readable table the lines are unknown, but the name is not. */
static int allocate_with_table(struct code_object **code, const struct target_memory *memory, __u64 address)
{
	struct code_object *to;
	__s64 size = 0;

	if (target_memory_read(memory, address + BYTES_SIZE_OFFSET, &size, sizeof(size)) || size < 0 || size > MAX_TABLE_BYTES)
		size = 0;
	to = calloc(1, sizeof(*to) + (size_t)size);
	if (!to)
		return -ENOMEM;
	if (size && !target_memory_read(memory, address + BYTES_DATA_OFFSET, to->table, (size_t)size))
		to->table_bytes = (__u32)size;
	*code = to;
	return 0;
}

static int read_contents(struct code_object **code, const struct code_header *header, const struct target_memory *memory,
			 const struct python_layout *layout, struct intern *intern)
{
	const char *name, *file;
	int err = intern_text(&name, memory, layout, header->name, intern);

	if (!err)
		err = intern_text(&file, memory, layout, header->file, intern);
	if (!err)
		err = allocate_with_table(code, memory, header->table);
	if (err)
		return err;
	(*code)->name = name;
	(*code)->file = file;
	(*code)->first_line = header->first_line;
	(*code)->internal = header->internal;
	(*code)->suspends = header->suspends;
	return 0;
}

int code_object_read(struct code_object **code, const struct target_memory *memory, const struct python_layout *layout,
		     const struct python_frame *frame, struct intern *intern)
{
	struct code_header before, after;
	int err = read_header(&before, memory, layout, frame->code);

	if (err)
		return err;
	if (!is_code_of_frame(&before, layout, frame))
		return -ESTALE;
	err = read_contents(code, &before, memory, layout, intern);
	if (err)
		return err;
	err = read_header(&after, memory, layout, frame->code);
	if (!err && memcmp(&before, &after, sizeof(before)))
		err = -ESTALE;
	if (err)
		free(*code);
	return err;
}
