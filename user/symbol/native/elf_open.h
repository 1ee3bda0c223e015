/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * elf_open.h - opens an ELF file for libelf, if it is not a trap.
 *
 * libelf allocates as much as the headers ask for. So they are checked first: the number of sections, their sizes in sum, and the
 * sizes of those that libelf reads as a whole.
 */
#ifndef SYMBOL_NATIVE_ELF_OPEN_H
#define SYMBOL_NATIVE_ELF_OPEN_H

#include <libelf.h>

/* Returns NULL if it is no 64-bit ELF file, or asks for too much. The caller closes it with elf_end(), which takes NULL, too. */
Elf *elf_open(int fd);

#endif
