// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * flame.c - sorts the stacks and merges what they have in common.
 *
 * Frames get the number of their function, by name. Stacks as rows of such numbers are sorted; then each
 * has its beginning in common with the one before, and only the rest are new nodes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame_index.h"
#include "render/cause.h"
#include "render/flame/flame.h"
#include "base/sanitize.h"

#define LABEL_BYTES 8192
#define CAUSES (DCBS_CAUSE_OTHER + 1)	/* for which one can wait */

/* A stack as names: its section, its functions, what it waited for. */
struct path {
	const struct dcbs_stack *stack;
	uint32_t *names;
	size_t nr;
};

struct build {
	struct flame *flame;
	const struct dcbs_report *report;
	uint32_t *of_frame;	/* of the report's frames: the name */
	struct path *paths;
	uint32_t *room;		/* for the names of all paths */
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

static int name_frames(struct build *b, const struct dcbs_frame **functions)
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

static int name_functions(struct build *b)
{
	const struct dcbs_frame **functions = calloc(b->report->nr_frames + 1, sizeof(*functions));
	int cause, err = functions ? name_frames(b, functions) : -ENOMEM;

	free(functions);
	for (cause = 0; cause < CAUSES && !err; cause++)
		err = add_name(b->flame, FLAME_WAITING, NULL, waiting_label(cause));
	return err;
}

/* ---- paths ---- */

/* Stacks of a section are together, in the order of the report. */
static bool is_next_section(const struct dcbs_report *r, size_t stack)
{
	return !stack || strcmp(r->stacks[stack - 1].section, r->stacks[stack].section);
}

static uint32_t waiting_name(const struct build *b, enum dcbs_cause cause)
{
	return (uint32_t)b->flame->nr_functions + ((int)cause > 0 && (int)cause < CAUSES ? cause : DCBS_CAUSE_OTHER);
}

static void make_path(struct build *b, const struct dcbs_stack *s, struct path *p, uint32_t *names)
{
	size_t i;

	*p = (struct path) {.stack = s, .names = names};
	p->names[p->nr++] = (uint32_t)(b->flame->nr_names - 1);
	for (i = 0; i < s->nr_frames; i++)
		p->names[p->nr++] = b->of_frame[s->frames[i]];
	if (s->cause != DCBS_CAUSE_CPU)
		p->names[p->nr++] = waiting_name(b, s->cause);
}

static int make_paths(struct build *b)
{
	const struct dcbs_report *r = b->report;
	uint32_t *next = b->room;
	int err = 0;
	size_t i;

	for (i = 0; i < r->nr_stacks && !err; i++) {
		if (is_next_section(r, i))
			err = add_name(b->flame, FLAME_SECTION, NULL, sanitize(r->stacks[i].section, LABEL_BYTES));
		make_path(b, &r->stacks[i], &b->paths[i], next);
		next += b->paths[i].nr;
	}
	return err;
}

static size_t common(const struct path *x, const struct path *y)
{
	size_t i = 0;

	while (i < x->nr && i < y->nr && x->names[i] == y->names[i])
		i++;
	return i;
}

static int path_order(const void *a, const void *b)
{
	const struct path *x = a, *y = b;
	size_t i = common(x, y);

	if (i < x->nr && i < y->nr)
		return x->names[i] < y->names[i] ? -1 : 1;
	return (x->nr > y->nr) - (x->nr < y->nr);
}

/* ---- the tree ---- */

/* A document may say anything. */
static int64_t add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void add_path(struct flame *f, const struct path *p, const struct path *before, uint32_t *open)
{
	size_t i = before ? common(before, p) : 0;
	struct flame_node *leaf;

	for (; i < p->nr; i++) {
		open[i] = (uint32_t)f->nr_nodes;
		f->nodes[f->nr_nodes++] = (struct flame_node) {
			.name = p->names[i], .parent = i ? open[i - 1] : FLAME_NONE, .depth = (uint32_t)i,
		};
	}
	leaf = &f->nodes[open[p->nr - 1]];
	leaf->cpu_s += p->stack->cpu_s;
	leaf->off_s += p->stack->off_s;
	leaf->self_s += p->stack->cpu_s + p->stack->off_s;
	leaf->samples = add(leaf->samples, p->stack->samples);
	f->depth = p->nr > f->depth ? (uint32_t)p->nr : f->depth;
}

static void sum_up(struct flame *f)
{
	struct flame_node *node, *parent;
	size_t i;

	for (i = f->nr_nodes; i--; ) {
		node = &f->nodes[i];
		f->total_s += node->self_s;
		if (node->parent == FLAME_NONE)
			continue;
		parent = &f->nodes[node->parent];
		parent->cpu_s += node->cpu_s;
		parent->off_s += node->off_s;
		parent->samples = add(parent->samples, node->samples);
	}
}

static int make_tree(struct build *b, size_t names)
{
	struct flame *f = b->flame;
	uint32_t *open = calloc(names + 1, sizeof(*open));
	size_t i;

	f->nodes = calloc(names + 1, sizeof(*f->nodes));
	if (open && f->nodes) {
		for (i = 0; i < b->report->nr_stacks; i++)
			add_path(f, &b->paths[i], i ? &b->paths[i - 1] : NULL, open);
		sum_up(f);
	}
	free(open);
	return open && f->nodes ? 0 : -ENOMEM;
}

static size_t count_names(const struct dcbs_report *r)
{
	size_t i, nr = 0;

	for (i = 0; i < r->nr_stacks; i++)
		nr += r->stacks[i].nr_frames + 2;
	return nr;
}

int flame_build(struct flame *f, const struct dcbs_report *r)
{
	size_t names = count_names(r);
	struct build b = {
		.flame = f, .report = r, .of_frame = calloc(r->nr_frames + 1, sizeof(*b.of_frame)),
		.paths = calloc(r->nr_stacks + 1, sizeof(*b.paths)), .room = calloc(names + 1, sizeof(*b.room)),
	};
	int err = b.of_frame && b.paths && b.room ? 0 : -ENOMEM;

	*f = (struct flame) {.names = calloc(r->nr_frames + CAUSES + r->nr_stacks + 1, sizeof(*f->names))};
	if (!f->names)
		err = -ENOMEM;
	if (!err)
		err = name_functions(&b);
	if (!err)
		err = make_paths(&b);
	if (!err)
		qsort(b.paths, r->nr_stacks, sizeof(*b.paths), path_order);
	if (!err)
		err = make_tree(&b, names);
	free(b.of_frame);
	free(b.paths);
	free(b.room);
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
	uint32_t nr = f->nodes[node].depth + 1, at;

	for (at = nr; at--; node = f->nodes[node].parent)
		path[at] = node;
	return nr;
}
