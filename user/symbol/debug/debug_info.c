// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* debug_info.c - what the DWARF of one file says of an address. */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "symbol/debug/debug_dwarf.h"
#include "symbol/debug/debug_info.h"
#include "symbol/store/ranges.h"

#define WORK (64L << 20)		/* entries and ranges looked at, for one file in all: 64 MiB of DWARF hold 8 million */
#define MAX_KEPT (1L << 20)		/* ranges of functions in memory */
#define MAX_UNITS 65536
#define MAX_DEPTH 64
#define LINES_BYTES (2 << 20)		/* of the line program of a unit: it grows twentyfold in memory */
#define LINES_KEPT_BYTES (4 << 20)	/* of those that were run, before all is given back */

struct unit {
	Dwarf_Off die;
	bool indexed, has_lines;
	struct ranges functions;	/* the value: offset of the function's entry */
};

struct debug_info {
	int fd;
	pid_t pid;
	long work, kept;
	struct debug_dwarf dwarf;	/* given back: without its Dwarf */
	size_t lines_bytes;
	struct unit *units;
	size_t nr_units, units_room;
	struct ranges ranges;		/* of the units; the value: which */
};

static bool spend(struct debug_info *info)
{
	return --info->work > 0;
}

static bool add_ranges(struct debug_info *info, struct ranges *to, Dwarf_Die *die, __u64 value)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0)
		if (!spend(info) || ++info->kept > MAX_KEPT || !ranges_add(to, low, high, value))
			return false;
	return true;
}

static bool add_unit(struct debug_info *info, Dwarf_Off die)
{
	if (!array_reserve(info->units, info->nr_units, info->units_room, 1))
		return false;
	info->units[info->nr_units++] = (struct unit){.die = die};
	return true;
}

/* A skeleton has its lines here and the rest in a file of its own, which is left alone. */
static bool has_code(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_compile_unit || dwarf_tag(die) == DW_TAG_skeleton_unit;
}

static void find_units(struct debug_info *info)
{
	Dwarf_Off offset = 0, next;
	size_t header, looked;
	Dwarf_Die die;

	for (looked = 0; looked < MAX_UNITS; looked++) {
		if (dwarf_nextcu(info->dwarf.main, offset, &next, &header, NULL, NULL, NULL))
			break;
		if (dwarf_offdie(info->dwarf.main, offset + header, &die) && has_code(&die) &&
		    (!add_unit(info, offset + header) || !add_ranges(info, &info->ranges, &die, info->nr_units - 1)))
			break;
		if (next <= offset)
			break;
		offset = next;
	}
	ranges_sort(&info->ranges);
}

static bool load(struct debug_info *info)
{
	if (info->dwarf.main)
		return true;
	if (!debug_dwarf_open(&info->dwarf, info->fd, info->pid))
		return false;
	find_units(info);
	return true;
}

struct debug_info *debug_info_open(int fd, pid_t pid)
{
	struct debug_info *info = calloc(1, sizeof(*info));

	if (!info)
		return NULL;
	info->fd = fd;
	info->pid = pid;
	info->work = WORK;
	if (load(info))
		return info;
	debug_info_close(info);
	return NULL;
}

/* Functions stand below the unit, or within what only gives their names a prefix. */
static bool may_hold_functions(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type;
}

static void add_functions(struct debug_info *info, struct unit *unit, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth == MAX_DEPTH || dwarf_child(parent, &die))
		return;
	do {
		int tag = dwarf_tag(&die);

		if (!spend(info))
			return;
		if (tag == DW_TAG_subprogram)
			add_ranges(info, &unit->functions, &die, dwarf_dieoffset(&die));
		else if (may_hold_functions(tag))
			add_functions(info, unit, &die, depth + 1);
	} while (!dwarf_siblingof(&die, &die));
}

static struct unit *unit_at(struct debug_info *info, __u64 address, Dwarf_Die *die)
{
	const struct range *range = ranges_find(&info->ranges, address);
	struct unit *unit;

	if (!range)
		return NULL;
	unit = &info->units[range->value];
	if (!dwarf_offdie(info->dwarf.main, unit->die, die))
		return NULL;
	if (!unit->indexed) {
		unit->indexed = true;
		add_functions(info, unit, die, 0);
		ranges_sort(&unit->functions);
	}
	return unit;
}

/* Bytes of the unit's line program; what cannot be told counts as too many. */
static size_t program_bytes(struct debug_info *info, Dwarf_Die *unit_die)
{
	Elf_Data *data = debug_dwarf_lines(&info->dwarf);
	Dwarf_Attribute attr;
	Dwarf_Word offset;
	__u32 size;

	if (!data || !dwarf_attr(unit_die, DW_AT_stmt_list, &attr) || dwarf_formudata(&attr, &offset) ||
	    offset > data->d_size || data->d_size - offset < sizeof(size))
		return SIZE_MAX;
	memcpy(&size, (char *)data->d_buf + offset, sizeof(size));
	return size;
}

/* libdw runs the whole program of a unit and keeps every line. */
static bool may_have_lines(struct debug_info *info, struct unit *unit, Dwarf_Die *unit_die)
{
	size_t bytes;

	if (unit->has_lines)
		return true;
	bytes = program_bytes(info, unit_die);
	if (bytes > LINES_BYTES)
		return false;
	unit->has_lines = true;
	info->lines_bytes += bytes;
	return true;
}

static bool is_scope(int tag)
{
	return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

static bool holds(struct debug_info *info, Dwarf_Die *die, __u64 address)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0 && spend(info))
		if (address >= low && address < high)
			return true;
	return false;
}

static bool scope_within(struct debug_info *info, Dwarf_Die *parent, __u64 address, Dwarf_Die *die)
{
	if (dwarf_child(parent, die))
		return false;
	do {
		if (!spend(info))
			return false;
		if (is_scope(dwarf_tag(die)) && holds(info, die, address))
			return true;
	} while (!dwarf_siblingof(die, die));
	return false;
}

static const char *text_of(Dwarf_Die *die, unsigned int attribute)
{
	Dwarf_Attribute attr;
	const char *text = dwarf_attr_integrate(die, attribute, &attr) ? dwarf_formstring(&attr) : NULL;

	return text && *text ? text : NULL;
}

static void set_name(Dwarf_Die *die, struct debug_place *place)
{
	place->function = text_of(die, DW_AT_linkage_name);
	if (!place->function)
		place->function = text_of(die, DW_AT_MIPS_linkage_name);
	place->linkage = place->function;
	if (!place->function)
		place->function = text_of(die, DW_AT_name);
}

/* The function and those inlined in one another at the address, outermost first. */
static size_t scopes_at(struct debug_info *info, Dwarf_Off function, __u64 address, Dwarf_Die *scopes, size_t max)
{
	Dwarf_Die at, next;
	size_t n = 0;
	int depth;

	if (!max || !dwarf_offdie(info->dwarf.main, function, &at))
		return 0;
	scopes[n++] = at;
	for (depth = 0; depth < MAX_DEPTH && n < max && scope_within(info, &at, address, &next); depth++) {
		if (dwarf_tag(&next) == DW_TAG_inlined_subroutine)
			scopes[n++] = next;
		at = next;
	}
	return n;
}

static void set_line(Dwarf_Die *unit_die, __u64 address, struct debug_place *place)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit_die, address);
	int number = 0;

	if (!line)
		return;
	dwarf_lineno(line, &number);
	place->file = dwarf_linesrc(line, NULL, NULL);
	place->line = number > 0 ? (__u32)number : 0;
}

/* Where the call stood in the source that was replaced by the function itself. */
static void set_call(Dwarf_Die *unit_die, Dwarf_Die *inlined, struct debug_place *place)
{
	Dwarf_Word number;
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	size_t nr;

	if (dwarf_attr(inlined, DW_AT_call_line, &attr) && !dwarf_formudata(&attr, &number) && number <= INT32_MAX)
		place->line = (__u32)number;
	if (dwarf_attr(inlined, DW_AT_call_file, &attr) && !dwarf_formudata(&attr, &number) &&
	    !dwarf_getsrcfiles(unit_die, &files, &nr) && number < nr)
		place->file = dwarf_filesrc(files, number, NULL, NULL);
}

size_t debug_info_find(struct debug_info *info, __u64 address, struct debug_place *to, size_t max)
{
	Dwarf_Die unit_die, scopes[MAX_DEPTH];
	const struct range *function;
	struct unit *unit = NULL;
	size_t n = 0, i;
	bool lines;

	if (info->lines_bytes > LINES_KEPT_BYTES)
		debug_info_release(info);
	if (info->work > 0 && max && load(info))
		unit = unit_at(info, address, &unit_die);
	if (!unit)
		return 0;
	lines = may_have_lines(info, unit, &unit_die);
	function = ranges_find(&unit->functions, address);
	if (function)
		n = scopes_at(info, function->value, address, scopes, max < MAX_DEPTH ? max : MAX_DEPTH);
	memset(to, 0, (n ? n : 1) * sizeof(*to));
	if (lines)
		set_line(&unit_die, address, &to[0]);
	for (i = 0; i < n; i++) {
		set_name(&scopes[n - 1 - i], &to[i]);
		if (lines && i)
			set_call(&unit_die, &scopes[n - i], &to[i]);
	}
	return n ? n : to[0].file != NULL;
}

size_t debug_info_bytes(const struct debug_info *info)
{
	return info->dwarf.main ? info->dwarf.bytes + 20 * info->lines_bytes : 0;
}

void debug_info_release(struct debug_info *info)
{
	size_t i;

	debug_dwarf_close(&info->dwarf);
	for (i = 0; i < info->nr_units; i++)
		ranges_free(&info->units[i].functions);
	free(info->units);
	ranges_free(&info->ranges);
	*info = (struct debug_info){.fd = info->fd, .pid = info->pid, .work = info->work};
}

void debug_info_close(struct debug_info *info)
{
	if (!info)
		return;
	debug_info_release(info);
	free(info);
}
