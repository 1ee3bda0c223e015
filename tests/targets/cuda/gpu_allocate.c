// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gpu_allocate.c - an evaluation that takes and gives back memory of a GPU, in a section for each way to do so.
 *
 *     LD_LIBRARY_PATH=FOLDER_OF_THE_STUB gpu_allocate CALLS NAME...
 *
 * With GPU_WORK_HIP in the environment it calls libamdhip64, else libcuda. Names: see the table; one after the other, CALLS times, a
 * millisecond apart. 1 MiB is taken before the profiler attaches. The JSON line has the account of the driver (stub/device_memory.h), by
 * the section that took the memory, and of the device as "all":
 *
 *     "memory": {NAME: {"calls", "live_bytes", "peak_bytes", "alloc_bytes", "free_bytes", "allocs", "allocs_failed"}}
 */
#include <dlfcn.h>
#include <pthread.h>

#include "dcbs/markers.h"
#include "truth.h"
#include "open_library.h"

#define MEMORY_SECTIONS 16
#define PAUSE_NS 1000000
#define KIB 1024ULL
#define MIB (1024 * KIB)
#define MANY 20000		/* more than a profiler keeps */
#define TOO_MUCH (1ULL << 36)

struct memory_account {
	uint64_t live_bytes, peak_bytes, alloc_bytes, free_bytes, allocs, allocs_failed;
};

static struct {
	int (*allocate)(uint64_t *address, size_t bytes);
	int (*allocate_async)(uint64_t *address, size_t bytes, void *stream);
	int (*allocate_managed)(uint64_t *address, size_t bytes, unsigned int flags);
	int (*allocate_lines)(uint64_t *address, size_t *pitch, size_t width, size_t lines, unsigned int element_bytes);
	int (*create)(uint64_t *handle, size_t bytes, const void *properties, unsigned long long flags);
	int (*release)(uint64_t address);
	int (*release_async)(uint64_t address, void *stream);
	int (*release_handle)(uint64_t handle);
	void (*open)(int section);
	void (*close)(int section);
	const struct memory_account *(*memory)(void);
} driver;

static uint64_t early, handed_over;

/* ---- sections ---- */

static struct {
	const char *name;
	uint64_t calls;
} sections[MEMORY_SECTIONS];

static int nr_sections;

/* Returns the index of the section. Before a thread is created, its section has one. */
static int section_of(const char *name)
{
	int i;

	for (i = 0; i < nr_sections; i++)
		if (!strcmp(sections[i].name, name))
			return i;
	if (nr_sections == MEMORY_SECTIONS)
		abort();
	sections[nr_sections].name = name;
	return nr_sections++;
}

static void call_in_section(const char *name, void (*work)(void))
{
	dcbs_token token = dcbs_section_begin(dcbs_section_name(name));
	int section = section_of(name);

	driver.open(section);
	work();
	driver.close(section);
	dcbs_section_end(token);
	__atomic_fetch_add(&sections[section].calls, 1, __ATOMIC_RELAXED);
}

/* ---- evaluations ---- */

static uint64_t take(uint64_t bytes)
{
	uint64_t address = 0;

	driver.allocate(&address, bytes);
	return address;
}

/* Keeps 64 KiB. */
static void do_leak(void)
{
	uint64_t scratch = take(MIB);

	take(64 * KIB);
	driver.release(scratch);
}

/* Keeps nothing, whatever it is taken by. */
static void do_scratch(void)
{
	uint64_t a[5];
	size_t pitch;

	driver.allocate(&a[0], 3 * MIB);
	driver.allocate_async(&a[1], 100, NULL);
	driver.allocate_managed(&a[2], 5 * KIB, 1);
	driver.allocate_lines(&a[3], &pitch, 700, 33, 4);
	driver.create(&a[4], 2 * MIB, NULL, 0);
	driver.release(a[0]);
	driver.release_async(a[1], NULL);
	driver.release(a[2]);
	driver.release(a[3]);
	driver.release_handle(a[4]);
}

/* One piece is freed by another section. */
static void do_produce(void)
{
	handed_over = take(MIB);
}

static void do_consume(void)
{
	driver.release(handed_over);
}

static void do_hand_over(void)
{
	call_in_section("produce", do_produce);
	call_in_section("consume", do_consume);
}

/* A failed call, and a free that fails. */
static void do_fail(void)
{
	uint64_t kept = take(KIB);

	take(TOO_MUCH);
	driver.release(kept + 1);
	driver.release(kept);
	driver.release(kept);
}

/* Keeps its memory, in the first call only. */
static void do_load(void)
{
	static bool loaded;

	if (!loaded)
		take(256 * MIB);
	loaded = true;
}

static void do_inner(void)
{
	take(4 * KIB);
}

/* The inner section's memory is the outer one's, too. */
static void do_outer(void)
{
	call_in_section("inner", do_inner);
}

static void *take_and_release(void *unused)
{
	int i;

	for (i = 0; i < 50; i++)
		call_in_section("thread", do_scratch);
	return unused;
}

static void do_threads(void)
{
	pthread_t threads[2];
	int i;

	section_of("thread");
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, take_and_release, NULL);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

static void do_early(void)
{
	driver.release(early);
}

static void do_many(void)
{
	int i;

	for (i = 0; i < MANY; i++)
		take(KIB);
}

static const struct work {
	const char *name;
	void (*once)(void);
} works[] = {
	{"leak", do_leak}, {"scratch", do_scratch}, {"hand-over", do_hand_over}, {"fail", do_fail}, {"load", do_load}, {"outer", do_outer},
	{"threads", do_threads}, {"early", do_early}, {"many", do_many},
};

/* ---- the driver ---- */

static void open_driver(void)
{
	bool hip = getenv("GPU_WORK_HIP");
	void *library = open_library(hip ? "libamdhip64.so.6" : "libcuda.so.1");

	*(void **)&driver.allocate = dlsym(library, hip ? "hipMalloc" : "cuMemAlloc_v2");
	*(void **)&driver.allocate_async = dlsym(library, hip ? "hipMallocAsync" : "cuMemAllocAsync");
	*(void **)&driver.allocate_managed = dlsym(library, hip ? "hipMallocManaged" : "cuMemAllocManaged");
	*(void **)&driver.allocate_lines = dlsym(library, hip ? "hipMallocPitch" : "cuMemAllocPitch_v2");
	*(void **)&driver.create = dlsym(library, hip ? "hipMemCreate" : "cuMemCreate");
	*(void **)&driver.release = dlsym(library, hip ? "hipFree" : "cuMemFree_v2");
	*(void **)&driver.release_async = dlsym(library, hip ? "hipFreeAsync" : "cuMemFreeAsync");
	*(void **)&driver.release_handle = dlsym(library, hip ? "hipMemRelease" : "cuMemRelease");
	*(void **)&driver.open = dlsym(library, "stub_open");
	*(void **)&driver.close = dlsym(library, "stub_close");
	*(void **)&driver.memory = dlsym(library, "stub_memory");
}

static void print_account(const char *name, uint64_t calls, const struct memory_account *m, const char *comma)
{
	printf("%s\"%s\":{\"calls\":%" PRIu64, comma, name, calls);
	truth_number("live_bytes", m->live_bytes);
	truth_number("peak_bytes", m->peak_bytes);
	truth_number("alloc_bytes", m->alloc_bytes);
	truth_number("free_bytes", m->free_bytes);
	truth_number("allocs", m->allocs);
	truth_number("allocs_failed", m->allocs_failed);
	printf("}");
}

static const struct work *work_of(const char *name)
{
	size_t k;

	for (k = 0; k < sizeof(works) / sizeof(*works); k++)
		if (!strcmp(works[k].name, name))
			return &works[k];
	fprintf(stderr, "there is no %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	long calls = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
	int i;

	open_driver();
	early = take(MIB);
	truth_gate();
	while (calls-- > 0)
		for (i = 2; i < argc; i++) {
			call_in_section(argv[i], work_of(argv[i])->once);
			truth_sleep_ns(PAUSE_NS);
		}
	truth_open();
	printf(",\"memory\":{");
	for (i = 0; i < nr_sections; i++)
		print_account(sections[i].name, sections[i].calls, &driver.memory()[i], i ? "," : "");
	print_account("all", 0, &driver.memory()[MEMORY_SECTIONS], ",");
	printf("}");
	truth_close();
	return 0;
}
