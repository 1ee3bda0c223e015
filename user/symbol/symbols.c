// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* symbols.c - the functions of one process by their addresses. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/clock.h"
#include "symbol/native/images.h"
#include "symbol/native/jit_objects.h"
#include "symbol/perf_map.h"
#include "symbol/python/code_names.h"
#include "symbol/symbols.h"
#include "symbol/unwind/outermost.h"

#define MAX_INLINED 32			/* functions at one address */
#define MAX_PLACES 65536
#define MAX_PLACES_BYTES (8 << 20)
#define MAX_IMAGES 256			/* each holds two files open; beyond that only the path of a file is reported */
#define MAX_DEBUG_BYTES (40 << 20)	/* debug information of all files together; beyond that the other files' is released */
#define NR_RULES 1024			/* a power of two */
#define NR_CHECKED 4096			/* a power of two */
#define REREAD_INTERVAL_NS 1000000000ULL	/* between two reads of the mappings for an address that they lack */
#define VDSO_BYTES (64 << 10)

_Static_assert(!(NR_RULES & (NR_RULES - 1)) && !(NR_CHECKED & (NR_CHECKED - 1)), "indexed by a mask");

struct native_place {
	size_t nr;
	struct symbol list[];
};

struct cached_rule {
	__u64 address;		/* 0: none */
	struct unwind_rule rule;
};

struct symbols {
	pid_t pid;
	struct target_memory memory;
	struct intern intern;
	struct code_names python;
	struct memory_map map;
	__u64 map_ns;			/* when it was read; 0: never */
	unsigned int gpu_libraries;	/* see symbols_gpu_libraries() */
	struct image *images[MAX_IMAGES];
	size_t nr_images;
	struct perf_map perf_map;
	struct jit_objects jit;
	struct cache places;		/* struct native_place by address */
	struct cached_rule rules[NR_RULES];
	__u64 checked[NR_CHECKED];	/* address << 1, plus 1 if it is in the interpreter's loop */
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
	code_names_init(&symbols->python, pid, &symbols->memory, &symbols->intern);
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

	for (i = 0; i < symbols->map.nr; i++)
		if (symbols->map.list[i].kind != MAPPED_GENERATED && image_is(image, &symbols->map.list[i]))
			return true;
	return false;
}

static void note_gpu_libraries(struct symbols *symbols)
{
	enum library_kind kind;
	size_t i;

	for (i = 0; i < symbols->map.nr; i++) {
		kind = library_kind_of(symbols->map.list[i].path);
		if (library_kind_is_gpu(kind))
			symbols->gpu_libraries |= 1U << kind;
	}
}

unsigned int symbols_gpu_libraries(const struct symbols *symbols)
{
	return symbols->gpu_libraries;
}

/* The PID of a process that has ended may be another's. Then, and if the mappings cannot be read, the last ones stay. */
static bool read_map(struct symbols *symbols)
{
	struct memory_map fresh = {0};

	if (memory_map_read(&fresh, symbols->pid, &symbols->intern))
		return false;
	if (target_memory_is_gone(&symbols->memory)) {
		memory_map_free(&fresh);
		return false;
	}
	memory_map_free(&symbols->map);
	symbols->map = fresh;
	note_gpu_libraries(symbols);
	return true;
}

static void reread_map(struct symbols *symbols)
{
	size_t i, kept = 0;

	symbols->map_ns = clock_now_ns();
	cache_clear(&symbols->places);
	memset(symbols->checked, 0, sizeof(symbols->checked));
	memset(symbols->rules, 0, sizeof(symbols->rules));
	if (!read_map(symbols))
		return;		/* most likely it has exited: its last mappings still hold for the samples taken before */
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
	if (symbols->map_ns)
		reread_map(symbols);
}

/* No event reports code that a process generates, so an address that no mapping holds makes us read the mappings again. */
static const struct memory_mapping *find_mapping(struct symbols *symbols, __u64 address)
{
	const struct memory_mapping *mapping = memory_map_find(&symbols->map, address);

	if (!mapping && (!symbols->map_ns || clock_now_ns() - symbols->map_ns > REREAD_INTERVAL_NS)) {
		reread_map(symbols);
		mapping = memory_map_find(&symbols->map, address);
	}
	return mapping;
}

/* The vDSO has no file, but the memory of its mapping is an ELF file. */
static int open_vdso(struct symbols *symbols, const struct memory_mapping *mapping)
{
	size_t size = mapping->end - mapping->start < VDSO_BYTES ? (size_t)(mapping->end - mapping->start) : VDSO_BYTES;
	int fd = memfd_create("vdso", MFD_CLOEXEC);
	char *bytes = malloc(size);

	if (fd >= 0 && bytes && !target_memory_read(&symbols->memory, mapping->start, bytes, size) &&
	    pwrite(fd, bytes, size, 0) != (ssize_t)size) {
		close(fd);
		fd = -1;
	}
	free(bytes);
	return fd;
}

static int open_mapping(struct symbols *symbols, const struct memory_mapping *mapping)
{
	return mapping->kind == MAPPED_VDSO ? open_vdso(symbols, mapping) : memory_map_open(symbols->pid, mapping);
}

static struct image *find_image(struct symbols *symbols, const struct memory_mapping *mapping)
{
	struct image *image;
	int fd = -1;
	size_t i;

	for (i = 0; i < symbols->nr_images; i++)
		if (image_is(symbols->images[i], mapping))
			return symbols->images[i];
	assert(symbols->nr_images <= MAX_IMAGES);
	if (symbols->nr_images == MAX_IMAGES)
		return NULL;
	image = images_find(symbols->pid, mapping);
	if (!image)
		fd = open_mapping(symbols, mapping);
	if (fd == -EAGAIN)	/* there was no time; a later sample asks again */
		return NULL;
	if (!image)
		image = images_open(symbols->pid, mapping, fd);
	if (image)
		symbols->images[symbols->nr_images++] = image;
	return image;
}

/* If something was given up, the others' debug information may have been in the way. */
static void release_debug_info(struct symbols *symbols, const struct image *except, bool given_up)
{
	size_t i, bytes = 0;

	if (given_up)
		images_release(except);

	for (i = 0; i < symbols->nr_images; i++)
		bytes += image_debug_bytes(symbols->images[i]);
	for (i = 0; i < symbols->nr_images && bytes > MAX_DEBUG_BYTES; i++)
		if (symbols->images[i] != except)
			image_release(symbols->images[i]);
}

static size_t name_generated(struct symbols *symbols, __u64 address, struct symbol *to)
{
	const char *name;

	symbols->perf_map.ended |= target_memory_is_gone(&symbols->memory);
	name = perf_map_find(&symbols->perf_map, address);
	if (!name)
		name = jit_objects_find(&symbols->jit, &symbols->memory, &symbols->map, symbols->pid, address);
	*to = (struct symbol){.function = name ? intern_keep(&symbols->intern, name) : NULL};
	return 1;
}

static size_t copy_symbols(const struct symbol *from, size_t nr, struct symbol *to, size_t max)
{
	size_t n = nr < max ? nr : max;

	memcpy(to, from, n * sizeof(*to));
	return n;
}

static void cache_place(struct symbols *symbols, __u64 address, const struct symbol *list, size_t nr)
{
	size_t size = sizeof(struct native_place) + nr * sizeof(*list);
	struct native_place *place = malloc(size);

	assert(nr >= 1 && nr <= MAX_INLINED);
	if (!place)
		return;
	place->nr = nr;
	memcpy(place->list, list, nr * sizeof(*list));
	cache_put(&symbols->places, address, 0, place, size);
}

static size_t find_functions(struct symbols *symbols, __u64 address, struct symbol *list)
{
	const struct memory_mapping *mapping = find_mapping(symbols, address);
	__u64 given_up = budget_given_up();
	struct image *image;
	size_t nr = 1, i;

	list[0] = (struct symbol){};
	if (!mapping)
		return 1;
	if (mapping->kind == MAPPED_GENERATED)
		return name_generated(symbols, address, list);
	list[0].file = mapping->path;
	image = find_image(symbols, mapping);
	if (image) {
		nr = image_find(image, mapping, address, &symbols->intern, list, MAX_INLINED);
		release_debug_info(symbols, image, budget_given_up() != given_up);
	}
	for (i = 0; i < nr; i++)
		list[i].library = library_kind_of(mapping->path);
	if (budget_given_up() == given_up)	/* else the next look-up may find more */
		cache_place(symbols, address, list, nr);
	return nr;
}

size_t symbols_native(struct symbols *symbols, __u64 address, bool return_address, struct symbol *to, size_t max)
{
	struct symbol list[MAX_INLINED];
	const struct native_place *known;

	assert(max);
	/* The call ends one byte before. If it never returns, the return address may already belong to the next function. */
	if (return_address)
		address--;
	known = cache_get(&symbols->places, address, 0);
	if (known)
		return copy_symbols(known->list, known->nr, to, max);
	return copy_symbols(list, find_functions(symbols, address, list), to, max);
}

static struct unwind_rule find_unwind_rule(struct symbols *symbols, __u64 address)
{
	const struct memory_mapping *mapping = find_mapping(symbols, address);
	struct image *image = mapping && mapping->kind != MAPPED_GENERATED ? find_image(symbols, mapping) : NULL;
	const struct unwind_rule none = {0};

	return image ? image_unwind(image, mapping, address) : none;
}

static const struct unwind_rule *cached_unwind_rule(struct symbols *symbols, __u64 address)
{
	struct cached_rule *known = &symbols->rules[(address ^ address >> 10) & (NR_RULES - 1)];

	if (known->address != address)
		*known = (struct cached_rule){address, find_unwind_rule(symbols, address)};
	return &known->rule;
}

/* All addresses but the first are return addresses: the rule of the call, one byte before, applies. */
size_t symbols_unwind(struct symbols *symbols, struct unwind_stack *stack, __u64 *to, size_t max)
{
	size_t n = 0;

	assert(max);
	for (to[n++] = stack->ip; n < max; to[n++] = stack->ip)
		if (!unwind_step(stack, cached_unwind_rule(symbols, stack->ip - (n > 1))))
			break;
	return n;
}

static bool is_evaluation_loop(struct symbols *symbols, __u64 address)
{
	static const char loop[] = "_PyEval_EvalFrameDefault";
	const struct memory_mapping *mapping = find_mapping(symbols, address);
	struct image *image = mapping && mapping->kind == MAPPED_FILE ? find_image(symbols, mapping) : NULL;
	char name[SYMTAB_NAME_BYTES];

	return image && image_symbol(image, mapping, address, name) && !strncmp(name, loop, sizeof(loop) - 1);
}

bool symbols_is_interpreter(struct symbols *symbols, __u64 address)
{
	__u64 given_up = budget_given_up(), *known = &symbols->checked[(address ^ address >> 12) & (NR_CHECKED - 1)];
	bool is;

	if (*known >> 1 == address && *known)
		return *known & 1;
	is = is_evaluation_loop(symbols, address);
	if (budget_given_up() == given_up)
		*known = address << 1 | is;	/* the highest bit of a user-space address is 0 */
	return is;
}

bool symbols_is_outermost(struct symbols *symbols, __u64 address)
{
	struct symbol list[MAX_INLINED];
	size_t nr;

	if (cached_unwind_rule(symbols, address - 1)->outermost)
		return true;
	nr = symbols_native(symbols, address, true, list, MAX_INLINED);
	return outermost_by_name(&list[nr - 1]);
}

bool symbols_generated_cut(const struct symbols *symbols)
{
	return symbols->perf_map.cut || symbols->jit.cut;
}

void symbols_close(struct symbols *symbols)
{
	size_t i;

	if (!symbols)
		return;
	for (i = 0; i < symbols->nr_images; i++)
		images_put(symbols->images[i]);
	perf_map_free(&symbols->perf_map);
	jit_objects_free(&symbols->jit);
	cache_clear(&symbols->places);
	code_names_free(&symbols->python);
	memory_map_free(&symbols->map);
	intern_free(&symbols->intern);
	free(symbols);
}
