// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* code_names.c - names the functions of Python frames; each code object is read once. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "symbol/python/code_names.h"
#include "symbol/python/code_object.h"
#include "symbol/python/line_table.h"

#define MAX_CODES 16384
#define MAX_BYTES (16 << 20)		/* mostly line tables; those of a torch evaluation take 1 MiB */
#define UNIQUE_TAG_MINOR 12		/* from 3.12 on no two code objects have the same tag */
#define QUALNAME_MINOR 11		/* from 3.11 on code objects have their qualname */
#define RECHECK_NS 1000000000ULL

void code_names_init(struct code_names *names, pid_t pid, const struct target_memory *memory, struct intern *intern)
{
	*names = (struct code_names){
		.pid = pid,
		.memory = *memory,
		.intern = intern,
		.codes = {.max_entries = MAX_CODES, .max_bytes = MAX_BYTES},
	};
}

void code_names_use(struct code_names *names, const struct python_layout *layout)
{
	struct python_layout use = layout ? *layout : (struct python_layout){};

	if (memcmp(&use, &names->layout, sizeof(use))) {
		cache_clear(&names->codes);
		source_names_free(&names->sources);
	}
	names->layout = use;
}

/*
 * Up to 3.11 another function of the same shape on the same line may have got both the address and the tag. So a code
 * object is read again after RECHECK_NS there.
 */
static bool is_fresh(const struct code_names *names, const struct code_object *code)
{
	return names->layout.minor >= UNIQUE_TAG_MINOR || clock_now_ns() - code->read_ns < RECHECK_NS;
}

/* Up to 3.10 the code object has the last part of its qualname. */
static void find_qualname(struct code_names *names, struct code_object *code)
{
	const char *qualname;

	if (names->layout.minor >= QUALNAME_MINOR)
		return;
	qualname = source_names_find(&names->sources, names->pid, code->file, code->first_line, code->name, names->intern);
	if (qualname)
		code->name = qualname;
	code->bare = !qualname;
}

static const struct code_object *find_code(struct code_names *names, const struct python_frame *frame)
{
	struct code_object *known = cache_get(&names->codes, frame->code, frame->tag), *code;
	int err;

	if (known && is_fresh(names, known))
		return known;
	err = code_object_read(&code, &names->memory, &names->layout, frame, names->intern);
	if (err)	/* of a process that has exited, an older copy is better than none */
		return err == -ESRCH ? known : NULL;
	find_qualname(names, code);
	code->body_line = line_table_body(names->layout.minor, code->table, code->table_bytes, code->first_line);
	code->read_ns = clock_now_ns();
	return cache_put(&names->codes, frame->code, frame->tag, code, sizeof(*code) + code->table_bytes) ? code : NULL;
}

bool code_names_find(struct code_names *names, const struct python_frame *frame, struct symbol *symbol)
{
	const struct code_object *code = NULL;

	*symbol = (struct symbol){.python = true};
	if (frame->code && names->layout.minor)
		code = find_code(names, frame);
	if (!code)
		return false;
	symbol->function = code->name;
	symbol->file = code->file;
	symbol->internal = code->internal;
	symbol->suspends = code->suspends;
	symbol->first_line = code->first_line <= INT32_MAX ? code->first_line : 0;
	symbol->body_line = code->body_line;
	symbol->bare = code->bare;
	if (!line_table_find(names->layout.minor, code->table, code->table_bytes, code->first_line, frame->offset,
			     &symbol->line) || !symbol->line)
		symbol->line = symbol->first_line;
	return true;
}

void code_names_free(struct code_names *names)
{
	cache_clear(&names->codes);
	source_names_free(&names->sources);
}
