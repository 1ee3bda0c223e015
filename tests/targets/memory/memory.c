// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * memory.c - touches 512 MiB in known pieces, each in a section of its own, and prints the kernel's account of them.
 *
 *     heap      128 MiB in 16 calls of malloc            shared     64 MiB of shared memory
 *     outer      32 MiB, and around inner                file       64 MiB of a mapped file, from the page cache
 *     inner      64 MiB, called by outer                 huge       64 MiB that may have huge pages
 *     given      64 MiB on a thread                      rare       32 MiB in 1000 calls, of which one takes three quarters
 *     taken     frees what given got, on another thread  churn      maps, touches and unmaps 8 MiB, 16 times
 *
 * Beside their durations and accounts (measured_call.h) it prints what each section by itself means to leave behind by kind, what
 * came and went, and the most by which it grew within a call; and for each step the change of /proc/self/smaps_rollup:
 *
 *     "memory": {"heap": {"anon", "file", "shmem", "grown", "shrunk", "peak"}, ...}
 *     "smaps": {"heap": {"rss", "anon", "shmem", "huge"}, ..., "all": {...}}
 */
#include <sys/mman.h>

#include "cold.h"
#include "measured_call.h"

#define MIB (1ULL << 20)
#define PAGE 4096ULL
#define HEAP_CALLS 16
#define CHURN_CALLS 16
#define RARE_CALLS 1000
#define RARE_USUAL (2 * PAGE)
#define RARE_ONCE (32 * MIB - (RARE_CALLS - 1) * RARE_USUAL)
#define HUGE_ALIGN (2 * MIB)

enum { HEAP, OUTER, INNER, SHARED, MAPPED, HUGE, GIVEN, TAKEN, RARE, CHURN, SECTIONS };
enum { ANON, IN_FILE, SHMEM, KINDS };

static struct account accounts[SECTIONS] = {
	[HEAP] = ACCOUNT("heap"), [OUTER] = ACCOUNT("outer"), [INNER] = ACCOUNT("inner"), [SHARED] = ACCOUNT("shared"),
	[MAPPED] = ACCOUNT("file"), [HUGE] = ACCOUNT("huge"), [GIVEN] = ACCOUNT("given"), [TAKEN] = ACCOUNT("taken"),
	[RARE] = ACCOUNT("rare"), [CHURN] = ACCOUNT("churn"),
};

/* The growth of each section itself, without sections that it calls. */
static struct pieces {
	int64_t net[KINDS];
	uint64_t grown, shrunk, peak;
} pieces[SECTIONS];

static int file = -1;
static char *given;

/* ---- the kernel's account ---- */

struct smaps {
	int64_t rss, anon, shmem, huge;
};

static struct smaps steps[SECTIONS + 1];

static int64_t smaps_bytes(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? 1024 * atoll(at + strlen(key)) : 0;
}

/* Reads without the C library's buffers, so that reading allocates nothing. */
static struct smaps read_smaps(void)
{
	static char text[4096];
	int fd = open("/proc/self/smaps_rollup", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = 0;
	close(fd);
	return (struct smaps){
		.rss = smaps_bytes(text, "\nRss:"),
		.anon = smaps_bytes(text, "\nAnonymous:"),
		.shmem = smaps_bytes(text, "\nPss_Shmem:"),
		.huge = smaps_bytes(text, "\nAnonHugePages:"),
	};
}

static struct smaps smaps_change(struct smaps from, struct smaps to)
{
	return (struct smaps){to.rss - from.rss, to.anon - from.anon, to.shmem - from.shmem, to.huge - from.huge};
}

/* ---- pieces of memory ---- */

static void note(int section, int kind, uint64_t bytes)
{
	struct pieces *p = &pieces[section];

	p->net[kind] += (int64_t)bytes;
	p->grown += bytes;
	if (bytes > p->peak)
		p->peak = bytes;
}

static void note_gone(int section, int kind, uint64_t bytes)
{
	pieces[section].net[kind] -= (int64_t)bytes;
	pieces[section].shrunk += bytes;
}

static char *must(void *p)
{
	if (!p || p == MAP_FAILED) {
		perror("memory");
		exit(1);
	}
	return p;
}

/* Asks for small pages, whatever the system's default is. */
static char *map_pages(uint64_t bytes, int flags)
{
	char *p = must(mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0));

	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

static void touch(volatile char *p, uint64_t bytes)
{
	uint64_t i;

	for (i = 0; i < bytes; i += PAGE)
		p[i] = 1;
}

static void take_pages(int section, uint64_t bytes, int flags)
{
	touch(map_pages(bytes, flags), bytes);
	note(section, flags & MAP_SHARED ? SHMEM : ANON, bytes);
}

/* ---- the sections: one call each ---- */

static void use_heap(void)
{
	char *volatile kept = must(malloc(8 * MIB));

	touch(kept, 8 * MIB);
	note(HEAP, ANON, 8 * MIB);
}

static void use_inner(void)
{
	take_pages(INNER, 64 * MIB, MAP_PRIVATE);
}

static void use_outer(void)
{
	struct measured_call inner;

	take_pages(OUTER, 16 * MIB, MAP_PRIVATE);
	measured_begin(&inner, &accounts[INNER]);
	use_inner();
	measured_end(&inner);
	take_pages(OUTER, 16 * MIB, MAP_PRIVATE);
	pieces[OUTER].peak = 96 * MIB;
}

static void use_shared(void)
{
	take_pages(SHARED, 64 * MIB, MAP_SHARED);
}

static void use_file(void)
{
	volatile char *p = must(mmap(NULL, 64 * MIB, PROT_READ, MAP_SHARED, file, 0)), sum = 0;
	uint64_t i;

	for (i = 0; i < 64 * MIB; i += PAGE)
		sum += p[i];
	note(MAPPED, IN_FILE, 64 * MIB);
}

static void use_huge(void)
{
	char *p = must(mmap(NULL, 64 * MIB + HUGE_ALIGN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	p += HUGE_ALIGN - (uintptr_t)p % HUGE_ALIGN;
	madvise(p, 64 * MIB, MADV_HUGEPAGE);
	touch(p, 64 * MIB);
	note(HUGE, ANON, 64 * MIB);
}

static void use_given(void)
{
	given = map_pages(64 * MIB, MAP_PRIVATE);
	touch(given, 64 * MIB);
	note(GIVEN, ANON, 64 * MIB);
}

static void use_taken(void)
{
	munmap(given, 64 * MIB);
	note_gone(TAKEN, ANON, 64 * MIB);
}

static void use_rare(void)
{
	static char *pages;
	static uint64_t calls;

	if (!pages)
		pages = map_pages(RARE_CALLS * RARE_USUAL, MAP_PRIVATE);
	if (calls++ == RARE_CALLS / 2) {
		take_pages(RARE, RARE_ONCE, MAP_PRIVATE);
		return;
	}
	touch(pages + calls * RARE_USUAL - RARE_USUAL, RARE_USUAL);
	note(RARE, ANON, RARE_USUAL);
}

static void use_churn(void)
{
	char *p = map_pages(8 * MIB, MAP_PRIVATE);

	touch(p, 8 * MIB);
	munmap(p, 8 * MIB);
	note(CHURN, ANON, 8 * MIB);
	note_gone(CHURN, ANON, 8 * MIB);
}

/* ---- the run ---- */

static const struct step {
	int section, calls;
	void (*call)(void);
	bool on_a_thread;
} plan[] = {
	{HEAP, HEAP_CALLS, use_heap, false}, {OUTER, 1, use_outer, false}, {SHARED, 1, use_shared, false},
	{MAPPED, 1, use_file, false}, {HUGE, 1, use_huge, false}, {RARE, RARE_CALLS, use_rare, false},
	{CHURN, CHURN_CALLS, use_churn, false}, {GIVEN, 1, use_given, true}, {TAKEN, 1, use_taken, true},
};

static void *run_calls(void *arg)
{
	const struct step *step = arg;
	struct measured_call measured;
	int i;

	for (i = 0; i < step->calls; i++) {
		measured_begin(&measured, &accounts[step->section]);
		step->call();
		measured_end(&measured);
	}
	return NULL;
}

static void run_step(const struct step *step)
{
	struct smaps before = read_smaps();
	pthread_t thread;

	if (!step->on_a_thread)
		run_calls((void *)step);
	else if (pthread_create(&thread, NULL, run_calls, (void *)step) || pthread_join(thread, NULL))
		exit(1);
	steps[step->section] = smaps_change(before, read_smaps());
}

static void print_smaps(const char *name, const struct smaps *s)
{
	printf("\"%s\":{\"rss\":%" PRId64 ",\"anon\":%" PRId64 ",\"shmem\":%" PRId64 ",\"huge\":%" PRId64 "}", name, s->rss,
	       s->anon, s->shmem, s->huge);
}

static void print_pieces(const char *name, const struct pieces *p)
{
	printf("\"%s\":{\"anon\":%" PRId64 ",\"file\":%" PRId64 ",\"shmem\":%" PRId64 ",\"grown\":%" PRIu64 ",\"shrunk\":%" PRIu64
	       ",\"peak\":%" PRIu64 "}", name, p->net[ANON], p->net[IN_FILE], p->net[SHMEM], p->grown, p->shrunk, p->peak);
}

static void print_memory(void)
{
	size_t i;

	printf(",\"memory\":{");
	for (i = 0; i < SECTIONS; i++) {
		printf("%s", i ? "," : "");
		print_pieces(accounts[i].times.name, &pieces[i]);
	}
	printf("},\"smaps\":{");
	for (i = 0; i < sizeof(plan) / sizeof(*plan); i++) {
		print_smaps(accounts[plan[i].section].times.name, &steps[plan[i].section]);
		printf(",");
	}
	print_smaps("all", &steps[SECTIONS]);
	printf("}");
}

int main(int argc, char **argv)
{
	const struct truth_option options[] = {{0}};
	struct account *all[SECTIONS];
	struct smaps before;
	size_t i;

	truth_options(argc, argv, options);
	file = cold_file(64);
	if (file < 0)
		return 1;
	for (i = 0; i < SECTIONS; i++)
		all[i] = &accounts[i];
	truth_gate();
	before = read_smaps();
	for (i = 0; i < sizeof(plan) / sizeof(*plan); i++)
		run_step(&plan[i]);
	steps[SECTIONS] = smaps_change(before, read_smaps());
	truth_open();
	print_memory();
	measured_print(all, SECTIONS);
	truth_close();
	return 0;
}
