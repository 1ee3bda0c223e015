// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_drivers.c - the drivers of GPUs that a process has loaded, and whether stacks have the names of their functions. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/proc.h"
#include "base/sanitize.h"
#include "collect/gpu/driver_functions.h"
#include "collect/gpu_drivers.h"
#include "collect/overhead/calibrate.h"
#include "host/isolate.h"
#include "symbol/find_function.h"
#include "symbol/function_places.h"
#include "symbol/library_kind.h"

#define DELETED " (deleted)"

/* The base names of the files, by kind of library. */
struct driver_files {
	pid_t pid;
	char names[LIBRARY_KINDS][sizeof(((struct dcbs_gpu_driver *)NULL)->file)];
};

static bool visit_driver_file(void *ctx, const struct proc_mapping *map)
{
	enum library_kind kind = library_kind_of(map->path);
	const char *slash = strrchr(map->path, '/'), *mark = strstr(map->path, DELETED);
	struct driver_files *files = ctx;
	char *name = files->names[kind];
	size_t n;

	if (!map->executable || !library_kind_is_gpu(kind) || !slash || *name)
		return true;
	n = mark > slash ? (size_t)(mark - slash - 1) : strlen(slash + 1);
	snprintf(name, sizeof(files->names[kind]), "%.*s", (int)n, slash + 1);
	return true;
}

/* ---- names on the stack ---- */

/* A function that only jumps to another one is on no stack. */
static enum dcbs_gpu_names names_by_code(int fd, const struct function_places *places)
{
	unsigned char code[2];
	size_t i;

	for (i = 0; i < places->nr_exits; i++)
		if (pread(fd, code, sizeof(code), (off_t)places->exits[i]) == sizeof(code) && function_places_is_return(code))
			return DCBS_GPU_NAMES_ON_STACK;
	return places->nr_exits ? DCBS_GPU_NAMES_NOT_ON_STACK : DCBS_GPU_NAMES_UNKNOWN;
}

/* Looks at the function that waits for the GPU: the others are built alike. */
static void look_at_wait(void *ctx, void *result)
{
	const struct driver_files *files = ctx;
	enum dcbs_gpu_names *names = result;
	struct function_places places;
	struct found_functions found;
	int fd;

	*names = DCBS_GPU_NAMES_UNKNOWN;
	if (find_functions(&found, files->pid, files->names[LIBRARY_CUDA], "cuStreamSynchronize") || !found.nr)
		return;
	fd = binary_file_open(&found.file, files->pid);
	if (fd < 0)
		return;
	if (!function_places_find(&places, fd, found.list[0].address, found.list[0].size) && places.exits_known)
		*names = names_by_code(fd, &places);
	close(fd);
}

static enum dcbs_gpu_names names_of_cuda(struct driver_files *files)
{
	enum dcbs_gpu_names names = DCBS_GPU_NAMES_UNKNOWN;
	int err;

	function_places_prepare();
	isolate_use(true);
	err = isolate_call(look_at_wait, files, &names, sizeof(names));
	isolate_use(false);
	return err ? DCBS_GPU_NAMES_UNKNOWN : names;
}

/* ---- functions that can be timed ---- */

struct functions_question {
	pid_t pid;
	const char *file;
};

static void look_at_functions(void *ctx, void *result)
{
	const struct functions_question *question = ctx;
	struct driver_functions *functions = result;
	struct binary_file file;
	int fd;

	memset(functions, 0, sizeof(*functions));
	if (binary_file_find(&file, question->pid, question->file))
		return;
	fd = binary_file_open(&file, question->pid);
	if (fd < 0)
		return;
	driver_functions_find(functions, fd);
	close(fd);
}

static void count_functions(struct dcbs_gpu_driver *to, const struct driver_files *files, enum library_kind kind)
{
	struct functions_question question = {files->pid, files->names[kind]};
	struct driver_functions functions;
	__u32 i;
	int err;

	if (!driver_functions_are_known(kind))
		return;
	isolate_use(true);
	err = isolate_call(look_at_functions, &question, &functions, sizeof(functions));
	isolate_use(false);
	for (i = 0; !err && i < functions.nr; i++) {
		if (driver_functions_group(functions.list[i].cookie) != DRIVER_CALLS)
			continue;
		to->timed++;
		to->stepped += calibrate_is_stepped(functions.list[i].code);
	}
}

/* ---- the list ---- */

static int fill_driver(struct dcbs_gpu_driver *to, struct driver_files *files, enum library_kind kind)
{
	char *file = sanitize(files->names[kind], sizeof(files->names[kind]));

	if (!file)
		return fail(-ENOMEM, "out of memory");
	*to = (struct dcbs_gpu_driver){.library = library_kind_name(kind)};
	snprintf(to->file, sizeof(to->file), "%s", file);
	to->names = kind == LIBRARY_CUDA ? names_of_cuda(files) : DCBS_GPU_NAMES_ON_STACK;
	count_functions(to, files, kind);
	free(file);
	return 0;
}

int gpu_drivers_list(pid_t pid, struct dcbs_gpu_driver *list, size_t max)
{
	struct driver_files files = {.pid = pid};
	int err = proc_each_mapping(pid, visit_driver_file, &files), kind;
	size_t nr = 0;

	if (err)
		return fail(err, "cannot read the mappings of process %d: %s", (int)pid, strerror(-err));
	for (kind = 0; kind < LIBRARY_KINDS && nr < max; kind++) {
		if (!files.names[kind][0])
			continue;
		err = fill_driver(&list[nr++], &files, (enum library_kind)kind);
		if (err)
			return err;
	}
	return (int)nr;
}
