// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * frames.c - fuzzes the reader of unwind rules: .eh_frame by its sorted table.
 *
 * The input is the one segment of a program: the table, and the pieces that it leads to.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbol/unwind/frame_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define AT 0x1000
#define ADDRESSES 16	/* ten bytes apart, before the segment */

struct fuzzed_program {
	Elf64_Ehdr head;
	Elf64_Phdr segment, table;
};

static void write_program(int file, const uint8_t *data, size_t size)
{
	const struct fuzzed_program program = {
		.head = {
			.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			.e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_ehsize = sizeof(Elf64_Ehdr),
			.e_phoff = offsetof(struct fuzzed_program, segment), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
		},
		.segment = {.p_type = PT_LOAD, .p_flags = PF_R, .p_offset = sizeof(program), .p_vaddr = AT, .p_filesz = size},
		.table = {.p_type = PT_GNU_EH_FRAME, .p_flags = PF_R, .p_offset = sizeof(program), .p_vaddr = AT, .p_filesz = size},
	};

	if (ftruncate(file, 0) || pwrite(file, &program, sizeof(program), 0) != sizeof(program) ||
	    pwrite(file, data, size, sizeof(program)) != (ssize_t)size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	struct frame_table table;
	Elf *elf;
	__u64 i;

	if (file < 0)
		file = memfd_create("frames", MFD_CLOEXEC);
	if (file < 0)
		abort();
	write_program(file, data, size);
	elf_version(EV_CURRENT);
	elf = elf_begin(file, ELF_C_READ, NULL);
	if (frame_table_open(&table, elf, file))
		for (i = 0; i < ADDRESSES; i++)
			frame_table_find(&table, AT - 10 * (ADDRESSES - i));
	elf_end(elf);
	return 0;
}
