/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * copy.h - copies a file into memory, so that whoever reads the copy never waits for a server.
 *
 * Of a large ELF file only what names and unwinds functions is copied: headers, notes, symbols, tables of frames, and debug
 * information while there is room. The rest of the copy reads as zeros.
 */
#ifndef BASE_FILES_COPY_H
#define BASE_FILES_COPY_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Copies the file and closes it. head: program headers and notes are enough. Returns the descriptor of the copy, or -errno:
 * -EDQUOT if all copies together are too large. A file that was copied before and has not changed is not copied again.
 */
int copy_open(int fd, const struct stat *st, bool head);

/* Reads a byte, so that a server that does not answer is met here. Returns fd, or closes it and returns -errno. */
int copy_touch(int fd);

#endif
