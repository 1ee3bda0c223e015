/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * jit_object.h - registers code that a program has made, as LLVM's JIT compiler does for debuggers: the JIT interface of GDB.
 *
 * The object is an ELF file in memory, not linked: the section of the code has its address in the header, and the function its
 * offset in there.
 */
#ifndef TESTS_TARGETS_LIB_JIT_OBJECT_H
#define TESTS_TARGETS_LIB_JIT_OBJECT_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JIT_OBJECT_NAME 256

struct jit_code_entry {
	struct jit_code_entry *next, *previous;
	const char *object;
	uint64_t size;
};

struct jit_descriptor {
	uint32_t version, action;
	struct jit_code_entry *relevant, *first;
};

#ifdef __cplusplus
extern "C" {
#endif
struct jit_descriptor __jit_debug_descriptor = {1, 0, NULL, NULL};
#ifdef __cplusplus
}
#endif

struct jit_object {
	Elf64_Ehdr head;
	Elf64_Shdr sections[4];		/* none, the code, the symbols, their names */
	Elf64_Sym symbols[2];
	char names[JIT_OBJECT_NAME];
};

static inline void jit_object_section(struct jit_object *o, int i, uint32_t type, uint64_t address, const void *at, uint64_t size)
{
	o->sections[i].sh_type = type;
	o->sections[i].sh_addr = address;
	o->sections[i].sh_offset = at ? (uint64_t)((const char *)at - (const char *)o) : 0;
	o->sections[i].sh_size = size;
}

/* A function of `size` bytes at `offset` of the code. The name is that of a symbol. */
static inline void jit_object_register(const char *name, uint64_t code, uint64_t code_size, uint64_t offset, uint64_t size)
{
	struct jit_object *o = (struct jit_object *)calloc(1, sizeof(*o));
	struct jit_code_entry *entry = (struct jit_code_entry *)calloc(1, sizeof(*entry));

	memcpy(o->head.e_ident, ELFMAG, SELFMAG);
	o->head.e_ident[EI_CLASS] = ELFCLASS64;
	o->head.e_ident[EI_DATA] = ELFDATA2LSB;
	o->head.e_ident[EI_VERSION] = EV_CURRENT;
	o->head.e_type = ET_REL;
	o->head.e_version = EV_CURRENT;
	o->head.e_ehsize = sizeof(o->head);
	o->head.e_shoff = offsetof(struct jit_object, sections);
	o->head.e_shentsize = sizeof(o->sections[0]);
	o->head.e_shnum = sizeof(o->sections) / sizeof(o->sections[0]);
	o->head.e_shstrndx = 3;
	jit_object_section(o, 1, SHT_NOBITS, code, NULL, code_size);
	jit_object_section(o, 2, SHT_SYMTAB, 0, o->symbols, sizeof(o->symbols));
	o->sections[2].sh_link = 3;
	o->sections[2].sh_info = 1;
	o->sections[2].sh_entsize = sizeof(o->symbols[0]);
	jit_object_section(o, 3, SHT_STRTAB, 0, o->names, sizeof(o->names));
	snprintf(o->names + 1, sizeof(o->names) - 1, "%s", name);
	o->symbols[1].st_name = 1;
	o->symbols[1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
	o->symbols[1].st_shndx = 1;
	o->symbols[1].st_value = offset;
	o->symbols[1].st_size = size;
	entry->object = (const char *)o;
	entry->size = sizeof(*o);
	entry->next = __jit_debug_descriptor.first;
	if (entry->next)
		entry->next->previous = entry;
	__jit_debug_descriptor.first = __jit_debug_descriptor.relevant = entry;
}

#endif
