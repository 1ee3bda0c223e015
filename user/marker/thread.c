// SPDX-License-Identifier: MIT
/*
 * thread.c - the cold half of the marker library: a thread's record from birth to reuse, the table
 * of names, fork, and which of several copies in a process leads.
 *
 * One lock, taken only here: at a thread's first section and at its end, at a name's first use, and
 * across fork.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "thread.h"

#define CHUNK 16	/* records that are mapped at once */
#define SPAWN_WAIT_MS 2000

/* Not there in a static executable, and not needed: it can be neither unloaded nor loaded twice. */
#pragma weak dladdr
#pragma weak dlopen
#pragma weak dlsym

int (*dcbs_clock)(clockid_t clock, struct timespec *ts) = clock_gettime;

extern HIDDEN const char dcbs_marker_note[];

HIDDEN struct dcbs_state dcbs_marker_state = {
	.magic = DCBS_STATE_MAGIC,
	.abi = DCBS_ABI,
	.names_used = 2,
	.names[DCBS_NAME_OTHER] = {.text = "(other)", .kind = DCBS_NAME_SECTION},
};

static struct {
	pthread_mutex_t lock;
	pthread_key_t at_thread_exit;
	struct dcbs_record *spare;	/* linked by `state`, which only a record in use needs */
	const struct dcbs_calls *leader;
} lib = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint32_t gettid_here(void)
{
	return (uint32_t)syscall(SYS_gettid);
}

/* ---- records ---- */

static void record_spare(struct dcbs_record *r)
{
	r->state = (uint64_t)(uintptr_t)lib.spare;
	lib.spare = r;
}

/* Links a chunk of new records into the process's list. They are never unmapped: old tokens and the profiler point to them. */
static int records_map(void)
{
	struct dcbs_record *r = mmap(NULL, CHUNK * sizeof(*r), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	if (r == MAP_FAILED)
		return -errno;
	for (i = 0; i < CHUNK; i++) {
		r[i].magic = DCBS_RECORD_MAGIC;
		r[i].next = dcbs_marker_state.records;
		__atomic_store_n(&dcbs_marker_state.records, (uint64_t)(uintptr_t)&r[i], __ATOMIC_RELEASE);
		record_spare(&r[i]);
	}
	return 0;
}

struct dcbs_record *dcbs_record_make(void)
{
	struct dcbs_record *r = NULL;
	int saved = errno;

	pthread_mutex_lock(&lib.lock);
	if (lib.spare || !records_map()) {
		r = lib.spare;
		lib.spare = (struct dcbs_record *)(uintptr_t)r->state;
		r->state = (uint64_t)(uintptr_t)&dcbs_marker_state;
		r->slots[DCBS_SLOTS - 1].use = DCBS_USE_ENDED;	/* never free */
		r->base = r->flush_head = r->head;
		r->last_ns = r->flush_ns = r->too_deep = r->unmatched = 0;
		r->tid = gettid_here();
	}
	pthread_mutex_unlock(&lib.lock);
	if (r) {
		dcbs_record = r;
		pthread_setspecific(lib.at_thread_exit, r);
	}
	errno = saved;
	return r;
}

/* Even if there is no new event: what went wrong is counted in the record, too. */
static void record_flush(struct dcbs_record *r)
{
	if (!dcbs_marker_semaphore)
		return;
	r->flush_head = r->head;
	dcbs_marker_flush(r);
}

/* Sections that are still open keep the record: another thread may hold their tokens. */
static void thread_exit(void *record)
{
	struct dcbs_record *r = record;

	if (dcbs_record != r)
		return;
	dcbs_record_leave(r);
	record_flush(r);
	dcbs_record = NULL;
	pthread_mutex_lock(&lib.lock);
	__atomic_store_n(&r->tid, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&r->foreign, __ATOMIC_SEQ_CST))
		dcbs_record_tidy(r);
	if (!r->innermost)
		record_spare(r);
	pthread_mutex_unlock(&lib.lock);
}

/* Between its thread's end and here nobody but the holder of the lock touches the list. */
void dcbs_record_orphan(struct dcbs_record *r)
{
	pthread_mutex_lock(&lib.lock);
	if (!r->tid && r->foreign) {
		dcbs_record_tidy(r);
		if (!r->innermost)
			record_spare(r);
	}
	pthread_mutex_unlock(&lib.lock);
}

/* exit() ends the thread that calls it without running the above. */
__attribute__((destructor)) static void process_exit(void)
{
	if (dcbs_record)
		record_flush(dcbs_record);
}

/* ---- names ---- */

static uint32_t hash_text(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

/* The name as it stands in the table: a long one keeps its beginning, cut between UTF-8 characters, and its hash. */
static void name_text(char *dst, const char *text, uint32_t hash)
{
	size_t n = strlen(text);

	if (n < DCBS_NAME_BYTES) {
		memcpy(dst, text, n + 1);
		return;
	}
	n = DCBS_NAME_BYTES - sizeof("~12345678");
	while (n && (text[n] & 0xc0) == 0x80)
		n--;
	memcpy(dst, text, n);
	snprintf(dst + n, DCBS_NAME_BYTES - n, "~%08x", hash);
}

static uint16_t name_find(const char *text, uint32_t hash, uint8_t kind)
{
	uint32_t i;

	for (i = 2; i < dcbs_marker_state.names_used; i++) {
		const struct dcbs_name *n = &dcbs_marker_state.names[i];

		if (n->hash == hash && n->kind == kind && !strcmp(n->text, text))
			return (uint16_t)i;
	}
	return 0;
}

uint16_t dcbs_name_register(const char *text, uint8_t kind)
{
	char cut[DCBS_NAME_BYTES] = "";	/* all of it is compared when names of several processes are merged */
	uint32_t hash;
	uint16_t id;

	if (!text || !*text)
		text = "(unnamed)";
	hash = hash_text(text);
	name_text(cut, text, hash);
	pthread_mutex_lock(&lib.lock);
	id = name_find(cut, hash, kind);
	if (!id && dcbs_marker_state.names_used == DCBS_NAMES) {
		dcbs_marker_state.names_lost++;
		id = DCBS_NAME_OTHER;
	} else if (!id) {
		struct dcbs_name *n = &dcbs_marker_state.names[dcbs_marker_state.names_used];

		memcpy(n->text, cut, sizeof(cut));
		n->hash = hash;
		__atomic_store_n(&n->kind, kind, __ATOMIC_RELEASE);
		id = (uint16_t)dcbs_marker_state.names_used++;
	}
	pthread_mutex_unlock(&lib.lock);
	return id;
}

/* ---- fork ---- */

static void before_fork(void)
{
	pthread_mutex_lock(&lib.lock);
}

static void after_fork_parent(void)
{
	pthread_mutex_unlock(&lib.lock);
}

/*
 * In the child one thread is left. It keeps its open sections, so that what it does is charged to
 * them; the events in its ring are the parent's and are reported there, as is the time that its open
 * sections have taken: what they take here is told apart as if a profiler had come. The other threads'
 * records stay for those who hold their tokens.
 */
static void after_fork_child(void)
{
	struct dcbs_record *r = (struct dcbs_record *)(uintptr_t)dcbs_marker_state.records;

	for (; r; r = (struct dcbs_record *)(uintptr_t)r->next) {
		if (!r->tid)
			continue;
		r->base = r->flush_head = r->head;
		if (r == dcbs_record) {
			r->tid = gettid_here();
			r->last_ns = 0;
			continue;
		}
		r->tid = 0;
		if (!r->innermost)
			record_spare(r);
	}
	pthread_mutex_unlock(&lib.lock);
}

/* ---- several copies in one process ---- */

/* A note's word holds the distance from itself to what it names. */
static uintptr_t note_address(const char *word)
{
	int64_t distance;

	memcpy(&distance, word, sizeof(distance));
	return (uintptr_t)word + (uintptr_t)distance;
}

/* Does this note belong to another copy that leads already? */
static bool note_leads(const char *desc, const struct dcbs_calls **leader)
{
	const struct dcbs_calls *calls;
	uint32_t abi;

	memcpy(&abi, desc + offsetof(struct dcbs_note, abi), sizeof(abi));
	if (desc == dcbs_marker_note || abi != DCBS_ABI)
		return false;
	calls = (const struct dcbs_calls *)note_address(desc + offsetof(struct dcbs_note, call));
	if (calls->state->leader != (uint64_t)(uintptr_t)calls->state)
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

		/* Our notes are 4-byte aligned; GNU properties stand in a segment of their own and are 8-byte aligned. */
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

/* A leader's functions are called by the other copies: it must not be unloaded. */
static void stay_loaded(void)
{
	Dl_info info;

	if (dladdr && dlopen && dladdr(&dcbs_marker_state, &info) && info.dli_fname)
		dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

static void find_clock(void)
{
	static const char *const names[] = {"__vdso_clock_gettime", "__kernel_clock_gettime"};
	void *vdso = dlopen && dlsym ? dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD) : NULL;
	size_t i;

	for (i = 0; vdso && i < sizeof(names) / sizeof(names[0]); i++) {
		int (*clock)(clockid_t, struct timespec *) = dlsym(vdso, names[i]);
		struct timespec ts;

		if (clock && !clock(CLOCK_MONOTONIC, &ts))
			dcbs_clock = clock;
	}
}

static void library_start(void)
{
	const struct dcbs_calls *leader = &dcbs_marker_calls;

	dl_iterate_phdr(object_leads, &leader);
	dcbs_marker_state.tls_offset = (int64_t)((char *)&dcbs_record - (char *)__builtin_thread_pointer());
	if (leader == &dcbs_marker_calls) {
		find_clock();
		pthread_key_create(&lib.at_thread_exit, thread_exit);
		pthread_atfork(before_fork, after_fork_parent, after_fork_child);
		stay_loaded();
	}
	dcbs_marker_state.leader = (uint64_t)(uintptr_t)leader->state;
	__atomic_store_n(&lib.leader, leader, __ATOMIC_RELEASE);
}

const struct dcbs_calls *dcbs_leader(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const struct dcbs_calls *leader = __atomic_load_n(&lib.leader, __ATOMIC_ACQUIRE);

	if (leader)
		return leader;
	pthread_once(&once, library_start);
	return lib.leader;
}

/*
 * `dcbs-bpfprof -- COMMAND` promises to see the first section. It names its child in the environment,
 * and that child waits here, before its first section, until the profiler has attached. With --children
 * it names itself, too, and all that are started below wait, as long as it is there: mostly not at all, as
 * a file that it has attached to once has its probe from the start.
 */
static bool is_there(const char *profiler)
{
	return profiler && atol(profiler) > 0 && (!kill((pid_t)atol(profiler), 0) || errno == EPERM);
}

static void wait_for_profiler(void)
{
	const char *pid = secure_getenv("DCBS_MARKERS_WAIT"), *profiler = secure_getenv("DCBS_MARKERS_WAIT_FOR");
	const struct timespec tick = {.tv_nsec = 200000};
	bool named = pid && atol(pid) == (long)getpid();
	int i;

	for (i = 0; i < SPAWN_WAIT_MS * 5 && !dcbs_marker_semaphore && (named || is_there(profiler)); i++)
		nanosleep(&tick, NULL);
	if (named)
		unsetenv("DCBS_MARKERS_WAIT");
}

__attribute__((constructor)) static void library_load(void)
{
	if (dcbs_leader() == &dcbs_marker_calls)
		wait_for_profiler();
}
