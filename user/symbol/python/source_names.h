/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * source_names.h - the qualnames of Python functions, by their source.
 *
 * Up to Python 3.10 a code object has only the last part of its qualname: the methods `forward` of two classes have the same
 * name. Their source has the rest. It is trusted only if it was not changed since the process started, and has a function of
 * that name at that line.
 */
#ifndef SYMBOL_PYTHON_SOURCE_NAMES_H
#define SYMBOL_PYTHON_SOURCE_NAMES_H

#include <linux/types.h>
#include <stddef.h>
#include <sys/types.h>

#include "symbol/store/intern.h"

struct source_file;

/* The sources of one process that were read so far. */
struct source_names {
	struct source_file *files;
	size_t nr, room;
	size_t bytes;		/* of all names */
};

/*
 * Returns the interned qualname of a function or class that begins at first_line of the file; NULL: the source does not tell.
 * name: the last part of the qualname.
 */
const char *source_names_find(struct source_names *sources, pid_t pid, const char *file, __u32 first_line, const char *name,
			      struct intern *intern);

/* Forgets all files: the process has executed another image. */
void source_names_free(struct source_names *sources);

#endif
