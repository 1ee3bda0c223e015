// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* symbol_versions.c - the versions of the symbols that a library exports. */
#include <string.h>

#include "symbol/search/symbol_versions.h"

#define MAX_BYTES (16UL << 20)
#define MAX_VERSIONS 4096	/* the C library has some dozens */
#define HIDDEN 0x8000
#define GLOBAL 1		/* the highest number that names no version */

void symbol_versions_open(struct symbol_versions *versions, Elf *elf, Elf_Scn *section)
{
	size_t table = elf_ndxscn(section);
	Elf_Scn *other = NULL;
	GElf_Shdr header;

	*versions = (struct symbol_versions){.elf = elf};
	while ((other = elf_nextscn(elf, other))) {
		if (!gelf_getshdr(other, &header) || header.sh_size > MAX_BYTES)
			continue;
		if (header.sh_type == SHT_GNU_versym && header.sh_link == table)
			versions->numbers = elf_getdata(other, NULL);
		if (header.sh_type == SHT_GNU_verdef) {
			versions->names = elf_getdata(other, NULL);
			versions->strings = header.sh_link;
		}
	}
}

static const char *find_version(const struct symbol_versions *versions, unsigned int number)
{
	GElf_Verdef definition;
	GElf_Verdaux name;
	const char *text;
	int at = 0, left;

	for (left = MAX_VERSIONS; versions->names && left; left--) {
		if (!gelf_getverdef(versions->names, at, &definition))
			return "";
		if (definition.vd_ndx == number && gelf_getverdaux(versions->names, at + (int)definition.vd_aux, &name)) {
			text = elf_strptr(versions->elf, versions->strings, name.vda_name);
			return text ? text : "";
		}
		if (!definition.vd_next)
			return "";
		at += (int)definition.vd_next;
	}
	return "";
}

const char *symbol_versions_name(const struct symbol_versions *versions, size_t index, bool *hidden)
{
	GElf_Versym number;

	*hidden = false;
	if (!versions->numbers || !gelf_getversym(versions->numbers, (int)index, &number) || (number & ~HIDDEN) <= GLOBAL)
		return "";
	*hidden = number & HIDDEN;
	return find_version(versions, number & ~HIDDEN);
}
