// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* debug_info.c - the functions and the source lines at an address, by the DWARF of one file. */
#include <assert.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/budget.h"
#include "symbol/debug/debug_dwarf.h"
#include "symbol/debug/debug_info.h"
#include "symbol/debug/debug_walk.h"
#include "symbol/store/ranges.h"

#define MAX_WORK (64L << 20)		/* entries and ranges read of one file in total; 64 MiB of DWARF hold 8 million */
#define MAX_RANGES (1L << 20)		/* of functions and units, in memory */
#define MAX_UNITS 65536
#define MAX_DEPTH 64
#define MAX_PROGRAM_BYTES (1 << 20)	/* of the line program of a unit; the lines take 20 times as much memory */
#define MAX_LINES_BYTES (1 << 20)	/* of all line programs that were run; beyond that all memory is released */

struct debug_unit {
	Dwarf_Off die;
	bool indexed, has_lines;
	struct ranges functions;	/* value: offset of the function's entry */
};

struct debug_info {
	int fd;
	pid_t pid;
	long work;			/* entries and ranges that may still be read */
	long nr_ranges;
	struct debug_dwarf dwarf;	/* released: its `main` is NULL */
	size_t lines_bytes;		/* of the line programs that were run */
	struct debug_unit *units;
	size_t nr_units, units_room;
	struct ranges ranges;		/* of the units; value: index of the unit */
};

static bool count_work(void *ctx)
{
	struct debug_info *info = ctx;

	return --info->work > 0 && !budget_is_over();
}

static bool add_ranges(struct debug_info *info, struct ranges *to, Dwarf_Die *die, __u64 value)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0)
		if (!count_work(info) || ++info->nr_ranges > MAX_RANGES || !ranges_add(to, low, high, value))
			return false;
	return true;
}

static bool add_unit(struct debug_info *info, Dwarf_Off die)
{
	if (!array_reserve(info->units, info->nr_units, info->units_room, 1))
		return false;
	info->units[info->nr_units++] = (struct debug_unit){.die = die};
	return true;
}

/* A skeleton unit has its lines here and the rest in a file of its own, which is not read. */
static bool has_code(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_compile_unit || dwarf_tag(die) == DW_TAG_skeleton_unit;
}

static void read_units(struct debug_info *info)
{
	Dwarf_Off offset = 0, next;
	size_t header, nr;
	Dwarf_Die die;

	for (nr = 0; nr < MAX_UNITS && !budget_is_over_now(); nr++) {
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

static bool load_dwarf(struct debug_info *info)
{
	if (info->dwarf.main)
		return true;
	if (!debug_dwarf_open(&info->dwarf, info->fd, info->pid))
		return false;
	read_units(info);
	if (!budget_is_over_now())
		return true;
	debug_info_release(info);
	return false;
}

static bool try_load(struct debug_info *info)
{
	return !setjmp(debug_dwarf_no_memory) && load_dwarf(info);
}

struct debug_info *debug_info_open(int fd, pid_t pid)
{
	struct debug_info *info = calloc(1, sizeof(*info));

	if (!info)
		return NULL;
	info->fd = fd;
	info->pid = pid;
	info->work = MAX_WORK;
	if (try_load(info))
		return info;
	debug_info_close(info);
	return NULL;
}

/* Functions stand below the unit or in a scope that only adds a prefix to their names. */
static bool may_hold_functions(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type;
}

static void add_functions(struct debug_info *info, struct debug_unit *unit, Dwarf_Die *parent, int depth)
{
	const struct debug_walk walk = {count_work, info};
	Dwarf_Die die;

	if (depth == MAX_DEPTH || dwarf_child(parent, &die))
		return;
	do {
		int tag = dwarf_tag(&die);

		if (!count_work(info))
			return;
		if (tag == DW_TAG_subprogram)
			add_ranges(info, &unit->functions, &die, dwarf_dieoffset(&die));
		else if (may_hold_functions(tag))
			add_functions(info, unit, &die, depth + 1);
	} while (!debug_walk_sibling(&walk, &die));
}

static struct debug_unit *find_unit(struct debug_info *info, __u64 address, Dwarf_Die *die)
{
	const struct range *range = ranges_find(&info->ranges, address);
	struct debug_unit *unit;

	if (!range)
		return NULL;
	assert(range->value < info->nr_units);
	unit = &info->units[range->value];
	if (!dwarf_offdie(info->dwarf.main, unit->die, die))
		return NULL;
	if (!unit->indexed) {
		add_functions(info, unit, die, 0);
		ranges_sort(&unit->functions);
		unit->indexed = !budget_is_over_now();
		if (!unit->indexed)
			ranges_free(&unit->functions);
	}
	return unit;
}

/* Bytes of the unit's line program; SIZE_MAX: unknown. */
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

/* libdw runs the whole line program of a unit and keeps every line, so a long program is not run. */
static bool may_run_lines(struct debug_info *info, struct debug_unit *unit, Dwarf_Die *unit_die)
{
	size_t bytes;

	if (unit->has_lines)
		return true;
	bytes = program_bytes(info, unit_die);
	if (bytes > MAX_PROGRAM_BYTES)
		return false;
	unit->has_lines = true;
	info->lines_bytes += bytes;
	return true;
}

static bool is_scope(int tag)
{
	return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
	       tag == DW_TAG_catch_block;
}

static bool entry_holds(struct debug_info *info, Dwarf_Die *die, __u64 address)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0 && count_work(info))
		if (address >= low && address < high)
			return true;
	return false;
}

static bool find_scope(struct debug_info *info, Dwarf_Die *parent, __u64 address, Dwarf_Die *die)
{
	const struct debug_walk walk = {count_work, info};

	if (dwarf_child(parent, die))
		return false;
	do {
		if (!count_work(info))
			return false;
		if (is_scope(dwarf_tag(die)) && entry_holds(info, die, address))
			return true;
	} while (!debug_walk_sibling(&walk, die));
	return false;
}

static const char *read_text(Dwarf_Die *die, unsigned int attribute)
{
	Dwarf_Attribute attr;
	const char *text = dwarf_attr_integrate(die, attribute, &attr) ? dwarf_formstring(&attr) : NULL;

	return text && *text ? text : NULL;
}

static void set_name(Dwarf_Die *die, struct debug_place *place)
{
	place->function = read_text(die, DW_AT_linkage_name);
	if (!place->function)
		place->function = read_text(die, DW_AT_MIPS_linkage_name);
	place->linkage = place->function;
	if (!place->function)
		place->function = read_text(die, DW_AT_name);
}

/* The function and the functions inlined in it at the address, outermost first. */
static size_t find_scopes(struct debug_info *info, Dwarf_Off function, __u64 address, Dwarf_Die *scopes, size_t max)
{
	Dwarf_Die at, next;
	size_t n = 0;
	int depth;

	if (!max || !dwarf_offdie(info->dwarf.main, function, &at))
		return 0;
	scopes[n++] = at;
	for (depth = 0; depth < MAX_DEPTH && n < max && find_scope(info, &at, address, &next); depth++) {
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

/* Sets the source line of the call that the inlined function replaces. */
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

static void set_first_line(Dwarf_Die *die, struct debug_place *place)
{
	Dwarf_Word number;
	Dwarf_Attribute attr;

	if (place->file && dwarf_attr_integrate(die, DW_AT_decl_line, &attr) && !dwarf_formudata(&attr, &number) && number <= INT32_MAX)
		place->first_line = (__u32)number;
}

static size_t find_functions(struct debug_info *info, __u64 address, struct debug_place *to, size_t max)
{
	Dwarf_Die unit_die, scopes[MAX_DEPTH];
	const struct range *function;
	struct debug_unit *unit = NULL;
	size_t n = 0, i;
	bool lines;

	if (info->lines_bytes > MAX_LINES_BYTES)
		debug_info_release(info);
	if (info->work > 0 && max && load_dwarf(info))
		unit = find_unit(info, address, &unit_die);
	if (!unit)
		return 0;
	lines = may_run_lines(info, unit, &unit_die);
	function = ranges_find(&unit->functions, address);
	if (function)
		n = find_scopes(info, function->value, address, scopes, max < MAX_DEPTH ? max : MAX_DEPTH);
	assert(n <= max && n <= MAX_DEPTH);
	memset(to, 0, (n ? n : 1) * sizeof(*to));
	if (lines)
		set_line(&unit_die, address, &to[0]);
	for (i = 0; i < n; i++) {
		set_name(&scopes[n - 1 - i], &to[i]);
		if (lines && i)
			set_call(&unit_die, &scopes[n - i], &to[i]);
		set_first_line(&scopes[n - 1 - i], &to[i]);
	}
	return n ? n : to[0].file != NULL;
}

size_t debug_info_find(struct debug_info *info, __u64 address, struct debug_place *to, size_t max)
{
	if (!setjmp(debug_dwarf_no_memory))
		return find_functions(info, address, to, max);
	debug_info_release(info);
	info->work = 0;
	return 0;
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
