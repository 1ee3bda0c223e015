// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * corrupt.c - a thread's record full of lies beside the sound record of another thread.
 *
 *     corrupt [--rounds N] [--seed N]
 *
 * The busy thread runs "sound" all the time, and its record comes first in the list of the process. The main thread has
 * run "victim" and then only sleeps, faults and computes. Meanwhile the busy thread overwrites the main thread's record,
 * in turn with random bytes and with lies that look right, and passes pointers to the probe that point to no record. The
 * truth of "sound" is exact.
 */
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>

#include "bpfprof/marker_abi.h"
#include "dcbs/markers.h"
#include "truth.h"

#define SOUND_EACH 200		/* sections between two rounds */
#define VICTIMS 10
#define VICTIM_NAME 3		/* number of that name: "sound" is the first one that is registered */

static struct truth sound = {.name = "sound"};
static uint64_t rounds = 500, chance = 5;
static struct dcbs_record *victim;
static pthread_barrier_t turn;
static volatile bool done;
static void (*flush)(void *record);

static void run(dcbs_id id, int times)
{
	int i;

	for (i = 0; i < times; i++)
		dcbs_section_end(dcbs_section_begin(id));
}

static uint64_t random_word(void)
{
	return (uint64_t)truth_random(&chance) << 33 ^ (uint64_t)truth_random(&chance) << 11 ^ truth_random(&chance);
}

static void random_bytes(void *memory, size_t bytes)
{
	uint64_t *word = memory;
	size_t i;

	for (i = 0; i < bytes / sizeof(*word); i++)
		word[i] = random_word();
}

static struct dcbs_flow_chunk lying_chunk;
static struct dcbs_flow lying_table[16];

/* Flows whose lists lead back to where they began. */
static void lie_about_flows(struct dcbs_record *r)
{
	size_t i;

	random_bytes(&lying_chunk, sizeof(lying_chunk));
	lying_chunk.next = (uint64_t)(uintptr_t)&lying_chunk;
	for (i = 0; i < DCBS_FLOW_SLOTS; i++) {
		lying_chunk.slots[i].below = (uint64_t)(uintptr_t)&lying_chunk.slots[(i + 7) % DCBS_FLOW_SLOTS];
		lying_chunk.slots[i].slot.name = (uint16_t)(VICTIM_NAME + truth_random(&chance) % (i % 9 ? 2 : 2 * DCBS_NAMES));
		lying_chunk.slots[i].slot.start_ns = truth_now_ns();
	}
	for (i = 0; i < 16; i++)
		lying_table[i] = (struct dcbs_flow){i + 1, (uint64_t)(uintptr_t)&lying_chunk.slots[i]};
	r->flow_table = (uint64_t)(uintptr_t)lying_table | 4;
	r->flow_at = (uint64_t)(uintptr_t)&lying_table[truth_random(&chance) % 16].id;
	r->flow_chunks = (uint64_t)(uintptr_t)&lying_chunk;
	r->flow_open = 1 + truth_random(&chance) % 100;
}

/* Looks right at first: magic and state are; then come indexes out of range and circular lists. */
static void lies(struct dcbs_record *r, uint64_t state)
{
	unsigned int i;

	random_bytes(r, sizeof(*r));
	r->magic = DCBS_RECORD_MAGIC;
	r->state = state;
	r->next = (uint64_t)(uintptr_t)r;
	r->head = chance % 2 ? UINT64_MAX : chance % 1000;
	r->innermost = (uint8_t)truth_random(&chance);
	if (truth_random(&chance) % 2)
		lie_about_flows(r);
	for (i = 0; i < DCBS_SLOTS; i++) {
		r->slots[i].use = random_word() << 12 | ((i + 1) % DCBS_SLOTS) << 6 | i;
		r->slots[i].name = (uint16_t)truth_random(&chance);
	}
	for (i = 0; i < DCBS_RING; i++) {
		r->ring[i].kind = (uint8_t)truth_random(&chance) % 8;
		r->ring[i].end_ns = truth_now_ns() + i;
		r->ring[i].name = (uint16_t)truth_random(&chance);
	}
}

/* Returns the library's note among those of a segment; NULL if there is none. */
static const struct dcbs_note *find_note(const char *at, const char *end)
{
	while (at < end) {
		const ElfW(Nhdr) *n = (const void *)at;
		const char *desc = at + sizeof(*n) + ((n->n_namesz + 3) & ~3u);

		if (n->n_type == DCBS_NOTE_TYPE)
			return (const void *)desc;
		at = desc + ((n->n_descsz + 3) & ~3u);
	}
	return NULL;
}

/* The library's marker function, which only its note leads to. */
static int find_flush(struct dl_phdr_info *info, size_t size, void *arg)
{
	const struct dcbs_note *note;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const char *at = (const char *)(info->dlpi_addr + p->p_vaddr);

		note = p->p_type == PT_NOTE && p->p_align <= 4 ? find_note(at, at + p->p_memsz) : NULL;
		if (!note)
			continue;
		*(uintptr_t *)arg = (uintptr_t)&note->flush + (uintptr_t)note->flush;
		return 1;
	}
	return 0;
}

static void flush_nonsense(void *copy)
{
	const uintptr_t nonsense[] = {
		0, 1, 0xffff800000000000, UINTPTR_MAX, (uintptr_t)victim, (uintptr_t)victim + 13, (uintptr_t)copy,
		(uintptr_t)copy + sizeof(struct dcbs_record) - 8,
	};
	size_t i;

	for (i = 0; flush && i < sizeof(nonsense) / sizeof(*nonsense); i++)
		flush((void *)nonsense[i]);
}

/* Room for a record that looks right, with unreadable memory behind it. */
static void *copy_map(void)
{
	const size_t fence = 65536;
	char *map = mmap(NULL, 2 * fence, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + fence, fence, PROT_NONE))
		exit(1);
	return map + fence - sizeof(struct dcbs_record);
}

static void *busy(void *arg)
{
	dcbs_id id = dcbs_section_name(sound.name);
	struct dcbs_record *copy = copy_map();
	uint64_t i, state;

	run(id, 1);	/* this makes the busy thread's record, before the main thread's */
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);
	state = victim->state;
	for (i = 0; i < rounds; i++) {
		if (i % 2)
			lies(victim, state);
		else
			random_bytes(victim, sizeof(*victim));
		lies(copy, state);
		run(id, SOUND_EACH);
		flush_nonsense(copy);
		truth_sleep_ns(200000);
	}
	sound.count = 1 + rounds * SOUND_EACH;
	done = true;
	return arg;
}

/* Causes switches, faults and ticks on a thread whose record lies, without calling the library. */
static void suffer(void)
{
	const size_t bytes = 64 * 4096;

	while (!done) {
		char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory != MAP_FAILED) {
			memset(memory, 1, bytes);
			munmap(memory, bytes);
		}
		truth_spin_ns(100000);
		truth_sleep_ns(100000);
	}
}

int main(int argc, char **argv)
{
	const struct truth_option options[] = {
		{.name = "--rounds", .number = &rounds},
		{.name = "--seed", .number = &chance},
		{0},
	};
	dcbs_token token;
	pthread_t thread;

	truth_options(argc, argv, options);
	truth_gate();
	dl_iterate_phdr(find_flush, &flush);
	pthread_barrier_init(&turn, NULL, 2);
	if (pthread_create(&thread, NULL, busy, NULL))
		return 1;
	pthread_barrier_wait(&turn);
	run(dcbs_section_name("victim"), VICTIMS);
	token = dcbs_section_begin(dcbs_section_name("victim-open"));
	victim = token.record;
	pthread_barrier_wait(&turn);
	suffer();
	pthread_join(thread, NULL);
	truth_open();
	truth_sections(&sound, 1);
	truth_close();
	return flush ? 0 : 1;
}
