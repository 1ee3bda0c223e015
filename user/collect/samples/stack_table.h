/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* stack_table.h - functions and stacks of samples, each kept once: memory grows with the number of different ones. */
#ifndef COLLECT_SAMPLES_STACK_TABLE_H
#define COLLECT_SAMPLES_STACK_TABLE_H

#include "collect/facts.h"
#include "symbol/symbols.h"

#define STACK_FRAMES (1 << 16)

/* An open hash table of the numbers of entries, at most half full. */
struct stack_index {
	__u32 *slots;	/* number + 1; 0: free */
	__u32 mask;
};

struct stack_table {
	struct snapshot_frame *frames;	/* in the order in which they came */
	size_t nr_frames, room_frames;
	struct snapshot_stack *stacks;	/* in the order in which they came; their sections are section ids */
	size_t nr_stacks, room_stacks;
	struct stack_index by_frame, by_stack;
};

/* The sections that were open, by id, and the functions, by number. Both innermost first. */
struct stack_key {
	const __u16 *sections;
	__u32 nr_sections;
	const __u32 *frames;
	__u32 nr_frames;
	__u32 tid;		/* as in struct snapshot_stack */
	__u32 loop;		/* likewise */
	__u32 gpu_kind;		/* likewise */
};

int stack_table_open(struct stack_table *table);

/* Returns the number of a function and line, added if it is new; STACK_FRAMES: there is no room. */
__u32 stack_table_frame(struct stack_table *table, const struct symbol *symbol);

/* Returns the stack, added if it is new; NULL: there is no room. */
struct snapshot_stack *stack_table_add(struct stack_table *table, const struct stack_key *key);

/* Copies all functions and stacks. section_index[id]: index of the snapshot's sections, SNAPSHOT_OUTSIDE for no section. */
int stack_table_copy(const struct stack_table *table, struct snapshot *snap, const __u16 *section_index);

/* Forgets the stacks, not the functions. */
void stack_table_clear(struct stack_table *table);
void stack_table_close(struct stack_table *table);

#endif
