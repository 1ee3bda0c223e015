// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * elf.c - the note of the markers, objects, functions, symbols and debug information of a hostile program.
 *
 * Linked with --wrap=mapped_files_each: the one file that the process has mapped is the fuzzer's.
 */
#include <stdlib.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mapped_files.h"
#include "collect/target/marker_object.h"
#include "collect/python/interpreter.h"
#include "symbol/native/image.h"
#include "symbol/find_function.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_mapped_files_each(pid_t pid, bool (*wants)(void *ctx, const struct mapped_file *map),
		       bool (*visit)(void *ctx, int fd, const struct mapped_file *map), void *ctx);

#define AT 0x555555554000ULL
#define ASKED 16	/* addresses */

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

static void ask_markers(void)
{
	struct marker markers[MARKER_COPIES];
	int i, n = marker_object_find(getpid(), markers);

	for (i = 0; i < n; i++)
		marker_object_close(&markers[i]);
}

static void ask_functions(void)
{
	struct native_function function;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (!native_function_find(&function, getpid(), path, "decode"))
		close(function.fd);
}

static void ask_symbols(size_t size)
{
	const struct map map = {.start = AT, .end = AT + 0x100000, .path = "/bin/program"};
	struct strings strings = {};
	struct image *image = image_open(getpid(), &map, dup(file));
	struct symbol symbols[4];
	size_t i;

	for (i = 0; image && i < ASKED; i++) {
		image_find(image, &map, AT + i * (size / ASKED), &strings, symbols, 4);
		image_unwind(image, &map, AT + i * (size / ASKED));
	}
	image_close(image);
	strings_free(&strings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	__u64 start, end;

	if (file < 0)
		file = memfd_create("elf", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, 0) || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	ask_markers();
	interpreter_runtime(getpid(), &start, &end);
	ask_functions();
	ask_symbols(size);
	return 0;
}
