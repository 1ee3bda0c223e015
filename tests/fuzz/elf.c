// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * elf.c - fuzzes all readers of a program file: the markers' note, objects, functions, symbols and debug information.
 *
 * It is linked with --wrap for what finds files, so the process seems to have mapped one file: the input.
 */
#include <stdlib.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/mapped_files.h"
#include "base/target_file.h"
#include "collect/target/marker_object.h"
#include "collect/python/interpreter.h"
#include "symbol/native/image.h"
#include "symbol/find_function.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_mapped_files_each(pid_t pid, bool (*wants)(void *ctx, const struct mapped_file *map),
		       bool (*visit)(void *ctx, int fd, const struct mapped_file *map), void *ctx);
int __wrap_mapped_files_each_head(pid_t pid, bool (*visit)(void *ctx, int fd, const struct mapped_file *map), void *ctx);
int __wrap_target_file_open_mapping_probe(const struct target_mapping *mapping);
int __wrap_target_file_open_named(pid_t pid, const char *path);
int __wrap_target_file_open_named_probe(pid_t pid, const char *path);

#define AT 0x555555554000ULL
#define ADDRESSES 16

static int file = -1;

int __wrap_mapped_files_each(pid_t pid, bool (*wants)(void *ctx, const struct mapped_file *map),
		       bool (*visit)(void *ctx, int fd, const struct mapped_file *map), void *ctx)
{
	struct mapped_file map = {.start = AT, .end = AT + 0x100000, .ino = 1, .path = "/bin/python3"};

	(void)pid;
	if (!wants || wants(ctx, &map))
		visit(ctx, dup(file), &map);
	return 0;
}

int __wrap_mapped_files_each_head(pid_t pid, bool (*visit)(void *ctx, int fd, const struct mapped_file *map), void *ctx)
{
	return __wrap_mapped_files_each(pid, NULL, visit, ctx);
}

int __wrap_target_file_open_mapping_probe(const struct target_mapping *mapping)
{
	(void)mapping;
	return dup(file);
}

int __wrap_target_file_open_named(pid_t pid, const char *path)
{
	(void)pid, (void)path;
	return dup(file);
}

int __wrap_target_file_open_named_probe(pid_t pid, const char *path)
{
	return __wrap_target_file_open_named(pid, path);
}

static void read_markers(void)
{
	struct marker markers[MARKER_COPIES];
	int i, n = marker_object_find(getpid(), markers);

	for (i = 0; i < n; i++)
		marker_object_close(&markers[i]);
}

static void search_function(void)
{
	struct found_functions found;

	find_functions(&found, getpid(), "/bin/program", "decode");
}

static void name_addresses(size_t size)
{
	const struct memory_mapping mapping = {.start = AT, .end = AT + 0x100000, .path = "/bin/program"};
	struct intern intern = {};
	struct image *image = image_open(getpid(), &mapping, dup(file));
	struct symbol symbols[4];
	size_t i;

	for (i = 0; image && i < ADDRESSES; i++) {
		image_find(image, &mapping, AT + i * (size / ADDRESSES), &intern, symbols, 4);
		image_unwind(image, &mapping, AT + i * (size / ADDRESSES));
	}
	image_close(image);
	intern_free(&intern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	__u64 start, end;

	if (file < 0)
		file = memfd_create("elf", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, 0) || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	budget_reset();
	read_markers();
	interpreter_runtime(getpid(), &start, &end);
	search_function();
	name_addresses(size);
	return 0;
}
