/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * debug_file.h - the file that holds the symbols and the DWARF which were stripped from another.
 *
 * By build-id below /usr/lib/debug, then by .gnu_debuglink beside the file, each first as the process sees it
 * and then as the profiler does. Never from the network: what a process runs is nobody else's business.
 */
#ifndef SYMBOL_DEBUG_DEBUG_FILE_H
#define SYMBOL_DEBUG_DEBUG_FILE_H

#include <gelf.h>
#include <elfutils/libdw.h>
#include <sys/types.h>

/* For a stripped file; path: as the process sees it. A descriptor, or -errno. */
int debug_file_open(pid_t pid, Elf *elf, int elf_fd, const char *path);

/*
 * What dwz has moved from a file's DWARF to a file that several share. -ENODATA: nothing; -ENOENT: something, but
 * the file is not there. fd: of the file that `dwarf` is of.
 */
int debug_file_open_shared(pid_t pid, Dwarf *dwarf, int fd);

#endif
