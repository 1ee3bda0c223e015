// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* calibrate.c - measures the costs of a hit of a probe, of a page fault and of a read of the clock on this machine. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "bpfprof/marker_abi.h"
#include "collect/overhead/calibrate.h"

#define ROUNDS 9
#define HITS 32
#define TRACE_USUAL_NS 60

extern void dcbs_marker_flush(void *record);

/* The kernel has to step over the first instruction, because it cannot emulate it. */
static void __attribute__((naked, noinline)) stepped_function(__attribute__((unused)) void *unused)
{
	__asm__("lea 8(%rsp), %rax\n\tret");
}

/* Returns the best of a few rounds, because disturbances only add time. */
static double best_hit_ns(void (*function)(void *))
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

/* The place of a function of ours in its file: the program, or the library that this file is linked into. */
struct own_place {
	__u64 address, offset;
	char path[PATH_MAX];
};

static bool note_own_mapping(void *ctx, const struct proc_mapping *map)
{
	struct own_place *place = ctx;

	if (place->address < map->start || place->address >= map->end)
		return true;
	place->offset = place->address - map->start + map->offset;
	snprintf(place->path, sizeof(place->path), "%s", map->path);
	return false;
}

/* The program may have been replaced on disk since it was started, but /proc/self/exe still leads to it. */
static int find_own_function(void (*function)(void *), struct own_place *place)
{
	char program[PATH_MAX] = "";

	*place = (struct own_place){.address = (__u64)(uintptr_t)function};
	if (proc_each_mapping(getpid(), note_own_mapping, place) || !place->path[0])
		return -ENOENT;
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0 && !strcmp(program, place->path))
		strcpy(place->path, "/proc/self/exe");
	return 0;
}

static double measure_hit(const struct bpf_program *prog, void (*function)(void *), __u64 offset, struct uprobe **probe)
{
	struct uprobe_place place = {.pid = getpid()};
	struct own_place own;

	*probe = NULL;
	if (find_own_function(function, &own))
		return NAN;
	place.path = own.path;
	place.offset = own.offset + offset;
	*probe = uprobe_attach(prog, &place);
	if (!*probe)
		return NAN;
	function(NULL);
	return best_hit_ns(function);
}

/* A compiler that marks targets of indirect calls puts this instruction before the one to be measured. */
static __u64 behind_endbr64(void (*function)(void *))
{
	static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

	return memcmp((const void *)(uintptr_t)function, endbr64, sizeof(endbr64)) ? 0 : sizeof(endbr64);
}

static double measure_step(const struct bpf_program *prog)
{
	struct uprobe *probe;
	double ns = measure_hit(prog, stepped_function, behind_endbr64(stepped_function), &probe);

	uprobe_detach(probe);
	return ns;
}

bool calibrate_is_stepped(const unsigned char *code)
{
	if (code[0] == 0x41)	/* prefix of a push of r8 to r15 */
		code++;
	return !(code[0] >= 0x50 && code[0] <= 0x57) && code[0] != 0x90 && code[0] != 0xe8 && code[0] != 0xe9 && code[0] != 0xeb &&
	       !(code[0] >= 0x70 && code[0] <= 0x7f) && !(code[0] == 0x0f && code[1] >= 0x80 && code[1] <= 0x8f);
}

#define TOUCH_PAGES 256
#define TOUCH_ROUNDS 5

static double touch_pages_ns(char *pages, size_t page)
{
	__u64 start = clock_cpu_ns();
	size_t i;

	for (i = 0; i < TOUCH_PAGES; i++)
		*(volatile char *)(pages + i * page) = 1;
	return (double)(clock_cpu_ns() - start) / TOUCH_PAGES;
}

double calibrate_page_touch(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = TOUCH_PAGES * page;
	double best = NAN;
	int i;

	for (i = 0; i < TOUCH_ROUNDS; i++) {
		char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (pages == MAP_FAILED)
			return best;
		madvise(pages, size, MADV_NOHUGEPAGE);
		best = fmin(best, touch_pages_ns(pages, page));
		munmap(pages, size);
	}
	return best;
}

#define READS 256

static double measure_clock_read(void)
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

void calibrate_init(struct calibration *c)
{
	*c = (struct calibration){.trap_ns = NAN, .step_ns = NAN, .clock_read_ns = NAN, .page_touch_ns = NAN, .trace_ns = TRACE_USUAL_NS};
}

void calibrate(struct calibration *c, const struct programs *bpf, bool stepped_probes)
{
	const struct bpf_program *prog = bpf->skel->progs.on_flush;

	if (!c->own_probe && isnan(c->trap_ns))
		c->trap_ns = measure_hit(prog, dcbs_marker_flush, PROBE_OFFSET, &c->own_probe);
	if (isnan(c->step_ns) && stepped_probes)
		c->step_ns = measure_step(prog);
	if (isnan(c->page_touch_ns))
		c->page_touch_ns = calibrate_page_touch();
	if (isnan(c->clock_read_ns))
		c->clock_read_ns = measure_clock_read();
}

void calibrate_close(struct calibration *c)
{
	uprobe_detach(c->own_probe);
	c->own_probe = NULL;
}
