// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* python.c - finds the Python interpreter in a process. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "collect/mapped.h"
#include "collect/python.h"
#include "symbol/native.h"

struct runtime {
	__u64 start, size;
	int files;
};

/* The program itself, of whatever name, or the interpreter's library: the tables of other libraries may be huge. */
static bool is_candidate(const struct runtime *runtime, const struct mapping *map)
{
	const char *slash = strrchr(map->path, '/');

	return runtime->files == 1 || (slash && !strncmp(slash + 1, "libpython", 9));
}

static bool look_into_file(void *ctx, int fd, const struct mapping *map)
{
	struct runtime *runtime = ctx;
	struct elf_file elf;
	__u64 address, size, bias;
	bool found;

	runtime->files++;
	found = is_candidate(runtime, map) && !mapped_elf_open(&elf, fd) && !mapped_elf_bias(&elf, map, &bias) &&
		!native_object_find(fd, "_PyRuntime", &address, &size);
	if (found)
		*runtime = (struct runtime){address + bias, size, runtime->files};
	close(fd);
	return !found;
}

int python_runtime(pid_t pid, __u64 *start, __u64 *end)
{
	struct runtime runtime = {};

	mapped_each(pid, look_into_file, &runtime);
	if (!runtime.size)
		return -ENOENT;
	*start = runtime.start;
	*end = runtime.start + runtime.size;
	return 0;
}
