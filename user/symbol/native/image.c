// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* image.c - a program or library that a process has mapped. */
#include <assert.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/budget.h"
#include "symbol/debug/debug_file.h"
#include "symbol/debug/debug_info.h"
#include "symbol/function_name.h"
#include "symbol/native/demangle.h"
#include "symbol/native/elf_open.h"
#include "symbol/native/image.h"
#include "symbol/unwind/frame_table.h"

#define MAX_SEGMENTS 16		/* with code; usually there is one */

struct code_segment {
	__u64 offset, size;	/* in the file */
	__u64 address;		/* as linked */
};

struct image {
	pid_t pid;
	int fd, debug_fd;	/* debug_fd: of the file with the stripped debug information; negative: none */
	__u64 dev, ino;
	struct code_segment segments[MAX_SEGMENTS];
	int nr_segments;
	char *path;		/* as the process sees it */
	struct budget_file budget;
	bool has_symbols;	/* they have been read */
	struct symtab full, dynamic;
	int full_fd;		/* of the file that `full` was read from: fd or debug_fd */
	struct frame_table frame_table;
	bool searched_frames;
	bool searched_debug;
	struct debug_info *debug;
};

static void read_segments(struct image *image, Elf *elf)
{
	size_t i, nr;

	if (elf_getphdrnum(elf, &nr))
		return;
	for (i = 0; i < nr && image->nr_segments < MAX_SEGMENTS; i++) {
		GElf_Phdr p;

		if (gelf_getphdr(elf, (int)i, &p) && p.p_type == PT_LOAD && p.p_flags & PF_X)
			image->segments[image->nr_segments++] = (struct code_segment){p.p_offset, p.p_filesz, p.p_vaddr};
	}
}

/* The full table comes from the file, or from its debug file if it was stripped. The dynamic one names exported functions. */
static void read_symbols(struct image *image, Elf *elf)
{
	Elf *debug;

	symtab_read(&image->full, elf, image->fd, SHT_SYMTAB);
	image->full_fd = image->fd;
	image->debug_fd = debug_file_open(image->pid, elf, image->fd, image->path);
	symtab_read(&image->dynamic, elf, image->fd, SHT_DYNSYM);
	if (image->full.nr || image->debug_fd < 0)
		return;
	debug = elf_open(image->debug_fd);
	if (debug)
		symtab_read(&image->full, debug, image->debug_fd, SHT_SYMTAB);
	image->full_fd = image->debug_fd;
	elf_end(debug);
}

static void free_symbols(struct image *image)
{
	symtab_free(&image->full);
	symtab_free(&image->dynamic);
	if (image->debug_fd >= 0)
		close(image->debug_fd);
	image->debug_fd = -1;
}

/* Without time for it now, a later query reads them. */
static void load_symbols(struct image *image)
{
	Elf *elf;

	if (image->has_symbols || image->fd < 0 || !budget_begin(&image->budget))
		return;
	elf = elf_open(image->fd);
	if (elf)
		read_symbols(image, elf);
	elf_end(elf);
	image->has_symbols = !budget_is_over_now();
	if (!image->has_symbols)
		free_symbols(image);
	budget_end(&image->budget);
}

static void read_head(struct image *image)
{
	Elf *elf = elf_open(image->fd);

	if (elf)
		read_segments(image, elf);
	elf_end(elf);
}

/* Lines of the C library help no user, and its debug information takes 10 MiB. */
static bool is_c_library(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return !strncmp(name, "libc.so", 7) || !strncmp(name, "libc-2", 6) || !strncmp(name, "ld-", 3) ||
	       !strncmp(name, "libpthread", 10);
}

struct image *image_open(pid_t pid, const struct memory_mapping *mapping, int fd)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	image->pid = pid;
	image->fd = fd;
	image->debug_fd = -1;
	image->dev = mapping->dev;
	image->ino = mapping->ino;
	image->searched_debug = mapping->path && is_c_library(mapping->path);
	image->path = strdup(mapping->path ? mapping->path : "");
	if (!image->path) {
		image_close(image);
		return NULL;
	}
	read_head(image);
	return image;
}

void image_see_by(struct image *image, pid_t pid)
{
	image->pid = pid;
}

bool image_is(const struct image *image, const struct memory_mapping *mapping)
{
	return image->dev == mapping->dev && image->ino == mapping->ino;
}

/* The offset in the file tells the address as linked, wherever the process has mapped which part of the file. */
static bool to_file_address(const struct image *image, const struct memory_mapping *mapping, __u64 address, __u64 *to)
{
	__u64 offset = address - mapping->start + mapping->offset;
	int i;

	for (i = 0; i < image->nr_segments; i++) {
		const struct code_segment *segment = &image->segments[i];

		if (offset >= segment->offset && offset - segment->offset < segment->size) {
			*to = offset - segment->offset + segment->address;
			return true;
		}
	}
	return false;
}

static bool symbol_at(struct image *image, __u64 address, char name[SYMTAB_NAME_BYTES])
{
	load_symbols(image);
	return symtab_find(&image->full, image->full_fd, address, name) || symtab_find(&image->dynamic, image->fd, address, name);
}

bool image_symbol(struct image *image, const struct memory_mapping *mapping, __u64 address, char name[SYMTAB_NAME_BYTES])
{
	__u64 at;

	return to_file_address(image, mapping, address, &at) && symbol_at(image, at, name);
}

/* Removes the version that the linker adds, and the suffix of a cold part: it belongs to the same function. */
static void strip_suffix(char *name)
{
	size_t cold;

	name[strcspn(name, "@")] = 0;
	cold = function_name_without_cold(name);
	if (cold)
		name[cold] = 0;
}

static const char *intern_demangled(struct intern *intern, const char *name)
{
	char *plain = name ? demangle(name) : NULL;
	const char *kept = name ? intern_keep(intern, plain ? plain : name) : NULL;

	free(plain);
	return kept;
}

/* A file that was given up for lack of time or memory is tried again. */
static struct debug_info *find_debug_info(struct image *image)
{
	__u64 given_up = budget_given_up();

	if (!image->searched_debug) {
		image->debug = debug_info_open(image->fd, image->pid);
		if (!image->debug && image->debug_fd >= 0)
			image->debug = debug_info_open(image->debug_fd, image->pid);
		image->searched_debug = image->debug || (!budget_is_over_now() && budget_given_up() == given_up);
	}
	return image->debug;
}

static size_t find_places(struct image *image, __u64 address, struct debug_place *places, size_t max)
{
	struct debug_info *debug;
	size_t n;

	load_symbols(image);	/* they lead to the debug file */
	if (!places || (image->searched_debug && !image->debug) || !budget_begin(&image->budget))
		return 0;
	debug = find_debug_info(image);
	n = debug ? debug_info_find(debug, address, places, max) : 0;
	budget_end(&image->budget);
	return n;
}

/* DWARF has no linkage name for a function that is local to a file. A C++ symbol is the fuller name then. */
static void name_by_symbol(struct image *image, __u64 address, struct intern *intern, const struct debug_place *place,
			   struct symbol *to)
{
	char name[SYMTAB_NAME_BYTES];

	if (place->linkage || !symbol_at(image, address, name) || (to->function && strncmp(name, "_Z", 2)))
		return;
	strip_suffix(name);
	to->function = intern_demangled(intern, name);
}

static size_t find_functions(struct image *image, __u64 address, struct intern *intern, struct symbol *to, size_t max)
{
	struct debug_place *places = calloc(max, sizeof(*places));
	size_t n = find_places(image, address, places, max), i;

	for (i = 0; i < n; i++)
		to[i] = (struct symbol){
			.function = intern_demangled(intern, places[i].function),
			.file = places[i].file ? intern_keep(intern, places[i].file) : NULL,
			.line = places[i].line,
		};
	n = n ? n : 1;
	if (places)
		name_by_symbol(image, address, intern, &places[n - 1], &to[n - 1]);
	free(places);
	return n;
}

size_t image_find(struct image *image, const struct memory_mapping *mapping, __u64 address, struct intern *intern,
		  struct symbol *to, size_t max)
{
	size_t n = 1, i;
	__u64 at;

	assert(max);
	to[0] = (struct symbol){};
	if (to_file_address(image, mapping, address, &at))
		n = find_functions(image, at, intern, to, max);
	for (i = 0; i < n; i++)
		if (!to[i].file)
			to[i].file = mapping->path;
	return n;
}

static void open_frame_table(struct image *image)
{
	Elf *elf = elf_open(image->fd);

	image->searched_frames = true;
	if (elf)
		frame_table_open(&image->frame_table, elf, image->fd);
	elf_end(elf);
}

struct unwind_rule image_unwind(struct image *image, const struct memory_mapping *mapping, __u64 address)
{
	const struct unwind_rule none = {0};
	__u64 at;

	if (!image->searched_frames)
		open_frame_table(image);
	if (!image->frame_table.nr || !to_file_address(image, mapping, address, &at))
		return none;
	return frame_table_find(&image->frame_table, at);
}

size_t image_debug_bytes(const struct image *image)
{
	return image->debug ? debug_info_bytes(image->debug) : 0;
}

void image_release(struct image *image)
{
	if (image->debug)
		debug_info_release(image->debug);
}

void image_close(struct image *image)
{
	if (!image)
		return;
	debug_info_close(image->debug);
	free_symbols(image);
	if (image->fd >= 0)
		close(image->fd);
	free(image->path);
	free(image);
}
