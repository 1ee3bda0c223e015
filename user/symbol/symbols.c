// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* symbols.c - the functions of one process by their addresses. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "symbol/native/images.h"
#include "symbol/perf_map.h"
#include "symbol/python/code_names.h"
#include "symbol/symbols.h"

#define MAX_FRAMES 32			/* functions inlined in one another */
#define MAX_PLACES 65536
#define MAX_PLACES_BYTES (8 << 20)
#define MAX_IMAGES 256			/* each holds two files open; of those beyond, only the path is told */
#define DEBUG_BYTES (96 << 20)		/* debug information of all files together, before that of the others is given back */
#define RULES 1024			/* a power of two */
#define JUDGED 4096			/* a power of two */
#define AGAIN_NS 1000000000ULL		/* between two looks at the maps for an address that they do not have */
#define VDSO_BYTES (64 << 10)

struct place {
	size_t nr;
	struct symbol list[];
};

struct known_rule {
	__u64 address;		/* 0: none */
	struct unwind_rule rule;
};

struct symbols {
	pid_t pid;
	struct target_memory memory;
	struct intern strings;
	struct code_names python;
	struct memory_map maps;
	__u64 maps_ns;			/* when they were read; 0: never */
	struct image *images[MAX_IMAGES];
	size_t nr_images;
	struct perf_map perf_map;
	struct cache places;		/* struct place by address */
	struct known_rule rules[RULES];
	__u64 judged[JUDGED];		/* addresses, and in the lowest bit whether they are the interpreter's */
};

struct symbols *symbols_open(pid_t pid, const struct python_layout *layout,
			     int (*read)(void *ctx, __u64 address, void *to, size_t size), void *ctx)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->pid = pid;
	symbols->memory = (struct target_memory){read, ctx};
	symbols->places.max_entries = MAX_PLACES;
	symbols->places.max_bytes = MAX_PLACES_BYTES;
	symbols->perf_map.pid = pid;
	code_names_init(&symbols->python, &symbols->memory, &symbols->strings);
	code_names_use(&symbols->python, layout);
	return symbols;
}

bool symbols_python(struct symbols *symbols, const struct python_frame *frame, struct symbol *symbol)
{
	return code_names_find(&symbols->python, frame, symbol);
}

static bool is_mapped(const struct symbols *symbols, const struct image *image)
{
	size_t i;

	for (i = 0; i < symbols->maps.nr; i++)
		if (symbols->maps.list[i].kind != MAPPED_MADE && image_is(image, &symbols->maps.list[i]))
			return true;
	return false;
}

static void read_maps(struct symbols *symbols)
{
	size_t i, kept = 0;

	symbols->maps_ns = clock_now_ns();
	cache_clear(&symbols->places);
	memset(symbols->judged, 0, sizeof(symbols->judged));
	memset(symbols->rules, 0, sizeof(symbols->rules));
	if (memory_map_read(&symbols->maps, symbols->pid, &symbols->strings))
		return;		/* it has ended: what it had mapped before is still right for what it did then */
	for (i = 0; i < symbols->nr_images; i++) {
		if (is_mapped(symbols, symbols->images[i]))
			symbols->images[kept++] = symbols->images[i];
		else
			images_put(symbols->images[i]);
	}
	symbols->nr_images = kept;
}

void symbols_refresh(struct symbols *symbols, const struct python_layout *layout)
{
	code_names_use(&symbols->python, layout);
	if (symbols->maps_ns)
		read_maps(symbols);
}

/* Code that a process has made since the last look is in no map that we know, and nobody tells of it. */
static const struct memory_mapping *map_at(struct symbols *symbols, __u64 address)
{
	const struct memory_mapping *map = memory_map_find(&symbols->maps, address);

	if (!map && (!symbols->maps_ns || clock_now_ns() - symbols->maps_ns > AGAIN_NS)) {
		read_maps(symbols);
		map = memory_map_find(&symbols->maps, address);
	}
	return map;
}

/* The kernel's library is in no file; but it is one, in memory. */
static int open_vdso(struct symbols *symbols, const struct memory_mapping *map)
{
	size_t size = map->end - map->start < VDSO_BYTES ? (size_t)(map->end - map->start) : VDSO_BYTES;
	int fd = memfd_create("vdso", MFD_CLOEXEC);
	char *bytes = malloc(size);

	if (fd >= 0 && bytes && !target_memory_read(&symbols->memory, map->start, bytes, size) &&
	    pwrite(fd, bytes, size, 0) != (ssize_t)size) {
		close(fd);
		fd = -1;
	}
	free(bytes);
	return fd;
}

static struct image *image_at(struct symbols *symbols, const struct memory_mapping *map)
{
	struct image *image;
	size_t i;

	for (i = 0; i < symbols->nr_images; i++)
		if (image_is(symbols->images[i], map))
			return symbols->images[i];
	if (symbols->nr_images == MAX_IMAGES)
		return NULL;
	image = images_find(symbols->pid, map);
	if (!image)
		image = images_open(symbols->pid, map, map->kind == MAPPED_VDSO ? open_vdso(symbols, map) : memory_map_open(symbols->pid, map));
	if (image)
		symbols->images[symbols->nr_images++] = image;
	return image;
}

static void give_back(struct symbols *symbols, const struct image *but)
{
	size_t i, bytes = 0;

	for (i = 0; i < symbols->nr_images; i++)
		bytes += image_debug_bytes(symbols->images[i]);
	for (i = 0; i < symbols->nr_images && bytes > DEBUG_BYTES; i++)
		if (symbols->images[i] != but)
			image_release(symbols->images[i]);
}

static size_t name_made(struct symbols *symbols, __u64 address, struct symbol *to)
{
	const char *name = perf_map_find(&symbols->perf_map, address);

	*to = (struct symbol){.function = name ? intern_keep(&symbols->strings, name) : NULL};
	return 1;
}

static size_t copy_out(const struct symbol *from, size_t nr, struct symbol *to, size_t max)
{
	size_t n = nr < max ? nr : max;

	memcpy(to, from, n * sizeof(*to));
	return n;
}

static void keep_place(struct symbols *symbols, __u64 address, const struct symbol *list, size_t nr)
{
	size_t size = sizeof(struct place) + nr * sizeof(*list);
	struct place *place = malloc(size);

	if (!place)
		return;
	place->nr = nr;
	memcpy(place->list, list, nr * sizeof(*list));
	cache_put(&symbols->places, address, 0, place, size);
}

static size_t find_native(struct symbols *symbols, __u64 address, struct symbol *list)
{
	const struct memory_mapping *map = map_at(symbols, address);
	struct image *image;
	size_t nr = 1;

	list[0] = (struct symbol){};
	if (!map)
		return 1;
	if (map->kind == MAPPED_MADE)
		return name_made(symbols, address, list);
	list[0].file = map->path;
	image = image_at(symbols, map);
	if (image) {
		nr = image_find(image, map, address, &symbols->strings, list, MAX_FRAMES);
		give_back(symbols, image);
	}
	keep_place(symbols, address, list, nr);
	return nr;
}

size_t symbols_native(struct symbols *symbols, __u64 address, bool return_address, struct symbol *to, size_t max)
{
	struct symbol list[MAX_FRAMES];
	const struct place *known;

	/* The call is the last instruction before: a call that never returns may be the last one of its function. */
	if (return_address)
		address--;
	known = cache_get(&symbols->places, address, 0);
	if (known)
		return copy_out(known->list, known->nr, to, max);
	return copy_out(list, find_native(symbols, address, list), to, max);
}

static struct unwind_rule find_rule(struct symbols *symbols, __u64 address)
{
	const struct memory_mapping *map = map_at(symbols, address);
	struct image *image = map && map->kind != MAPPED_MADE ? image_at(symbols, map) : NULL;
	const struct unwind_rule none = {0};

	return image ? image_unwind(image, map, address) : none;
}

static const struct unwind_rule *rule_at(struct symbols *symbols, __u64 address)
{
	struct known_rule *known = &symbols->rules[(address ^ address >> 10) & (RULES - 1)];

	if (known->address != address)
		*known = (struct known_rule){address, find_rule(symbols, address)};
	return &known->rule;
}

/* A return address may be the next function's already, if the call was the last instruction. */
size_t symbols_unwind(struct symbols *symbols, struct unwind_stack *stack, __u64 *to, size_t max)
{
	size_t n = 0;

	for (to[n++] = stack->ip; n < max; to[n++] = stack->ip)
		if (!unwind_step(stack, rule_at(symbols, stack->ip - (n > 1))))
			break;
	return n;
}

static bool judge(struct symbols *symbols, __u64 address)
{
	static const char loop[] = "_PyEval_EvalFrameDefault";
	const struct memory_mapping *map = map_at(symbols, address);
	struct image *image = map && map->kind == MAPPED_FILE ? image_at(symbols, map) : NULL;
	char name[SYMTAB_NAME_BYTES];

	return image && image_symbol(image, map, address, name) && !strncmp(name, loop, sizeof(loop) - 1);
}

bool symbols_is_interpreter(struct symbols *symbols, __u64 address)
{
	__u64 *known = &symbols->judged[(address ^ address >> 12) & (JUDGED - 1)];
	bool is;

	if (*known >> 1 == address && *known)
		return *known & 1;
	is = judge(symbols, address);
	*known = address << 1 | is;	/* no address of a process's has its highest bit set */
	return is;
}

void symbols_close(struct symbols *symbols)
{
	size_t i;

	if (!symbols)
		return;
	for (i = 0; i < symbols->nr_images; i++)
		images_put(symbols->images[i]);
	perf_map_free(&symbols->perf_map);
	cache_clear(&symbols->places);
	code_names_free(&symbols->python);
	memory_map_free(&symbols->maps);
	intern_free(&symbols->strings);
	free(symbols);
}
