// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * find_function.c - finds the native functions of a name in a file that a process has mapped or could map.
 *
 * The file belongs to the target and may be hostile. libelf checks each table before it returns it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/elf_file.h"
#include "base/error.h"
#include "base/mapped_files.h"
#include "symbol/debug/debug_file.h"
#include "symbol/find_function.h"
#include "symbol/native/demangle.h"
#include "symbol/native/elf_open.h"
#include "symbol/search/ifunc_slots.h"
#include "symbol/search/near_names.h"
#include "symbol/search/symbol_search.h"

#define NEAR_NS 300000000ULL	/* for the search for similar names */

struct function_files {
	int fd, debug_fd;
	Elf *elf, *debug;	/* debug: NULL: there is none */
};

/* ---- the files ---- */

static int open_files(struct function_files *files, const struct binary_file *file, pid_t pid, const char *binary)
{
	*files = (struct function_files){.debug_fd = -1};
	files->fd = binary_file_open(file, pid);
	if (files->fd < 0 && files->fd != -ENOEXEC)
		return fail(files->fd, "--section: cannot open %s as process %d sees it: %s", binary, pid, strerror(-files->fd));
	files->elf = elf_open(files->fd);
	if (!files->elf)
		return fail(-ENOEXEC, "--section: %s is not an ELF program or library", binary);
	files->debug_fd = debug_file_open(pid, files->elf, files->fd, file->path);
	files->debug = elf_open(files->debug_fd);
	return 0;
}

static void close_files(const struct function_files *files)
{
	elf_end(files->debug);
	elf_end(files->elf);
	if (files->debug_fd >= 0)
		close(files->debug_fd);
	if (files->fd >= 0)
		close(files->fd);
}

/* ---- which of the symbols count ---- */

static bool has_match(const struct symbol_search *search, enum function_match match, bool old)
{
	size_t i;

	for (i = 0; i < search->nr; i++)
		if (search->list[i].match == match && search->list[i].old_version == old)
			return true;
	return false;
}

static void add_function(struct found_functions *found, const struct symbol_match *match)
{
	struct found_function *f = &found->list[found->nr++];
	char *plain = demangle(match->name);

	*f = (struct found_function){.address = match->address, .size = match->size, .ifunc = match->ifunc};
	snprintf(f->name, sizeof(f->name), "%s", plain ? plain : match->name);
	free(plain);
}

static int choose_functions(struct found_functions *found, const struct symbol_search *search, const char *name)
{
	bool whole = has_match(search, FUNCTION_WHOLE, false) || has_match(search, FUNCTION_WHOLE, true);
	bool old = !has_match(search, FUNCTION_WHOLE, false) && !has_match(search, FUNCTION_PART, false);
	size_t i, n = 0;

	for (i = 0; i < search->nr; i++) {
		const struct symbol_match *match = &search->list[i];

		if (match->old_version && !old) {
			n += (size_t)snprintf(found->old_versions + n, sizeof(found->old_versions) - n, "%s%.100s", n ? ", " : "", match->name);
			n = n < sizeof(found->old_versions) ? n : sizeof(found->old_versions) - 1;
		} else if (whole && match->match == FUNCTION_PART) {
			found->has_parts = true;
		} else if (found->nr == FOUND_FUNCTIONS) {
			return fail(-E2BIG, "--section: more than %d functions are named %s; give one with its parameters, such as %s",
				    FOUND_FUNCTIONS, name, found->list[0].name);
		} else {
			add_function(found, match);
		}
	}
	found->is_part = !whole;
	return 0;
}

/* ---- IFUNCs ---- */

struct slot_search {
	struct found_functions *found;
	struct ifunc_slots slots;
};

static bool add_slots_of_file(void *ctx, int fd, const struct mapped_file *map)
{
	struct slot_search *search = ctx;
	struct found_functions *found = search->found;
	bool own = map->dev == found->file.dev && map->ino == found->file.ino;
	struct ifunc_slots slots = search->slots;
	struct elf_file file;
	Elf *elf = elf_open(fd);
	__u64 bias;
	size_t i;

	if (!own)
		slots.resolver = 0;
	if (elf && !elf_file_open(&file, fd) && !elf_file_bias(&file, map->start, map->offset, &bias)) {
		ifunc_slots_find(&slots, elf);
		for (i = 0; i < slots.nr && found->nr_slots < FOUND_SLOTS; i++)
			found->slots[found->nr_slots++] = slots.slots[i] + bias;
	}
	elf_end(elf);
	close(fd);
	return found->nr_slots < FOUND_SLOTS;
}

static bool is_own_file(void *ctx, const struct mapped_file *map)
{
	const struct slot_search *search = ctx;

	return map->dev == search->found->file.dev && map->ino == search->found->file.ino;
}

/* The file that defines the IFUNC comes first: it mostly calls it, too. */
static int find_slots(struct found_functions *found, pid_t pid, const struct found_function *function)
{
	char name[FOUND_NAME_BYTES];
	struct slot_search search = {.found = found, .slots = {.name = name, .resolver = function->address}};

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(function->name, "@"), function->name);
	if (found->file.mapped)
		mapped_files_each(pid, is_own_file, add_slots_of_file, &search);
	if (found->file.mapped && !found->nr_slots)
		mapped_files_each(pid, NULL, add_slots_of_file, &search);
	return found->nr_slots ? 0 :
		fail(-ENOTSUP, "--section: %s is chosen among several functions when the program is loaded (IFUNC), and process %d has not "
		     "chosen yet: attach with -p once it runs, or name the function that is called", name, pid);
}

/* ---- */

static int report_missing(const struct function_files *files, const struct symbol_search *search, const char *binary, const char *name)
{
	struct near_names near = {.wanted = name, .until_ns = clock_now_ns() + NEAR_NS};
	char list[NEAR_NAMES * (NEAR_NAME_BYTES + 2)];

	if (!search->any)
		return fail(-ENOENT, "--section: %s is stripped of the symbols of functions, and its debug file is not there; use a build with "
			    "symbols, or mark the section in the source", binary);
	near_names_add(&near, files->elf);
	if (files->debug)
		near_names_add(&near, files->debug);
	near_names_write(&near, list, sizeof(list));
	if (near.nr)
		return fail(-ENOENT, "--section: %s has no function %s; similar ones are: %s", binary, name, list);
	return fail(-ENOENT, "--section: %s has no function %s, and none with a similar name; `nm -C %s` lists its functions, without "
		    "inlined ones", binary, name, binary);
}

static int find_offsets(struct found_functions *found, int fd, const char *binary)
{
	struct elf_file file;
	size_t i;

	if (elf_file_open(&file, fd))
		return fail(-ENOEXEC, "--section: %s is not an ELF program or library", binary);
	for (i = 0; i < found->nr; i++)
		if (elf_file_offset(&file, found->list[i].address, &found->list[i].offset))
			return fail(-ENOEXEC, "--section: %s has no code in the file %s", found->list[i].name, binary);
	return 0;
}

static int search_files(struct found_functions *found, const struct function_files *files, pid_t pid, const char *binary, const char *name)
{
	struct symbol_search *search = calloc(1, sizeof(*search));
	size_t i;
	int err;

	if (!search)
		return fail(-ENOMEM, "out of memory");
	search->wanted = name;
	symbol_search_add(search, files->elf);
	if (files->debug)
		symbol_search_add(search, files->debug);
	err = search->nr ? choose_functions(found, search, name) : report_missing(files, search, binary, name);
	if (!err && search->full)
		err = fail(-E2BIG, "--section: more than %d functions are named %s; give one with its parameters", FOUND_FUNCTIONS, name);
	free(search);
	if (!err)
		err = find_offsets(found, files->fd, binary);
	for (i = 0; !err && i < found->nr; i++)
		if (found->list[i].ifunc && !found->nr_slots)
			err = find_slots(found, pid, &found->list[i]);
	return err;
}

int find_functions(struct found_functions *found, pid_t pid, const char *binary, const char *name)
{
	struct function_files files;
	int err;

	memset(found, 0, sizeof(*found));
	err = binary_file_find(&found->file, pid, binary);
	if (err)
		return err;
	err = open_files(&files, &found->file, pid, binary);
	if (!err)
		err = search_files(found, &files, pid, binary, name);
	close_files(&files);
	return err;
}
