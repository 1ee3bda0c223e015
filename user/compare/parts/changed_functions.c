// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* changed_functions.c - functions whose self time in a section changed by more than samples can err. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare/parts/changed_functions.h"
#include "compare/parts/subjects.h"

#define LEAST_SIGMAS 2		/* of a change that is shown */

/* A function of one session. */
struct session_function {
	const struct dcbs_function *function;
	const char *base;	/* name of its file without the folder, which may be another one in each version; "": unknown */
	bool is_new;
	size_t session;
};

/* The self time of a function on one side, seconds a call of the section, and its variance. */
struct side_time {
	double s, variance;
};

static const char *base_of(const char *file)
{
	const char *slash = file ? strrchr(file, '/') : NULL;

	return slash ? slash + 1 : file ? file : "";
}

static int order_functions_found(const void *a, const void *b)
{
	const struct session_function *x = a, *y = b;
	int order = strcmp(x->function->section, y->function->section);

	order = order ? order : strcmp(x->function->function, y->function->function);
	return order ? order : strcmp(x->base, y->base);
}

static size_t collect_functions(struct session_function *to, const struct comparison_side *side, bool is_new)
{
	size_t i, k, nr = 0;

	for (i = 0; i < side->nr; i++)
		for (k = 0; k < side->reports[i]->nr_functions; k++) {
			const struct dcbs_function *f = &side->reports[i]->functions[k];

			if (f->section && f->function)
				to[nr++] = (struct session_function){f, base_of(f->file), is_new, i};
		}
	return nr;
}

static size_t count_functions(const struct comparison_side *side)
{
	size_t i, nr = 0;

	for (i = 0; i < side->nr; i++)
		nr += side->reports[i]->nr_functions;
	return nr;
}

/* ---- one function ---- */

static double square(double v)
{
	return v * v;
}

/* A function that no sample found has no time, within that of one sample. */
static double sample_s(const struct dcbs_report *report)
{
	return report->frequency_hz > 0 ? 1.0 / report->frequency_hz : NAN;
}

/* The sum of a function's times in a session: two of one name may be in one file. */
static bool add_session(const struct session_function *group, size_t nr, size_t session, bool is_new, struct side_time *t)
{
	bool found = false;
	size_t i;

	for (i = 0; i < nr; i++)
		if (group[i].session == session && group[i].is_new == is_new) {
			t->s += group[i].function->self_s;
			t->variance += square(group[i].function->self_error_s);
			found = true;
		}
	return found;
}

/*
 * The mean over the sessions. Its variance is that of samples, or that between the sessions if that is more. NAN: one session, which
 * does not know its error.
 */
static struct side_time side_time(const struct comparison_side *side, const struct dcbs_section *const *sections,
				  const struct session_function *group, size_t nr, bool is_new)
{
	struct side_time mean = {0, 0};
	double squares = 0, n = 0;
	size_t i;

	for (i = 0; i < side->nr; i++) {
		struct side_time t = {0, 0};

		if (!sections[i] || sections[i]->count == DCBS_UNKNOWN || sections[i]->count <= 0)
			continue;
		if (!add_session(group, nr, i, is_new, &t))
			t.variance = square(sample_s(side->reports[i]));
		t.s /= (double)sections[i]->count;
		mean.s += t.s;
		squares += t.s * t.s;
		mean.variance += t.variance / square((double)sections[i]->count);
		n++;
	}
	mean.s /= n;
	mean.variance /= n * n;
	if (n > 1)
		mean.variance = fmax(mean.variance, (squares / n - mean.s * mean.s) / (n - 1));
	return mean;
}

/* ---- a section ---- */

static double size_of_change(const struct comparison_function *f)
{
	return fabs(f->new_s - f->old_s);
}

/* Keeps the largest changes, in their order. */
static void keep_function(struct comparison_subject *s, const struct comparison_function *f)
{
	size_t i = s->nr_functions;

	if (i == COMPARISON_FUNCTIONS && size_of_change(f) <= size_of_change(&s->functions[i - 1]))
		return;
	if (i < COMPARISON_FUNCTIONS)
		s->nr_functions++;
	else
		i--;
	for (; i && size_of_change(f) > size_of_change(&s->functions[i - 1]); i--)
		s->functions[i] = s->functions[i - 1];
	s->functions[i] = *f;
}

/* Entries such as "(3 more)" and "(unknown)" are no functions. */
static void compare_function(const struct comparison *c, struct comparison_subject *s, const struct session_function *group,
			     size_t nr)
{
	struct comparison_function f = {.function = group->function->function, .file = group->function->file};
	struct side_time old_time, new_time;

	if (f.function[0] == '(')
		return;
	old_time = side_time(&c->old_side, s->old_sections, group, nr, false);
	new_time = side_time(&c->new_side, s->new_sections, group, nr, true);
	f.old_s = old_time.s;
	f.new_s = new_time.s;
	f.error_s = sqrt(old_time.variance + new_time.variance);
	if (size_of_change(&f) > LEAST_SIGMAS * f.error_s)
		keep_function(s, &f);
}

static void compare_groups(struct comparison *c, const struct session_function *found, size_t nr)
{
	size_t begin, end;

	for (begin = 0; begin < nr; begin = end) {
		const struct comparison_subject *s = subjects_find(c, found[begin].function->section);

		for (end = begin + 1; end < nr && !order_functions_found(&found[begin], &found[end]);)
			end++;
		if (s && s->in_old && s->in_new)
			compare_function(c, &c->subjects[s - c->subjects], &found[begin], end - begin);
	}
}

int changed_functions_fill(struct comparison *c)
{
	size_t nr = count_functions(&c->old_side) + count_functions(&c->new_side);
	struct session_function *found = calloc(nr + 1, sizeof(*found));

	if (!found)
		return -ENOMEM;
	nr = collect_functions(found, &c->old_side, false);
	nr += collect_functions(found + nr, &c->new_side, true);
	qsort(found, nr, sizeof(*found), order_functions_found);
	compare_groups(c, found, nr);
	free(found);
	return 0;
}
