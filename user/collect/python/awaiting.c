// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* awaiting.c - see awaiting.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/error.h"
#include "collect/python/awaiting.h"
#include "collect/python/task_lists.h"
#include "symbol/symbols.h"

#define LOOK_NS 500000000ULL	/* between looks ... */
#define LOOK_PART 200		/* ... or longer, so that they take at most this part of the time of one CPU */
#define SEARCH_NS 2000000000ULL	/* between searches for asyncio in a process that has not loaded it */
#define TRIES 4			/* to read lists that change meanwhile */
#define LIBRARY "/asyncio/"	/* in the path of a file: its functions are not the program's own */

/* ---- places ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_at(const struct snapshot_frame *frame, const struct symbol *symbol)
{
	return frame->line == symbol->line && same_text(frame->function, symbol->function) && same_text(frame->file, symbol->file);
}

static struct snapshot_frame copy_symbol(const struct symbol *s)
{
	return (struct snapshot_frame) {
		.function = s->function ? strdup(s->function) : NULL, .file = s->file ? strdup(s->file) : NULL, .line = s->line,
		.first_line = s->first_line, .python = true,
	};
}

/* Returns NULL if there is no room for a new place. */
static struct awaiting_place *find_place(struct awaiting *awaiting, const struct symbol *at, const struct symbol *inner)
{
	struct awaiting_place *place;

	for (place = awaiting->list; place < awaiting->list + awaiting->nr; place++)
		if (is_at(&place->at, at) && is_at(&place->inner, inner))
			return place;
	if (awaiting->nr == AWAITING_PLACES)
		return NULL;
	*place = (struct awaiting_place){.at = copy_symbol(at), .inner = copy_symbol(inner)};
	awaiting->nr++;
	return place;
}

/* ---- a look ---- */

struct await_look {
	struct awaiting *awaiting;
	struct symbols *symbols;
};

/* A task is at the innermost line of the program's own code. */
static void count_task(void *ctx, const struct suspended_task *task)
{
	struct await_look *look = ctx;
	struct symbol inner, at = {0}, symbol;
	struct awaiting_place *place;
	__u32 i;

	if (!symbols_python(look->symbols, &task->frames[0], &inner))
		return;
	for (i = 0; i < task->nr_frames && !at.function; i++)
		if (symbols_python(look->symbols, &task->frames[i], &symbol) && symbol.file && !strstr(symbol.file, LIBRARY))
			at = symbol;
	place = find_place(look->awaiting, at.function ? &at : &inner, &inner);
	if (place)
		place->now++;
	else
		look->awaiting->others_now++;
}

void awaiting_forget(struct target *target, __u64 due_ns)
{
	free(target->tasks);
	target->tasks = NULL;
	target->tasks_due_ns = due_ns;
}

static void find_task_lists(struct target *target, const struct programs *bpf, __u64 now)
{
	__u64 cpu_ns = clock_cpu_ns(), pause;
	struct python_layout layout;
	int err;

	if (bpf_map_lookup_elem(bpf_map__fd(bpf->skel->maps.pythons), &target->index, &layout) || layout.minor != 14)
		return;
	target->tasks = calloc(1, sizeof(*target->tasks));
	err = target->tasks ? task_lists_find(target->tasks, target, &layout) : -ENOMEM;
	pause = (clock_cpu_ns() - cpu_ns) * LOOK_PART;
	target->tasks_due_ns = err == -EAGAIN ? now + (pause > SEARCH_NS ? pause : SEARCH_NS) : 0;
	if (!err)
		return;
	free(target->tasks);
	target->tasks = NULL;
}

/* Takes the counts of one process into those of the look, or drops them. */
static void take_counts(struct awaiting *awaiting, bool use)
{
	struct awaiting_place *place;

	for (place = awaiting->list; place < awaiting->list + awaiting->nr; place++) {
		place->seen += use ? place->now : 0;
		place->now = 0;
	}
	awaiting->others_seen += use ? awaiting->others_now : 0;
	awaiting->others_now = 0;
}

/* Returns false if the lists of tasks changed each time while they were read. */
static bool count_tasks(struct awaiting *awaiting, struct target *target)
{
	struct await_look look = {.awaiting = awaiting, .symbols = target->symbols};
	int i, err = -EAGAIN;

	for (i = 0; i < TRIES && err; i++) {
		err = task_lists_each(target->tasks, target, count_task, &look, &awaiting->more);
		take_counts(awaiting, !err);
	}
	return !err;
}

static bool look_at_target(struct awaiting *awaiting, const struct programs *bpf, struct target *target, __u64 now)
{
	if (!target->pid || target->ended || !target->symbols)
		return true;
	if (!target->tasks && target->tasks_due_ns && target->tasks_due_ns <= now)
		find_task_lists(target, bpf, now);
	return !target->tasks || count_tasks(awaiting, target);
}

/* A look counts if all processes could be read. */
static void take_look(struct awaiting *awaiting, bool whole)
{
	struct awaiting_place *place;

	awaiting->looks += whole;
	awaiting->others += whole ? awaiting->others_seen : 0;
	awaiting->others_seen = 0;
	for (place = awaiting->list; place < awaiting->list + awaiting->nr; place++) {
		place->tasks += whole ? place->seen : 0;
		place->most = whole && place->seen > place->most ? place->seen : place->most;
		place->seen = 0;
	}
}

static bool any_known(const struct target_list *targets)
{
	size_t i;

	for (i = 0; i < targets->nr; i++)
		if (targets->list[i].tasks)
			return true;
	return false;
}

void awaiting_look(struct awaiting *awaiting, const struct programs *bpf, struct target_list *targets)
{
	__u64 begin = clock_now_ns(), took;
	bool whole = true;
	size_t i;

	if (begin < awaiting->due_ns || !bpf->skel->bss->window.start_ns)
		return;
	for (i = 0; i < targets->nr; i++)
		whole &= look_at_target(awaiting, bpf, &targets->list[i], begin);
	take_look(awaiting, whole && any_known(targets));
	took = clock_now_ns() - begin;
	awaiting->due_ns = begin + (took * LOOK_PART > LOOK_NS ? took * LOOK_PART : LOOK_NS);
}

/* ---- the snapshot ---- */

static int copy_frame(struct snapshot_frame *to, const struct snapshot_frame *from)
{
	*to = *from;
	to->function = from->function ? strdup(from->function) : NULL;
	to->file = from->file ? strdup(from->file) : NULL;
	return (from->function && !to->function) || (from->file && !to->file) ? -ENOMEM : 0;
}

int awaiting_copy(const struct awaiting *awaiting, struct snapshot *snap)
{
	size_t i;

	snap->awaiting = calloc(awaiting->nr + 1, sizeof(*snap->awaiting));
	if (!snap->awaiting)
		return fail(-ENOMEM, "out of memory");
	snap->await_looks = awaiting->looks;
	snap->awaiting_others = awaiting->others;
	snap->awaiting_more = awaiting->more;
	for (i = 0; i < awaiting->nr; i++) {
		const struct awaiting_place *from = &awaiting->list[i];
		struct snapshot_awaiting *to = &snap->awaiting[snap->nr_awaiting++];

		to->tasks = from->tasks;
		to->most = from->most;
		if (copy_frame(&to->at, &from->at) || copy_frame(&to->inner, &from->inner))
			return fail(-ENOMEM, "out of memory");
	}
	return 0;
}

void awaiting_clear(struct awaiting *awaiting)
{
	size_t i;

	for (i = 0; i < awaiting->nr; i++) {
		snapshot_free_frame(&awaiting->list[i].at);
		snapshot_free_frame(&awaiting->list[i].inner);
	}
	memset(awaiting, 0, sizeof(*awaiting));
}
