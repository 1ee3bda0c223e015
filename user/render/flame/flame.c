// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * flame.c - merges stacks into a tree.
 *
 * A frame is replaced by the number of its function, so that a stack is a row of numbers. Sorted rows that begin alike are
 * neighbours: each row shares a prefix with the one before it, and only the rest of it becomes new nodes.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/frame_index.h"
#include "base/sanitize.h"
#include "render/cause.h"
#include "render/flame/flame.h"
#include "render/flame/flame_sections.h"

#define LABEL_BYTES 8192
#define CAUSES (DCBS_CAUSE_OTHER + 1)	/* causes up to this one can be waited for */

/* A stack as numbers of names: its section within those around it, its functions, and the cause if it waited. */
struct stack_row {
	const struct dcbs_stack *stack;
	size_t first;		/* place of its names among those of all rows */
	uint32_t *names;	/* the same, once all rows have theirs */
	size_t nr;
};

struct flame_builder {
	struct flame *flame;
	const struct dcbs_report *report;
	uint32_t *of_frame;	/* number of the function of each of the report's frames */
	struct flame_sections sections;
	uint32_t first_section;	/* number of the name of section 0 */
	uint32_t chain[FLAME_SECTIONS_DEEPEST];	/* names of the section at hand and of those around it, outermost first */
	size_t nr_chain;
	struct stack_row *rows;
	uint32_t *names;	/* of all rows */
	size_t nr_names, room;
};

/* ---- names ---- */

static enum flame_kind kind_of(const struct dcbs_frame *f)
{
	if (f->python)
		return FLAME_PYTHON;
	return !f->file && f->function[0] == '(' ? FLAME_UNKNOWN : FLAME_NATIVE;
}

static char *label_of(const struct dcbs_frame *f)
{
	const char *base = f->file ? strrchr(f->file, '/') : NULL;
	char *raw, *label;

	if (!f->file || !f->file[0])
		return sanitize(f->function, LABEL_BYTES);
	if (asprintf(&raw, "%s (%s)", f->function, base && base[1] ? base + 1 : f->file) < 0)
		return NULL;
	label = sanitize(raw, LABEL_BYTES);
	free(raw);
	return label;
}

static int add_name(struct flame *f, enum flame_kind kind, const struct dcbs_frame *frame, char *text)
{
	f->names[f->nr_names++] = (struct flame_name) {text, kind, frame};
	return text ? 0 : -ENOMEM;
}

static int name_frames(struct flame_builder *b, const struct dcbs_frame **functions)
{
	uint32_t i, nr = frame_index_build(b->report->frames, b->report->nr_frames, b->of_frame, functions);
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = add_name(b->flame, kind_of(functions[i]), functions[i], label_of(functions[i]));
	b->flame->nr_functions = b->flame->nr_names;
	return err;
}

static char *waiting_label(enum dcbs_cause cause)
{
	const char *word = cause_word(cause);
	char *label;

	if (!word || cause == DCBS_CAUSE_CPU || cause == DCBS_CAUSE_OTHER)
		return strdup("[waiting]");
	return asprintf(&label, "[waiting: %s]", word) < 0 ? NULL : label;
}

static int name_sections(struct flame_builder *b)
{
	int err = flame_sections_open(&b->sections, b->report);
	size_t i;

	b->first_section = (uint32_t)b->flame->nr_names;
	for (i = 0; i < b->sections.tree.nr && !err; i++)
		err = add_name(b->flame, FLAME_SECTION, NULL, sanitize(b->sections.tree.nodes[i].section->name, LABEL_BYTES));
	return err;
}

static int name_all(struct flame_builder *b)
{
	const struct dcbs_frame **functions = calloc(b->report->nr_frames + 1, sizeof(*functions));
	int cause, err = functions ? name_frames(b, functions) : -ENOMEM;

	free(functions);
	for (cause = 0; cause < CAUSES && !err; cause++)
		err = add_name(b->flame, FLAME_WAITING, NULL, waiting_label(cause));
	return err ? err : name_sections(b);
}

/* ---- rows ---- */

/* In a report, the stacks of a section are neighbours. */
static bool is_next_section(const struct dcbs_report *r, size_t stack)
{
	return !stack || strcmp(r->stacks[stack - 1].section, r->stacks[stack].section);
}

/* Saved sessions may hold causes that cannot be waited for: they count as DCBS_CAUSE_OTHER. */
static uint32_t waiting_name(const struct flame_builder *b, enum dcbs_cause cause)
{
	return (uint32_t)b->flame->nr_functions + ((int)cause > 0 && (int)cause < CAUSES ? cause : DCBS_CAUSE_OTHER);
}

/* A section of stacks that is none of the report's sections gets a name here. */
static int begin_section(struct flame_builder *b, const char *name)
{
	size_t section = flame_sections_find(&b->sections, name), chain[FLAME_SECTIONS_DEEPEST], i;

	if (section == SECTION_TREE_NONE) {
		b->chain[0] = (uint32_t)b->flame->nr_names;
		b->nr_chain = 1;
		return add_name(b->flame, FLAME_SECTION, NULL, sanitize(name, LABEL_BYTES));
	}
	b->nr_chain = flame_sections_chain(&b->sections, section, chain);
	for (i = 0; i < b->nr_chain; i++)
		b->chain[i] = b->first_section + (uint32_t)chain[i];
	return 0;
}

static int make_row(struct flame_builder *b, const struct dcbs_stack *s, struct stack_row *row)
{
	size_t i;

	if (!array_reserve(b->names, b->nr_names, b->room, b->nr_chain + s->nr_frames + 1))
		return -ENOMEM;
	*row = (struct stack_row) {.stack = s, .first = b->nr_names, .nr = b->nr_chain + s->nr_frames + (s->cause != DCBS_CAUSE_CPU)};
	for (i = 0; i < b->nr_chain; i++)
		b->names[b->nr_names++] = b->chain[i];
	for (i = 0; i < s->nr_frames; i++)
		b->names[b->nr_names++] = b->of_frame[s->frames[i]];
	if (s->cause != DCBS_CAUSE_CPU)
		b->names[b->nr_names++] = waiting_name(b, s->cause);
	return 0;
}

/* The names of all rows have moved while they grew in number. */
static void find_names(struct flame_builder *b)
{
	size_t i;

	for (i = 0; i < b->report->nr_stacks; i++)
		b->rows[i].names = b->names + b->rows[i].first;
}

static int make_rows(struct flame_builder *b)
{
	const struct dcbs_report *r = b->report;
	int err = 0;
	size_t i;

	for (i = 0; i < r->nr_stacks && !err; i++) {
		if (is_next_section(r, i))
			err = begin_section(b, r->stacks[i].section);
		if (!err)
			err = make_row(b, &r->stacks[i], &b->rows[i]);
	}
	if (!err)
		find_names(b);
	return err;
}

static size_t common_prefix(const struct stack_row *x, const struct stack_row *y)
{
	size_t i = 0;

	while (i < x->nr && i < y->nr && x->names[i] == y->names[i])
		i++;
	return i;
}

static int compare_rows(const void *a, const void *b)
{
	const struct stack_row *x = a, *y = b;
	size_t i = common_prefix(x, y);

	if (i < x->nr && i < y->nr)
		return x->names[i] < y->names[i] ? -1 : 1;
	return (x->nr > y->nr) - (x->nr < y->nr);
}

/* ---- the tree ---- */

/* A saved session may hold any numbers: their sum wraps around. */
static int64_t add_wrapping(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void add_row(struct flame *f, const struct stack_row *row, const struct stack_row *before, uint32_t *open)
{
	size_t i = before ? common_prefix(before, row) : 0;
	struct flame_node *leaf;

	assert(row->nr);
	for (; i < row->nr; i++) {
		open[i] = (uint32_t)f->nr_nodes;
		f->nodes[f->nr_nodes++] = (struct flame_node) {
			.name = row->names[i], .parent = i ? open[i - 1] : FLAME_NONE, .depth = (uint32_t)i,
		};
	}
	leaf = &f->nodes[open[row->nr - 1]];
	leaf->cpu_s += row->stack->cpu_s;
	leaf->off_s += row->stack->off_s;
	leaf->self_s += row->stack->cpu_s + row->stack->off_s;
	leaf->samples = add_wrapping(leaf->samples, row->stack->samples);
	f->depth = row->nr > f->depth ? (uint32_t)row->nr : f->depth;
}

/* Adds each node to its parent, the outermost sections to the whole. */
static void sum_nodes(struct flame *f)
{
	struct flame_node *node, *parent;
	size_t i;

	for (i = f->nr_nodes; i--; ) {
		node = &f->nodes[i];
		f->total_s += node->self_s;
		if (node->parent == FLAME_NONE) {
			f->samples = add_wrapping(f->samples, node->samples);
			continue;
		}
		assert(node->parent < i);
		parent = &f->nodes[node->parent];
		parent->cpu_s += node->cpu_s;
		parent->off_s += node->off_s;
		parent->samples = add_wrapping(parent->samples, node->samples);
	}
}

static int make_tree(struct flame_builder *b)
{
	struct flame *f = b->flame;
	uint32_t *open = calloc(b->nr_names + 1, sizeof(*open));
	size_t i;

	f->nodes = calloc(b->nr_names + 1, sizeof(*f->nodes));
	if (open && f->nodes) {
		for (i = 0; i < b->report->nr_stacks; i++)
			add_row(f, &b->rows[i], i ? &b->rows[i - 1] : NULL, open);
		sum_nodes(f);
	}
	free(open);
	return open && f->nodes ? 0 : -ENOMEM;
}

int flame_build(struct flame *f, const struct dcbs_report *r)
{
	struct flame_builder b = {
		.flame = f, .report = r, .of_frame = calloc(r->nr_frames + 1, sizeof(*b.of_frame)),
		.rows = calloc(r->nr_stacks + 1, sizeof(*b.rows)),
	};
	int err = b.of_frame && b.rows ? 0 : -ENOMEM;

	*f = (struct flame) {.names = calloc(r->nr_frames + CAUSES + r->nr_sections + r->nr_stacks + 1, sizeof(*f->names))};
	if (!f->names)
		err = -ENOMEM;
	if (!err)
		err = name_all(&b);
	if (!err)
		err = make_rows(&b);
	if (!err)
		qsort(b.rows, r->nr_stacks, sizeof(*b.rows), compare_rows);
	if (!err)
		err = make_tree(&b);
	free(b.of_frame);
	flame_sections_close(&b.sections);
	free(b.rows);
	free(b.names);
	return err;
}

void flame_free(struct flame *f)
{
	size_t i;

	for (i = 0; i < f->nr_names; i++)
		free(f->names[i].text);
	free(f->names);
	free(f->nodes);
}

uint32_t flame_path(const struct flame *f, uint32_t node, uint32_t *path)
{
	uint32_t nr, at;

	assert(node < f->nr_nodes && f->nodes[node].depth < f->depth);
	nr = f->nodes[node].depth + 1;
	for (at = nr; at--; node = f->nodes[node].parent)
		path[at] = node;
	return nr;
}

uint32_t flame_section(const struct flame *f, uint32_t node)
{
	assert(node < f->nr_nodes);
	while (f->names[f->nodes[node].name].kind != FLAME_SECTION && f->nodes[node].parent != FLAME_NONE)
		node = f->nodes[node].parent;
	return node;
}
