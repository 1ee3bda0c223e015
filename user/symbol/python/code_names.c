// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* code_names.c - the functions that Python frames are in; each code object is read once. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "symbol/python/code_object.h"
#include "symbol/python/line_table.h"
#include "symbol/python/code_names.h"

#define MAX_CODES 16384
#define MAX_BYTES (16 << 20)		/* mostly line tables; those of a torch evaluation take 1 MiB */
#define NUMBERED 12			/* the first minor where a tag belongs to one code object only */
#define RECHECK_NS 1000000000ULL

void code_names_init(struct code_names *names, const struct target_memory *memory, struct intern *strings)
{
	*names = (struct code_names){
		.memory = *memory,
		.strings = strings,
		.codes = {.max_entries = MAX_CODES, .max_bytes = MAX_BYTES},
	};
}

void code_names_use(struct code_names *names, const struct python_layout *layout)
{
	struct python_layout use = layout ? *layout : (struct python_layout){};

	if (memcmp(&use, &names->layout, sizeof(use)))
		cache_clear(&names->codes);
	names->layout = use;
}

/*
 * Up to 3.11 another function of the same shape on the same line may have got the address and the tag as well;
 * so what was read is only good for a while there.
 */
static bool is_fresh(const struct code_names *names, const struct code_object *code)
{
	return names->layout.minor >= NUMBERED || clock_now_ns() - code->read_ns < RECHECK_NS;
}

static const struct code_object *code_of(struct code_names *names, const struct python_frame *frame)
{
	struct code_object *known = cache_get(&names->codes, frame->code, frame->tag), *code;
	int err;

	if (known && is_fresh(names, known))
		return known;
	err = code_object_read(&code, &names->memory, &names->layout, frame, names->strings);
	if (err)	/* once the process is gone, what was read of it is all there is */
		return err == -ESRCH ? known : NULL;
	code->read_ns = clock_now_ns();
	return cache_put(&names->codes, frame->code, frame->tag, code, sizeof(*code) + code->table_bytes) ? code : NULL;
}

bool code_names_find(struct code_names *names, const struct python_frame *frame, struct symbol *symbol)
{
	const struct code_object *code = NULL;

	*symbol = (struct symbol){.python = true};
	if (frame->code && names->layout.minor)
		code = code_of(names, frame);
	if (!code)
		return false;
	symbol->function = code->name;
	symbol->file = code->file;
	symbol->internal = code->internal;
	if (!line_table_find(names->layout.minor, code->table, code->table_bytes, code->first, frame->offset, &symbol->line) ||
	    !symbol->line)
		symbol->line = code->first <= INT32_MAX ? code->first : 0;
	return true;
}

void code_names_free(struct code_names *names)
{
	cache_clear(&names->codes);
}
