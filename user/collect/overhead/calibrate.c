// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* calibrate.c - what a hit of the marker's probe and a page fault cost on this machine. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "bpfprof/target.h"
#include "collect/overhead/calibrate.h"
#include "collect/session.h"

#define ROUNDS 9
#define HITS 32

extern void dcbs_marker_flush(void *record);

/* Its first instruction is none that the kernel would rather emulate. */
static void __attribute__((naked, noinline)) stepped(__attribute__((unused)) void *unused)
{
	__asm__("lea 8(%rsp), %rax\n\tret");
}

/* Best of a few rounds: what disturbs only ever adds. */
static double hit_ns(void (*function)(void *))
{
	double best = INFINITY;
	int i, j;

	for (i = 0; i < ROUNDS; i++) {
		__u64 start = clock_now_ns();

		for (j = 0; j < HITS; j++)
			function(NULL);
		best = fmin(best, (double)(clock_now_ns() - start) / HITS);
	}
	return best;
}

/* The mapping of ours that a function lies in: the program, or the library that this is part of. */
struct own_place {
	__u64 address, offset;
	char path[PATH_MAX];
};

static bool is_own_place(void *ctx, const struct proc_mapping *map)
{
	struct own_place *place = ctx;

	if (place->address < map->start || place->address >= map->end)
		return true;
	place->offset = place->address - map->start + map->offset;
	snprintf(place->path, sizeof(place->path), "%s", map->path);
	return false;
}

/* Our program may have been replaced on disk since it was started; a link of the kernel's still leads to it. */
static int own_function(void (*function)(void *), struct own_place *place)
{
	char program[PATH_MAX] = "";

	*place = (struct own_place){.address = (__u64)(uintptr_t)function};
	if (proc_each_mapping(getpid(), is_own_place, place) || !place->path[0])
		return -ENOENT;
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0 && !strcmp(program, place->path))
		strcpy(place->path, "/proc/self/exe");
	return 0;
}

static double measure(const struct bpf_program *prog, void (*function)(void *), __u64 offset, struct uprobe **probe)
{
	struct uprobe_place place = {.pid = getpid()};
	struct own_place own;

	*probe = NULL;
	if (own_function(function, &own))
		return NAN;
	place.path = own.path;
	place.offset = own.offset + offset;
	*probe = uprobe_attach(prog, &place);
	if (!*probe)
		return NAN;
	function(NULL);
	return hit_ns(function);
}

double probe_measure(const struct bpf_program *prog, struct uprobe **probe)
{
	return measure(prog, dcbs_marker_flush, PROBE_OFFSET, probe);
}

double probe_measure_step(const struct bpf_program *prog)
{
	struct uprobe *probe;
	double ns = measure(prog, stepped, 0, &probe);

	uprobe_detach(probe);
	return ns;
}

bool probe_is_stepped(const unsigned char *code)
{
	if (code[0] == 0x41)	/* push of r8 and so on */
		code++;
	return !(code[0] >= 0x50 && code[0] <= 0x57) && code[0] != 0x90 && code[0] != 0xe8 && code[0] != 0xe9 && code[0] != 0xeb &&
	       !(code[0] >= 0x70 && code[0] <= 0x7f);
}

#define TOUCH_PAGES 256
#define TOUCH_ROUNDS 5

static double touch_ns(char *pages, size_t page)
{
	__u64 start = clock_cpu_ns();
	size_t i;

	for (i = 0; i < TOUCH_PAGES; i++)
		*(volatile char *)(pages + i * page) = 1;
	return (double)(clock_cpu_ns() - start) / TOUCH_PAGES;
}

double probe_page_touch(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = TOUCH_PAGES * page;
	double best = NAN;
	int i;

	for (i = 0; i < TOUCH_ROUNDS; i++) {
		char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (pages == MAP_FAILED)
			return best;
		madvise(pages, size, MADV_NOHUGEPAGE);
		best = fmin(best, touch_ns(pages, page));
		munmap(pages, size);
	}
	return best;
}

#define READS 256

double probe_clock_read(void)
{
	double best = INFINITY;
	int i, j;

	for (i = 0; i < ROUNDS; i++) {
		__u64 start = clock_now_ns(), end = start;

		for (j = 0; j < READS; j++)
			end = clock_now_ns();
		best = fmin(best, (double)(end - start) / READS);
	}
	return best;
}
