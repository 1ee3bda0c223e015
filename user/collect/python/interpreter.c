// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* interpreter.c - finds the Python interpreter in a process, and which version it is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/elf_file.h"
#include "base/mapped_files.h"
#include "collect/python/interpreter.h"
#include "collect/python/layout.h"
#include "collect/target/target.h"
#include "host/isolate.h"
#include "symbol/find_object.h"

enum { RUNTIME, CODE_TYPE, VERSION, OBJECTS };

/* What is known of the interpreter in a process; addresses are the process's, 0 where there is none. */
struct interpreter {
	pid_t pid;
	struct elf_object objects[OBJECTS];
	char file[256];		/* base name */
	__u64 code_start, code_end;	/* of the file that has it */
	int files;		/* looked at */
	int err;		/* of the search */
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The program itself, of whatever name, or the interpreter's library: the tables of other libraries may be huge. */
static bool is_candidate(void *ctx, const struct mapped_file *map)
{
	struct interpreter *python = ctx;

	return !python->files++ || !strncmp(base_name(map->path), "libpython", 9);
}

static bool locate_objects(int fd, struct elf_object *objects, const struct mapped_file *map)
{
	struct elf_file elf;
	__u64 bias;
	int i;

	if (elf_file_open(&elf, fd) || elf_file_bias(&elf, map->start, map->offset, &bias) || find_objects(fd, objects, OBJECTS))
		return false;
	for (i = 0; i < OBJECTS; i++)
		if (objects[i].size)
			objects[i].address += bias;
	return true;
}

static bool look_into_file(void *ctx, int fd, const struct mapped_file *map)
{
	struct elf_object objects[OBJECTS] = {
		[RUNTIME] = {.name = "_PyRuntime", .section = ".PyRuntime"},
		[CODE_TYPE] = {.name = "PyCode_Type"},
		[VERSION] = {.name = "Py_Version"},
	};
	struct interpreter *python = ctx;
	bool found = locate_objects(fd, objects, map);

	close(fd);
	if (!found)
		return true;
	memcpy(python->objects, objects, sizeof(objects));
	snprintf(python->file, sizeof(python->file), "%s", base_name(map->path));
	python->code_start = map->start;
	python->code_end = map->end;
	return false;
}

static void search_files(void *ctx, void *result)
{
	struct interpreter *python = result;
	const pid_t *pid = ctx;

	memset(python, 0, sizeof(*python));
	python->pid = *pid;
	python->err = mapped_files_each(*pid, is_candidate, look_into_file, python);
}

static int find_interpreter(struct interpreter *python, pid_t pid)
{
	int err = isolate_call(search_files, &pid, python, sizeof(*python));

	if (err == -ETIMEDOUT || err == -EIO)
		return -ENOENT;
	if (!err)
		err = python->err;
	if (err)
		return err == -ENOENT ? -ESRCH : err;
	return python->objects[RUNTIME].size ? 0 : -ENOENT;
}

int python_runtime(pid_t pid, __u64 *start, __u64 *end)
{
	struct interpreter python;

	if (find_interpreter(&python, pid))
		return -ENOENT;
	*start = python.objects[RUNTIME].address;
	*end = *start + python.objects[RUNTIME].size;
	return 0;
}

int python_code(pid_t pid, __u64 *start, __u64 *end)
{
	struct interpreter python;

	if (find_interpreter(&python, pid))
		return -ENOENT;
	*start = python.code_start;
	*end = python.code_end;
	return 0;
}

/* libpython3.8.so.1.0, python3.8 */
static unsigned int minor_of_name(const char *file)
{
	const char *p = strstr(file, "python3.");
	unsigned int minor;

	return p && sscanf(p, "python3.%2u", &minor) == 1 ? minor : 0;
}

/* As PY_VERSION_HEX without the patch level: 0x030b; 0: unknown. */
static unsigned int find_version(const struct interpreter *python, const struct python_debug *debug)
{
	unsigned int minor;
	__u64 hex;

	if (python_debug_valid(debug))
		return (unsigned int)(debug->version >> 16);
	if (python->objects[VERSION].size == sizeof(hex) &&
	    !target_peek(python->pid, python->objects[VERSION].address, &hex, sizeof(hex)))
		return (unsigned int)(hex >> 16);
	minor = minor_of_name(python->file);
	if (!minor)
		minor = python_layout_by_size(python->objects[RUNTIME].size);
	return minor ? 0x300 | minor : 0;
}

/* The offsets of this version: from the table, and from the interpreter itself where it has them. */
static int find_offsets(const struct interpreter *python, struct python_offsets *offsets, char *reason, size_t size)
{
	struct python_debug debug = {};
	unsigned int version, minor;
	int err;

	err = target_peek(python->pid, python->objects[RUNTIME].address, &debug,
			  python->objects[RUNTIME].size < sizeof(debug) ? python->objects[RUNTIME].size : sizeof(debug));
	if (err)
		return python_refuse(err, reason, size, "its Python cannot be read (%s): sections only", strerror(-err));
	version = find_version(python, &debug);
	minor = version & 0xff;
	if (!version)
		return python_refuse(-ENOTSUP, reason, size, "the version of its Python cannot be told: sections only");
	if (version >> 8 != 3 || python_layout_table(minor, offsets))
		return python_refuse(-ENOTSUP, reason, size, "Python %u.%u is not known to this version: sections only", version >> 8, minor);
	if (minor < 13)
		return 0;
	if (python_debug_valid(&debug) && debug.free_threaded)
		return python_refuse(-ENOTSUP, reason, size, "Python 3.%u is a free-threaded build: sections only", minor);
	if (!python_debug_valid(&debug) || python_layout_debug(&debug, offsets))
		return python_refuse(-EPROTO, reason, size, "Python 3.%u does not tell its layout as it should: sections only", minor);
	return 0;
}

int python_find(pid_t pid, struct python_layout *layout, char *reason, size_t size)
{
	struct python_offsets offsets;
	struct interpreter python;
	int err;

	memset(layout, 0, sizeof(*layout));
	*reason = 0;
	err = find_interpreter(&python, pid);
	if (err == -ENOENT)
		return python_refuse(err, reason, size, "it runs no Python, or one before 3.7");
	if (err)
		return python_refuse(err, reason, size, "its Python cannot be looked for: %s", strerror(-err));
	err = find_offsets(&python, &offsets, reason, size);
	if (err)
		return err;
	offsets.layout.runtime = python.objects[RUNTIME].address;
	offsets.layout.code_type = python.objects[CODE_TYPE].address;
	offsets.layout.frame_bytes = (__u16)python_layout_frame(&offsets.layout);
	err = python_check(pid, &offsets, reason, size);
	if (!err)
		*layout = offsets.layout;
	return err;
}
