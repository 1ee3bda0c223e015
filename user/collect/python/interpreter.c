// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* interpreter.c - finds the Python interpreter in a process, and its version. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/elf_file.h"
#include "base/mapped_files.h"
#include "collect/python/interpreter.h"
#include "collect/python/layout.h"
#include "collect/python/verify.h"
#include "collect/target/target.h"
#include "host/isolate.h"
#include "symbol/find_object.h"

enum { RUNTIME, CODE_TYPE, VERSION, OBJECTS };

/* The interpreter in a process. Addresses are the process's; 0: there is none. */
struct interpreter {
	pid_t pid;
	struct elf_object objects[OBJECTS];
	char file[256];		/* base name */
	__u64 code_start, code_end;	/* of the file that holds the interpreter */
	int files;		/* files examined so far */
	int err;		/* of the search */
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Only the program itself and the interpreter's library are examined: the symbol tables of other libraries may be huge. */
static bool may_hold_interpreter(void *ctx, const struct mapped_file *map)
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

static bool take_interpreter_file(void *ctx, int fd, const struct mapped_file *map)
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
	python->err = mapped_files_each(*pid, may_hold_interpreter, take_interpreter_file, python);
}

static int locate_interpreter(struct interpreter *python, pid_t pid)
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

int interpreter_runtime(pid_t pid, __u64 *start, __u64 *end)
{
	struct interpreter python;

	if (locate_interpreter(&python, pid))
		return -ENOENT;
	*start = python.objects[RUNTIME].address;
	*end = *start + python.objects[RUNTIME].size;
	return 0;
}

int interpreter_code(pid_t pid, __u64 *start, __u64 *end)
{
	struct interpreter python;

	if (locate_interpreter(&python, pid))
		return -ENOENT;
	*start = python.code_start;
	*end = python.code_end;
	return 0;
}

/* Takes names like libpython3.8.so.1.0 and python3.8. */
static unsigned int minor_of_name(const char *file)
{
	const char *p = strstr(file, "python3.");
	unsigned int minor;

	return p && sscanf(p, "python3.%2u", &minor) == 1 ? minor : 0;
}

/* Returns PY_VERSION_HEX without the patch level, as 0x030b; 0: unknown. */
static unsigned int version_of_interpreter(const struct interpreter *python, const struct python_debug *debug)
{
	unsigned int minor;
	__u64 hex;

	if (layout_debug_is_valid(debug))
		return (unsigned int)(debug->version >> 16);
	if (python->objects[VERSION].size == sizeof(hex) &&
	    !target_peek(python->pid, python->objects[VERSION].address, &hex, sizeof(hex)))
		return (unsigned int)(hex >> 16);
	minor = minor_of_name(python->file);
	if (!minor)
		minor = layout_minor_by_size(python->objects[RUNTIME].size);
	return minor ? 0x300 | minor : 0;
}

/* Stores the offsets of this version: those of the table, replaced where the interpreter holds its own. */
static int offsets_of_version(const struct interpreter *python, struct python_offsets *offsets, char *reason, size_t size)
{
	struct python_debug debug = {};
	unsigned int version, minor;
	int err;

	err = target_peek(python->pid, python->objects[RUNTIME].address, &debug,
			  python->objects[RUNTIME].size < sizeof(debug) ? python->objects[RUNTIME].size : sizeof(debug));
	if (err)
		return layout_refuse(err, reason, size, "its Python cannot be read (%s): sections only", strerror(-err));
	version = version_of_interpreter(python, &debug);
	minor = version & 0xff;
	if (!version)
		return layout_refuse(-ENOTSUP, reason, size, "the version of its Python is unknown: sections only");
	if (version >> 8 != 3 || layout_from_table(minor, offsets))
		return layout_refuse(-ENOTSUP, reason, size, "Python %u.%u is not known to this version: sections only", version >> 8, minor);
	if (minor < 13)
		return 0;
	if (layout_debug_is_valid(&debug) && debug.free_threaded)
		return layout_refuse(-ENOTSUP, reason, size, "Python 3.%u is a free-threaded build: sections only", minor);
	if (!layout_debug_is_valid(&debug) || layout_from_debug(&debug, offsets))
		return layout_refuse(-EPROTO, reason, size, "Python 3.%u does not describe its layout as it should: sections only", minor);
	return 0;
}

int interpreter_find(pid_t pid, struct python_layout *layout, char *reason, size_t size)
{
	struct python_offsets offsets;
	struct interpreter python;
	int err;

	memset(layout, 0, sizeof(*layout));
	*reason = 0;
	err = locate_interpreter(&python, pid);
	if (err == -ENOENT)
		return layout_refuse(err, reason, size, "it runs no Python, or one before 3.7");
	if (err)
		return layout_refuse(err, reason, size, "its Python cannot be searched for: %s", strerror(-err));
	err = offsets_of_version(&python, &offsets, reason, size);
	if (err)
		return err;
	offsets.layout.runtime = python.objects[RUNTIME].address;
	offsets.layout.code_type = python.objects[CODE_TYPE].address;
	offsets.layout.frame_bytes = (__u16)layout_frame_bytes(&offsets.layout);
	err = verify_offsets(pid, &offsets, reason, size);
	if (!err)
		*layout = offsets.layout;
	return err;
}
