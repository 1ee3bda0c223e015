// SPDX-License-Identifier: MIT
/* leader.c - starts the library: finds a copy that leads already, or makes this one the leader. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "threads/leader.h"
#include "probe.h"
#include "process_state.h"
#include "threads/thread.h"
#include "vdso_clock.h"

#define SPAWN_WAIT_MS 2000

/* Absent from a static executable, which needs neither: it can be neither unloaded nor loaded twice. */
#pragma weak dladdr
#pragma weak dlopen

_Static_assert(DCBS_NOTE_TYPE == 0x64636273 && sizeof(DCBS_NOTE_OWNER) == 5, "as note.S writes them");
_Static_assert(sizeof(struct dcbs_note) == 40, "as note.S writes it");

static const struct dcbs_calls *elsewhere;	/* NULL: this copy leads */

/* A word of a note holds the distance from itself to its object. */
static uintptr_t note_address(const char *word)
{
	int64_t distance;

	memcpy(&distance, word, sizeof(distance));
	return (uintptr_t)word + (uintptr_t)distance;
}

/* Returns true if the note belongs to another copy that leads already. */
static bool note_leads(const char *desc, const struct dcbs_calls **leader)
{
	const struct dcbs_calls *calls;
	uint32_t abi;

	memcpy(&abi, desc + offsetof(struct dcbs_note, abi), sizeof(abi));
	if (abi != DCBS_ABI)
		return false;
	calls = (const struct dcbs_calls *)note_address(desc + offsetof(struct dcbs_note, call));
	if (calls->state == &dcbs_marker_state || calls->state->leader != (uint64_t)(uintptr_t)calls->state)
		return false;
	*leader = calls;
	return true;
}

static int object_leads(struct dl_phdr_info *info, size_t size, void *leader)
{
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const char *at = (const char *)(info->dlpi_addr + p->p_vaddr), *end = at + p->p_memsz;

		/* Our notes are 4-byte aligned. GNU properties stand in a segment of their own and are 8-byte aligned. */
		if (p->p_type != PT_NOTE || p->p_align > 4)
			continue;
		while (end - at >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *n = (const void *)at;
			const char *name = at + sizeof(*n), *desc = name + ((n->n_namesz + 3) & ~3u);

			if (n->n_type == DCBS_NOTE_TYPE && n->n_namesz == sizeof(DCBS_NOTE_OWNER) &&
			    !memcmp(name, DCBS_NOTE_OWNER, sizeof(DCBS_NOTE_OWNER)) && note_leads(desc, leader))
				return 1;
			at = desc + ((n->n_descsz + 3) & ~3u);
		}
	}
	return 0;
}

/* The other copies call the leader's functions, so it must not be unloaded. */
static void stay_loaded(void)
{
	Dl_info info;

	if (dladdr && dlopen && dladdr(&dcbs_marker_state, &info) && info.dli_fname)
		dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

static void start_library(void)
{
	const struct dcbs_state *leader;

	dl_iterate_phdr(object_leads, &elsewhere);
	dcbs_marker_state.tls_offset = (int64_t)((char *)&dcbs_record - (char *)__builtin_thread_pointer());
	if (!elsewhere) {
		dcbs_vdso_clock_find();
		dcbs_thread_start();
		stay_loaded();
	}
	leader = elsewhere ? elsewhere->state : &dcbs_marker_state;
	__atomic_store_n(&dcbs_marker_state.leader, (uint64_t)(uintptr_t)leader, __ATOMIC_RELEASE);
}

const struct dcbs_calls *dcbs_leader_elsewhere(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (unlikely(!__atomic_load_n(&dcbs_marker_state.leader, __ATOMIC_ACQUIRE)))
		pthread_once(&once, start_library);
	return elsewhere;
}

/* Returns true if "PID.INODE" is a PID of this process's PID namespace, or the inode is missing. */
static bool is_of_namespace(const char *pid)
{
	const char *inode = pid ? strchr(pid, '.') : NULL;
	struct stat own;

	return pid && (!inode || stat("/proc/self/ns/pid", &own) || strtoull(inode + 1, NULL, 10) == own.st_ino);
}

static bool process_exists(const char *pid)
{
	return pid && atol(pid) > 0 && (!kill((pid_t)atol(pid), 0) || errno == EPERM);
}

/*
 * `dcbs-bpfprof -- COMMAND` promises to see the first section. It sets DCBS_MARKERS_WAIT to the PID and the PID namespace of
 * its child, and that child waits here, before its first section, until the profiler has attached.
 * With --children it sets DCBS_MARKERS_WAIT_FOR to its own, and all descendants in that namespace wait as long as that process
 * exists. Mostly they do not wait at all: a file that the profiler has attached to once has its probe from the start.
 */
static void wait_for_profiler(void)
{
	const char *pid = secure_getenv("DCBS_MARKERS_WAIT"), *profiler = secure_getenv("DCBS_MARKERS_WAIT_FOR");
	const struct timespec tick = {.tv_nsec = 200000};
	bool named = is_of_namespace(pid) && atol(pid) == (long)getpid();
	int i;

	if (!is_of_namespace(profiler))
		profiler = NULL;
	for (i = 0; i < SPAWN_WAIT_MS * 5 && !dcbs_marker_semaphore && (named || process_exists(profiler)); i++)
		nanosleep(&tick, NULL);
	if (named)
		unsetenv("DCBS_MARKERS_WAIT");
}

__attribute__((constructor)) static void library_load(void)
{
	if (!dcbs_leader_elsewhere())
		wait_for_profiler();
}
