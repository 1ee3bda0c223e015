/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * debug_file.h - finds the file that holds the symbols and the DWARF that were stripped from another file.
 *
 * It is searched by build-id below /usr/lib/debug, then by .gnu_debuglink beside the file, as the process sees them. It is never
 * fetched from the network: that would disclose which programs run here.
 */
#ifndef SYMBOL_DEBUG_DEBUG_FILE_H
#define SYMBOL_DEBUG_DEBUG_FILE_H

#include <gelf.h>
#include <elfutils/libdw.h>
#include <sys/types.h>

/* Opens the debug file of a stripped file. path: of the stripped file, as the process sees it. Returns a descriptor or -errno. */
int debug_file_open(pid_t pid, Elf *elf, int elf_fd, const char *path);

/*
 * Opens the file with the DWARF that dwz moved out to share it between files. fd: of the file that `dwarf` belongs to.
 * Returns a descriptor; -ENODATA: nothing was moved out; -ENOENT: the file is missing.
 */
int debug_file_open_shared(pid_t pid, Dwarf *dwarf, int fd);

#endif
