// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* stack_table.c - functions and stacks of samples, each kept once. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "collect/samples/stack_table.h"

#define STACKS_MAX (1 << 15)

static __u64 hash_bytes(__u64 h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3ULL;
	return h;
}

static __u64 hash_text(__u64 h, const char *text)
{
	return text ? hash_bytes(h, text, strlen(text) + 1) : h * 0x100000001b3ULL;
}

static int stack_index_open(struct stack_index *index, __u32 entries)
{
	index->mask = 2 * entries - 1;
	index->slots = calloc(2 * (size_t)entries, sizeof(*index->slots));
	return index->slots ? 0 : -ENOMEM;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_same_frame(const struct snapshot_frame *f, const struct symbol *s)
{
	return f->line == s->line && f->first_line == s->first_line && f->python == s->python && f->library == s->library &&
	       is_same_text(f->function, s->function) && is_same_text(f->file, s->file);
}

static bool add_table_frame(struct stack_table *table, const struct symbol *s)
{
	struct snapshot_frame *f;

	if (table->nr_frames == STACK_FRAMES || !array_reserve(table->frames, table->nr_frames, table->room_frames, 1))
		return false;
	f = &table->frames[table->nr_frames];
	*f = (struct snapshot_frame) {
		.function = s->function ? strdup(s->function) : NULL, .file = s->file ? strdup(s->file) : NULL,
		.line = s->line, .first_line = s->first_line, .library = s->library, .python = s->python,
	};
	table->nr_frames++;
	return true;
}

__u32 stack_table_frame(struct stack_table *table, const struct symbol *s)
{
	const __u32 lines[] = {s->line, s->first_line};
	__u64 h = hash_bytes(hash_text(hash_text(0xcbf29ce484222325ULL + s->python, s->function), s->file), lines, sizeof(lines));
	struct stack_index *index = &table->by_frame;
	__u32 i;

	for (i = (__u32)(h >> 20) & index->mask; index->slots[i]; i = (i + 1) & index->mask)
		if (is_same_frame(&table->frames[index->slots[i] - 1], s))
			return index->slots[i] - 1;
	if (!add_table_frame(table, s))
		return STACK_FRAMES;
	index->slots[i] = (__u32)table->nr_frames;
	return (__u32)table->nr_frames - 1;
}

static bool is_same_stack(const struct snapshot_stack *stack, const struct stack_key *key)
{
	return stack->tid == key->tid && stack->loop == key->loop && stack->gpu_kind == key->gpu_kind && stack->nr_sections == key->nr_sections &&
	       stack->nr_frames == key->nr_frames &&
	       !memcmp(stack->sections, key->sections, key->nr_sections * sizeof(key->sections[0])) &&
	       !memcmp(stack->frames, key->frames, key->nr_frames * sizeof(key->frames[0]));
}

static struct snapshot_stack *add_table_stack(struct stack_table *table, const struct stack_key *key)
{
	__u32 *frames = malloc((key->nr_frames + 1) * sizeof(*frames));
	struct snapshot_stack *stack;

	if (!frames || table->nr_stacks == STACKS_MAX || !array_reserve(table->stacks, table->nr_stacks, table->room_stacks, 1)) {
		free(frames);
		return NULL;
	}
	stack = &table->stacks[table->nr_stacks++];
	memset(stack, 0, sizeof(*stack));
	memcpy(stack->sections, key->sections, key->nr_sections * sizeof(key->sections[0]));
	memcpy(frames, key->frames, key->nr_frames * sizeof(*frames));
	stack->nr_sections = key->nr_sections;
	stack->nr_frames = key->nr_frames;
	stack->frames = frames;
	stack->tid = key->tid;
	stack->loop = key->loop;
	stack->gpu_kind = key->gpu_kind;
	return stack;
}

struct snapshot_stack *stack_table_add(struct stack_table *table, const struct stack_key *key)
{
	__u64 seed = 0xcbf29ce484222325ULL + key->tid + key->loop + key->gpu_kind;
	__u64 h = hash_bytes(hash_bytes(seed, key->sections, key->nr_sections * sizeof(key->sections[0])), key->frames,
			     key->nr_frames * sizeof(key->frames[0]));
	struct stack_index *index = &table->by_stack;
	struct snapshot_stack *stack;
	__u32 i;

	assert(key->nr_sections <= SAMPLE_SECTIONS);
	for (i = (__u32)(h >> 20) & index->mask; index->slots[i]; i = (i + 1) & index->mask)
		if (is_same_stack(&table->stacks[index->slots[i] - 1], key))
			return &table->stacks[index->slots[i] - 1];
	stack = add_table_stack(table, key);
	if (stack)
		index->slots[i] = (__u32)table->nr_stacks;
	return stack;
}

int stack_table_open(struct stack_table *table)
{
	return stack_index_open(&table->by_frame, STACK_FRAMES) || stack_index_open(&table->by_stack, STACKS_MAX) ? -ENOMEM : 0;
}

void stack_table_clear(struct stack_table *table)
{
	size_t i;

	for (i = 0; i < table->nr_stacks; i++)
		free(table->stacks[i].frames);
	table->nr_stacks = 0;
	if (table->by_stack.slots)
		memset(table->by_stack.slots, 0, (table->by_stack.mask + 1) * sizeof(__u32));
}

void stack_table_close(struct stack_table *table)
{
	size_t i;

	stack_table_clear(table);
	for (i = 0; i < table->nr_frames; i++) {
		free(table->frames[i].function);
		free(table->frames[i].file);
	}
	free(table->stacks);
	free(table->frames);
	free(table->by_frame.slots);
	free(table->by_stack.slots);
}

static int copy_table_frames(const struct stack_table *table, struct snapshot *snap)
{
	size_t i;

	snap->frames = calloc(table->nr_frames + 1, sizeof(*snap->frames));
	if (!snap->frames)
		return -ENOMEM;
	for (i = 0; i < table->nr_frames; i++) {
		const struct snapshot_frame *from = &table->frames[i];

		snap->frames[snap->nr_frames++] = (struct snapshot_frame) {
			.function = from->function ? strdup(from->function) : NULL,
			.file = from->file ? strdup(from->file) : NULL, .line = from->line,
			.first_line = from->first_line, .library = from->library, .python = from->python,
		};
	}
	return 0;
}

static int copy_table_stack(struct snapshot_stack *to, const struct snapshot_stack *from, const __u16 *section_index)
{
	__u32 i;

	*to = *from;
	to->frames = malloc((from->nr_frames + 1) * sizeof(*to->frames));
	if (!to->frames)
		return -ENOMEM;
	memcpy(to->frames, from->frames, from->nr_frames * sizeof(*to->frames));
	for (i = 0; i < from->nr_sections; i++)
		to->sections[i] = from->sections[i] < BPFPROF_SECTIONS ? section_index[from->sections[i]] : SNAPSHOT_OUTSIDE;
	return 0;
}

int stack_table_copy(const struct stack_table *table, struct snapshot *snap, const __u16 *section_index)
{
	size_t i;

	snap->stacks = calloc(table->nr_stacks + 1, sizeof(*snap->stacks));
	if (!snap->stacks || copy_table_frames(table, snap))
		return fail(-ENOMEM, "out of memory");
	for (i = 0; i < table->nr_stacks; i++) {
		if (copy_table_stack(&snap->stacks[i], &table->stacks[i], section_index))
			return fail(-ENOMEM, "out of memory");
		snap->nr_stacks++;
	}
	return 0;
}
