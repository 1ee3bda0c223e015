// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_lookup.c - finds the functions of --section in a file of a target, and the code where they are probed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/proc.h"
#include "collect/target/function_lookup.h"
#include "host/isolate.h"
#include "symbol/function_places.h"

/* ---- names ---- */

struct names_question {
	pid_t pid;
	const struct dcbs_native_section *option;
};

static void search_names(void *ctx, void *result)
{
	const struct names_question *question = ctx;
	struct functions_named *named = result;

	memset(named, 0, sizeof(*named));
	named->err = find_functions(&named->found, question->pid, question->option->binary, question->option->function);
	snprintf(named->error, sizeof(named->error), "%s", named->err ? dcbs_profiler_error() : "");
}

/* ---- IFUNCs ---- */

struct chosen_search {
	const struct binary_file *file;
	__u64 address, offset;		/* in the process, and in the file */
	bool found;
};

static bool find_chosen(void *ctx, const struct proc_mapping *map)
{
	struct chosen_search *search = ctx;

	if (search->address < map->start || search->address >= map->end)
		return true;
	search->found = map->executable && map->dev == search->file->dev && map->ino == search->file->ino;
	search->offset = search->address - map->start + map->offset;
	return false;
}

/* Returns the file's place for what a word in the process's memory leads to; 0: to none that this file has. */
static __u64 chosen_offset(const struct found_functions *found, const struct target *target, __u64 slot)
{
	struct chosen_search search = {.file = &found->file};

	if (target_read(target, slot, &search.address, sizeof(search.address)) || proc_each_mapping(target->pid, find_chosen, &search))
		return 0;
	return search.found ? search.offset : 0;
}

static bool is_listed(const struct found_functions *found, __u64 offset)
{
	size_t i;

	for (i = 0; i < found->nr; i++)
		if (found->list[i].offset == offset)
			return true;
	return false;
}

/* Appends what the IFUNC has chosen. A word that the loader has not filled yet leads to a stub, or to the function that chooses. */
static void add_chosen(struct found_functions *found, const struct target *target, const struct found_function *ifunc)
{
	size_t i;

	for (i = 0; i < found->nr_slots && found->nr < FOUND_FUNCTIONS; i++) {
		__u64 offset = chosen_offset(found, target, found->slots[i]);

		if (!offset || offset == ifunc->offset || is_listed(found, offset))
			continue;
		found->list[found->nr] = *ifunc;
		found->list[found->nr].size = 0;
		found->list[found->nr].address = ifunc->address + (offset - ifunc->offset);
		found->list[found->nr++].offset = offset;
	}
}

static int use_chosen(struct found_functions *found, const struct target *target)
{
	struct found_function ifunc;
	size_t i, nr;

	for (i = 0; i < found->nr && !found->list[i].ifunc; i++)
		;
	if (i == found->nr)
		return 0;
	ifunc = found->list[i];
	memmove(&found->list[i], &found->list[i + 1], (found->nr - i - 1) * sizeof(ifunc));
	nr = --found->nr;
	add_chosen(found, target, &ifunc);
	return found->nr > nr ? 0 :
		fail(-ENOTSUP, "--section: %s is chosen among several functions when the program is loaded (IFUNC), and process %d has not "
		     "chosen one of that file yet", ifunc.name, target->pid);
}

int function_lookup_names(struct functions_named *named, const struct target *target, const struct dcbs_native_section *option)
{
	struct names_question question = {target->pid, option};
	int err;

	memset(named, 0, sizeof(*named));
	err = isolate_call(search_names, &question, named, sizeof(*named));
	if (err)
		return fail(err, "--section: %s cannot be read: %s", option->binary, strerror(-err));
	if (named->err)
		return fail(named->err, "%s", named->error);
	return use_chosen(&named->found, target);
}

/* ---- code ---- */

struct code_question {
	pid_t pid;
	const struct binary_file *file;
	const struct found_function *function;
};

static void read_code(struct function_lookup *code, int fd)
{
	size_t i;

	code_place_read(&code->entry, fd, code->places.entry);
	for (i = 0; i < code->places.nr_exits; i++)
		code_place_read(&code->exits[i], fd, code->places.exits[i]);
}

static void search_code(void *ctx, void *result)
{
	const struct code_question *question = ctx;
	struct function_lookup *code = result;
	int fd = binary_file_open(question->file, question->pid);

	memset(code, 0, sizeof(*code));
	code->err = fd < 0 ? fail(fd, "--section: cannot open %s: %s", question->file->path, strerror(-fd)) :
		    function_places_find(&code->places, fd, question->function->address, question->function->size);
	if (!code->err)
		read_code(code, fd);
	if (fd >= 0)
		close(fd);
	snprintf(code->error, sizeof(code->error), "%s", code->err ? dcbs_profiler_error() : "");
}

int function_lookup(struct function_lookup *code, int *fd, const struct target *target, const struct found_functions *found, size_t i)
{
	struct code_question question = {target->pid, &found->file, &found->list[i]};
	int err;

	function_places_prepare();
	err = isolate_call(search_code, &question, code, sizeof(*code));
	if (err)
		return fail(err, "--section: %s cannot be read: %s", found->file.path, strerror(-err));
	if (code->err)
		return fail(code->err, "%s", code->error);
	snprintf(code->name, sizeof(code->name), "%s", found->list[i].name);
	*fd = binary_file_open_probe(&found->file, target->pid);
	return *fd < 0 ? fail(*fd, "--section: cannot open %s: %s", found->file.path, strerror(-*fd)) : 0;
}
