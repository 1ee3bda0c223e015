// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* debug_dwarf.c - opens the DWARF of one file in memory, for libdw. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/budget.h"
#include "symbol/debug/debug_dwarf.h"
#include "symbol/debug/debug_file.h"
#include "symbol/native/elf_open.h"

#define MAX_INFO_BYTES (28UL << 20)	/* one call of libdw may walk all entries, half a second for that many */
#define MAX_ABBREV_BYTES (4UL << 20)	/* one call may read all of it */

jmp_buf debug_dwarf_no_memory;

static void __attribute__((noreturn)) leave_libdw(void)
{
	longjmp(debug_dwarf_no_memory, 1);
}

static size_t bound_bytes(size_t bytes, const char *name)
{
	if ((!strcmp(name, ".debug_info") && bytes > MAX_INFO_BYTES) || (!strcmp(name, ".debug_abbrev") && bytes > MAX_ABBREV_BYTES))
		return SIZE_MAX;
	return bytes;
}

/* Uncompressed size of a section with DWARF; 0 for other sections. SIZE_MAX: it is not to be read. */
static size_t section_bytes(Elf_Scn *section, const GElf_Shdr *header, const char *name)
{
	GElf_Chdr packed;
	size_t bytes;

	if (!name || header->sh_type == SHT_NOBITS)
		return 0;
	if (!strncmp(name, ".zdebug", 7))	/* the old form of compression: the size is not known beforehand */
		return SIZE_MAX;
	if (strncmp(name, ".debug", 6))
		return 0;
	bytes = header->sh_flags & SHF_COMPRESSED && gelf_getchdr(section, &packed) ? packed.ch_size : header->sh_size;
	return bound_bytes(bytes, name);
}

static size_t count_dwarf_bytes(Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t index, total = 0;
	GElf_Shdr header;

	if (elf_getshdrstrndx(elf, &index))
		return 0;
	while (total <= DEBUG_DWARF_BYTES && (section = elf_nextscn(elf, section))) {
		size_t bytes = gelf_getshdr(section, &header) ?
			section_bytes(section, &header, elf_strptr(elf, index, header.sh_name)) : 0;

		total += bytes < DEBUG_DWARF_BYTES ? bytes : DEBUG_DWARF_BYTES + 1;
	}
	return total;
}

static const char *section_name(Elf *elf, Elf_Scn *section)
{
	GElf_Shdr header;
	size_t index;

	return !elf_getshdrstrndx(elf, &index) && gelf_getshdr(section, &header) ? elf_strptr(elf, index, header.sh_name) : NULL;
}

static bool ends_in_zero(const Elf_Data *data)
{
	return !data || !data->d_buf || !data->d_size || !((const char *)data->d_buf)[data->d_size - 1];
}

/* libdw does not check that the names of source files end within their section. libdw has decompressed the sections before. */
static bool string_sections_end(Elf *elf)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		const char *name = section_name(elf, section);

		if (name && (strstr(name, "debug_str") || strstr(name, "debug_line_str")) && !strstr(name, "offsets") &&
		    !ends_in_zero(elf_rawdata(section, NULL)))
			return false;
	}
	return true;
}

static bool open_elf_dwarf(Elf **elf, Dwarf **dwarf, int fd, size_t *bytes)
{
	size_t more;

	*elf = elf_open(fd);
	more = *elf ? count_dwarf_bytes(*elf) : 0;
	if (!more || more > DEBUG_DWARF_BYTES || !budget_reserve(more))
		return false;
	*bytes += more;
	*dwarf = dwarf_begin_elf(*elf, DWARF_C_READ, NULL);
	if (!*dwarf || budget_is_over_now())
		return false;
	dwarf_new_oom_handler(*dwarf, leave_libdw);
	return string_sections_end(*elf);
}

/* libdw by itself would block on a pipe in place of the shared file. Returns false if the file is needed but missing. */
static bool open_shared(struct debug_dwarf *dwarf, int fd, pid_t pid)
{
	dwarf->shared_fd = debug_file_open_shared(pid, dwarf->main, fd);
	if (dwarf->shared_fd < 0)
		return dwarf->shared_fd == -ENODATA;
	if (!open_elf_dwarf(&dwarf->shared_elf, &dwarf->shared, dwarf->shared_fd, &dwarf->bytes))
		return false;
	dwarf_setalt(dwarf->main, dwarf->shared);
	return true;
}

bool debug_dwarf_open(struct debug_dwarf *dwarf, int fd, pid_t pid)
{
	*dwarf = (struct debug_dwarf){.shared_fd = -1};
	if (open_elf_dwarf(&dwarf->elf, &dwarf->main, fd, &dwarf->bytes) && open_shared(dwarf, fd, pid))
		return true;
	debug_dwarf_close(dwarf);
	return false;
}

Elf_Data *debug_dwarf_lines(const struct debug_dwarf *dwarf)
{
	Elf_Scn *section = NULL;
	const char *name;

	while ((section = elf_nextscn(dwarf->elf, section))) {
		name = section_name(dwarf->elf, section);
		if (name && !strcmp(name, ".debug_line"))
			return elf_rawdata(section, NULL);
	}
	return NULL;
}

void debug_dwarf_close(struct debug_dwarf *dwarf)
{
	dwarf_end(dwarf->main);
	elf_end(dwarf->elf);
	if (dwarf->shared)
		dwarf_end(dwarf->shared);
	elf_end(dwarf->shared_elf);
	if (dwarf->shared_fd > 0)
		close(dwarf->shared_fd);
	budget_release(dwarf->bytes);
	*dwarf = (struct debug_dwarf){};
}
