// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* subjects.c - the sections and caches of all sessions, each once. */
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare/parts/subjects.h"

/* A section or a cache of one session. */
struct found_subject {
	enum metric_subject kind;
	const char *name;
	int section_kind;
	const struct dcbs_section *section;
	bool is_new;
	size_t session;
};

struct found_subjects {
	struct found_subject *list;
	size_t nr;
};

static bool is_hidden(const struct comparison *c, enum metric_subject kind, const char *name)
{
	return c->options->sections && (kind != METRIC_OF_SECTION || fnmatch(c->options->sections, name, 0));
}

static void collect_report(struct found_subjects *found, const struct dcbs_report *r, size_t session,
			   bool is_new)
{
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		if (strcmp(r->sections[i].name, DCBS_OUTSIDE))
			found->list[found->nr++] = (struct found_subject) {
				METRIC_OF_SECTION, r->sections[i].name, r->sections[i].kind, &r->sections[i], is_new, session,
			};
	for (i = 0; i < r->nr_caches; i++)
		found->list[found->nr++] = (struct found_subject){METRIC_OF_CACHE, r->caches[i].name, 0, NULL, is_new, session};
	found->list[found->nr++] = (struct found_subject){METRIC_OF_SESSION, "", 0, NULL, is_new, session};
}

static void collect_side(struct found_subjects *found, const struct comparison_side *side, bool is_new)
{
	size_t i;

	for (i = 0; i < side->nr; i++)
		collect_report(found, side->reports[i], i, is_new);
}

static size_t count_most(const struct comparison_side *side)
{
	size_t i, nr = 0;

	for (i = 0; i < side->nr; i++)
		nr += side->reports[i]->nr_sections + side->reports[i]->nr_caches + 1;
	return nr;
}

static int order_subjects(const struct found_subject *a, const struct found_subject *b)
{
	int order = (a->kind > b->kind) - (a->kind < b->kind);

	order = order ? order : strcmp(a->name, b->name);
	return order ? order : (a->section_kind > b->section_kind) - (a->section_kind < b->section_kind);
}

static int order_found(const void *a, const void *b)
{
	return order_subjects(a, b);
}

/* Memory for the sections of both sides, and for the effects. */
static bool reserve_subject(const struct comparison *c, struct comparison_subject *subject)
{
	subject->old_sections = calloc(c->old_side.nr + c->new_side.nr, sizeof(*subject->old_sections));
	subject->new_sections = subject->old_sections ? subject->old_sections + c->old_side.nr : NULL;
	subject->effects = calloc(c->options->nr_metrics + c->options->nr_limits + 1, sizeof(*subject->effects));
	return subject->old_sections && subject->effects;
}

static void add_found(struct comparison_subject *subject, const struct found_subject *found)
{
	if (found->is_new) {
		subject->new_sections[found->session] = found->section;
		subject->in_new = true;
	} else {
		subject->old_sections[found->session] = found->section;
		subject->in_old = true;
	}
	if (found->section && found->section->parent)
		subject->parent = found->section->parent;
}

static int merge_found(struct comparison *c, const struct found_subjects *found)
{
	size_t i;

	c->subjects = calloc(found->nr + 1, sizeof(*c->subjects));
	if (!c->subjects)
		return -ENOMEM;
	for (i = 0; i < found->nr; i++) {
		const struct found_subject *f = &found->list[i];

		if (!i || order_subjects(&found->list[i - 1], f)) {
			struct comparison_subject *subject = &c->subjects[c->nr_subjects++];

			c->nr_all++;
			subject->kind = f->kind;
			subject->name = f->name;
			subject->section_kind = f->section_kind;
			subject->is_hidden = is_hidden(c, f->kind, f->name);
			if (!reserve_subject(c, subject))
				return -ENOMEM;
		}
		add_found(&c->subjects[c->nr_subjects - 1], f);
	}
	return 0;
}

/* ---- shares ---- */

static double share_on_side(const struct comparison_side *side, const struct dcbs_section *const *sections)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < side->nr; i++)
		if (sections[i] && sections[i]->total_s > 0 && side->reports[i]->duration_s > 0)
			sum += sections[i]->total_s / side->reports[i]->duration_s;
	return sum / (double)side->nr;
}

static void fill_shares(struct comparison *c)
{
	size_t i;

	for (i = 0; i < c->nr_subjects; i++) {
		struct comparison_subject *s = &c->subjects[i];

		s->share = s->kind != METRIC_OF_SECTION ? NAN :
			   fmax(share_on_side(&c->old_side, s->old_sections), share_on_side(&c->new_side, s->new_sections));
	}
}

int subjects_fill(struct comparison *c)
{
	struct found_subjects found = {0};
	int err;

	found.list = calloc(count_most(&c->old_side) + count_most(&c->new_side), sizeof(*found.list));
	if (!found.list)
		return -ENOMEM;
	collect_side(&found, &c->old_side, false);
	collect_side(&found, &c->new_side, true);
	qsort(found.list, found.nr, sizeof(*found.list), order_found);
	err = merge_found(c, &found);
	free(found.list);
	if (!err)
		fill_shares(c);
	return err;
}

void subjects_free(struct comparison *c)
{
	size_t i;

	for (i = 0; i < c->nr_all; i++) {
		free(c->subjects[i].old_sections);
		free(c->subjects[i].effects);
	}
	free(c->subjects);
}

/* ---- the root ---- */

static bool is_counted(const struct dcbs_section *const *sections, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!sections[i] || sections[i]->count == DCBS_UNKNOWN || sections[i]->count <= 0 || !isnan(sections[i]->error_s))
			return false;
	return true;
}

const struct comparison_subject *subjects_root(const struct comparison *c)
{
	const struct comparison_subject *root = NULL;
	size_t i;

	for (i = 0; i < c->nr_subjects; i++) {
		const struct comparison_subject *s = &c->subjects[i];

		if (s->kind == METRIC_OF_SECTION && !s->parent && is_counted(s->old_sections, c->old_side.nr) &&
		    is_counted(s->new_sections, c->new_side.nr) && (!root || s->share > root->share))
			root = s;
	}
	return root;
}

const struct comparison_subject *subjects_find(const struct comparison *c, const char *name)
{
	size_t low = 0, high = c->nr_subjects, middle;

	while (low < high) {
		const struct comparison_subject *s;
		int order;

		middle = low + (high - low) / 2;
		s = &c->subjects[middle];
		order = s->kind == METRIC_OF_SECTION ? strcmp(name, s->name) : -1;
		if (!order)
			return s;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
