// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* comparison_words.c - changes, intervals and verdicts as people read them. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "render/comparison/comparison_words.h"

#define NAME_BYTES 96		/* of a name within a line */
#define NAMES_LISTED 6
#define FACTOR_FROM 10		/* changes from here on are factors: x12.3 */
#define CAUSE_PART 0.2		/* of the change, for a cause that is listed */
#define CAUSES_LISTED 3

struct clipped_name {
	char text[NAME_BYTES + 4];
};

/* A name that fits into a line, with an ellipsis if it was cut. Names are UTF-8; a character is not cut. */
static struct clipped_name clip_name(const char *name)
{
	struct clipped_name clipped;
	size_t length = strlen(name);

	if (length <= NAME_BYTES) {
		memcpy(clipped.text, name, length + 1);
		return clipped;
	}
	for (length = NAME_BYTES; length && ((unsigned char)name[length] & 0xc0) == 0x80;)
		length--;
	memcpy(clipped.text, name, length);
	memcpy(clipped.text + length, "\342\200\246", 4);
	return clipped;
}

/* Adds words if all of them fit. */
__attribute__((format(printf, 2, 3)))
static void add_words(struct comparison_line *line, const char *fmt, ...)
{
	size_t used = strlen(line->text), room = sizeof(line->text) - used;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line->text + used, room, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		line->text[used] = 0;
}

/* ---- numbers ---- */

struct human comparison_change(double change)
{
	struct human u = {"-"};

	if (isnan(change))
		return u;
	if (change + 1 >= FACTOR_FROM)
		snprintf(u.text, sizeof(u.text), "x%.3g", fmin(change + 1, 1e15));
	else if (fabs(change) < 0.0005)
		return (struct human){"0%"};
	else
		snprintf(u.text, sizeof(u.text), "%+.1f%%", change * 100);
	return u;
}

struct human comparison_interval(const struct comparison_effect *e)
{
	struct human u = {"-"}, low = comparison_change(e->low), high = comparison_change(e->high);
	size_t length = strlen(low.text);

	if (isnan(e->low) || isnan(e->high))
		return u;
	if (low.text[length - 1] == '%' && high.text[0] != 'x')
		low.text[length - 1] = 0;
	snprintf(u.text, sizeof(u.text), "%.14s..%.14s", low.text, high.text);
	return u;
}

struct human comparison_value(const struct metric *metric, double value)
{
	switch (metric_unit_of(metric)) {
	case METRIC_SECONDS:
		return human_time(value);
	case METRIC_BYTES:
		return human_size(value);
	case METRIC_SHARE:
		return human_share(value);
	case METRIC_COUNT:
	case METRIC_RATE:
		return human_number(value);
	}
	return (struct human){"-"};
}

struct human comparison_time_change(double seconds)
{
	struct human u, size = human_time(fabs(seconds));

	snprintf(u.text, sizeof(u.text), "%s%.28s", seconds < 0 ? "-" : "+", size.text);
	return u;
}

/* ---- sides ---- */

static const char *base_name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

struct comparison_line comparison_side_line(const struct comparison_side *side)
{
	const struct dcbs_report *first = side->reports[0];
	const char *command = first->nr_targets && first->targets[0].command ? first->targets[0].command : "";
	struct comparison_line line = {""};
	size_t i;

	add_words(&line, "%zu session%s", side->nr, side->nr == 1 ? "" : "s");
	if (*command)
		add_words(&line, " of %s", clip_name(command).text);
	for (i = 0; i < side->nr && i < NAMES_LISTED; i++)
		add_words(&line, "%s%s", i ? ", " : ": ", clip_name(base_name_of(side->files[i])).text);
	if (side->nr > NAMES_LISTED)
		add_words(&line, " and %zu more", side->nr - NAMES_LISTED);
	return line;
}

const char *comparison_subject_name(const struct comparison_subject *s)
{
	return s->kind == METRIC_OF_SESSION ? "the process" : s->name;
}

/* ---- effects ---- */

bool comparison_is_changed(const struct comparison_effect *e)
{
	return e->verdict == VERDICT_UP || e->verdict == VERDICT_DOWN;
}

bool comparison_is_news(const struct comparison *c, const struct comparison_subject *s, size_t metric)
{
	const struct comparison_effect *e = &s->effects[metric], *verdict = comparison_main_effect(c, s);

	return comparison_is_changed(e) && (e == verdict || !comparison_is_changed(verdict));
}

static void add_effect(struct comparison_line *line, const struct comparison *c, const struct metric *metric,
		       const struct comparison_effect *e)
{
	add_words(line, "%s", comparison_change(e->change).text);
	add_words(line, " (%s -> ", comparison_value(metric, e->old_value).text);
	add_words(line, "%s", comparison_value(metric, e->new_value).text);
	if (!isnan(e->low))
		add_words(line, ", %g%%: %s", c->options->confidence * 100, comparison_interval(e).text);
	add_words(line, ")");
}

struct comparison_line comparison_effect_line(const struct comparison *c, const struct comparison_subject *s, size_t metric)
{
	const struct metric *m = &c->options->metrics[metric];
	struct comparison_line line = {""};
	char name[32];

	metric_name(m, name, sizeof(name));
	add_words(&line, "%s: %s ", clip_name(comparison_subject_name(s)).text, name);
	add_effect(&line, c, m, &s->effects[metric]);
	if (s->because && comparison_main_effect(c, s) == &s->effects[metric])
		add_words(&line, ", because of %s", clip_name(s->because).text);
	return line;
}

/* ---- the rest ---- */

struct comparison_line comparison_obstacle_line(const struct comparison *c, enum comparison_obstacle obstacle)
{
	struct comparison_line line = {""};

	switch (obstacle) {
	case OBSTACLE_NONE:
		break;
	case OBSTACLE_VALUES:
		add_words(&line, "it was not measured on both sides, or there were too few calls");
		break;
	case OBSTACLE_SESSIONS:
		add_words(&line, "need at least %zu sessions on each side", comparison_sessions_needed(c));
		break;
	case OBSTACLE_ONE_EACH:
		add_words(&line,
			  "1 session each: cannot tell from noise, as intervals do not cover how one run differs from the next; "
			  "need at least %zu sessions on each side", comparison_sessions_needed(c));
		break;
	}
	return line;
}

/* Subjects with one answer: how many, their names, and the largest change that their intervals allow. */
struct same_answer {
	struct comparison_line names;
	size_t nr;
	double most;
};

static struct same_answer collect_answers(const struct comparison *c, enum comparison_verdict verdict,
					  enum comparison_obstacle obstacle)
{
	struct same_answer a = {.most = 0};
	size_t i;

	for (i = 0; i < c->nr_common; i++) {
		const struct comparison_effect *e = comparison_main_effect(c, &c->subjects[i]);

		if (!e || e->verdict != verdict || e->obstacle != obstacle)
			continue;
		if (a.nr++ < NAMES_LISTED)
			add_words(&a.names, "%s%s", a.nr > 1 ? ", " : "",
				  clip_name(comparison_subject_name(&c->subjects[i])).text);
		if (!isnan(e->low))
			a.most = fmax(a.most, fmax(fabs(e->low), fabs(e->high)));
	}
	if (a.nr > NAMES_LISTED)
		add_words(&a.names, " and %zu more", a.nr - NAMES_LISTED);
	return a;
}

static void add_answer(struct comparison_rest *rest, const char *label, const struct same_answer *a, const char *why)
{
	struct comparison_line *line = &rest->lines[rest->nr];

	if (!a->nr)
		return;
	rest->labels[rest->nr++] = label;
	line->text[0] = 0;
	add_words(line, "%s%s", a->names.text, *why ? ": " : "");
	add_words(line, "%s", why);
}

struct comparison_rest comparison_rest(const struct comparison *c)
{
	struct comparison_rest rest = {.nr = 0};
	struct comparison_line why = {""};
	struct same_answer a = collect_answers(c, VERDICT_NO_CHANGE, OBSTACLE_NONE);

	add_words(&why, "could be up to %s", human_share(a.most).text);
	add_answer(&rest, "no change found", &a, a.most > 0 ? why.text : "");
	a = collect_answers(c, VERDICT_CANNOT_TELL, OBSTACLE_SESSIONS);
	add_answer(&rest, "cannot tell", &a, comparison_obstacle_line(c, OBSTACLE_SESSIONS).text);
	a = collect_answers(c, VERDICT_CANNOT_TELL, OBSTACLE_ONE_EACH);
	add_answer(&rest, "cannot tell", &a, comparison_obstacle_line(c, OBSTACLE_ONE_EACH).text);
	a = collect_answers(c, VERDICT_CANNOT_TELL, OBSTACLE_VALUES);
	add_answer(&rest, "not known", &a, comparison_obstacle_line(c, OBSTACLE_VALUES).text);
	return rest;
}

/* ---- limits ---- */

const char *comparison_limit_word(const struct comparison_limit *l)
{
	return l->state == LIMIT_EXCEEDED ? "limit exceeded" : l->state == LIMIT_KEPT ? "limit kept" : "limit not judged";
}

struct comparison_line comparison_limit_line(const struct comparison *c, const struct comparison_limit *l)
{
	struct comparison_line line = {""};

	add_words(&line, "%s", clip_name(l->limit->text).text);
	add_words(&line, ": %s ", clip_name(comparison_subject_name(l->subject)).text);
	if (l->limit->is_absolute)
		add_words(&line, "%s", comparison_value(&l->limit->metric, l->effect->new_value).text);
	else
		add_effect(&line, c, &l->limit->metric, l->effect);
	if (l->state == LIMIT_CANNOT_TELL)
		add_words(&line, "; %s", l->limit->is_absolute ? "need at least 3 sessions of NEW in which it was measured" :
			  comparison_obstacle_line(c, l->effect->obstacle).text);
	return line;
}

/* ---- why ---- */

/* The largest remaining change of a cause; METRIC_CAUSES: none is large enough. */
static size_t next_cause(const struct comparison_subject *s, const bool *listed, double least)
{
	size_t k, best = METRIC_CAUSES;
	double most = least, change;

	for (k = 0; k < METRIC_CAUSES; k++) {
		change = fabs(s->causes[k].new_s - s->causes[k].old_s);
		if (!listed[k] && change >= most && change > 0) {
			most = change;
			best = k;
		}
	}
	return best;
}

static void add_causes(struct comparison_line *line, const struct comparison_subject *s)
{
	bool listed[METRIC_CAUSES] = {false};
	double whole = 0;
	size_t k, n;

	for (k = 0; k < METRIC_CAUSES; k++)
		whole += s->causes[k].new_s - s->causes[k].old_s;
	for (n = 0; n < CAUSES_LISTED; n++) {
		k = next_cause(s, listed, CAUSE_PART * fabs(whole));
		if (k == METRIC_CAUSES)
			break;
		listed[k] = true;
		add_words(line, "%s%s %s", n ? ", " : "", metric_causes[k].word,
			  comparison_time_change(s->causes[k].new_s - s->causes[k].old_s).text);
	}
}

struct comparison_line comparison_why_line(const struct comparison_subject *s)
{
	struct comparison_line line = {""};

	if (s->causes_known)
		add_causes(&line, s);
	if (s->nr_functions)
		add_words(&line, "%s%s %s", *line.text ? "; " : "", clip_name(s->functions[0].function).text,
			  comparison_time_change(s->functions[0].new_s - s->functions[0].old_s).text);
	return line;
}

/* ---- distributions ---- */

struct comparison_line comparison_shape_line(const struct comparison_shape *shape)
{
	static const char *const names[COMPARISON_SHIFTS] = {"p10", "p50", "p90", "p99", "p99.9"};
	struct comparison_line line = {""};
	const char *divider = "; ";
	size_t i;

	add_words(&line, "a call of NEW takes longer than one of OLD in %s of all pairs", human_share(shape->larger).text);
	if (shape->distance > 0)
		add_words(&line, "; the distributions differ most at %s", human_time(shape->distance_at_s).text);
	for (i = 0; i < COMPARISON_SHIFTS; i++) {
		if (isnan(shape->shifts[i]))
			continue;
		add_words(&line, "%s%s %s", divider, names[i],
			  shape->shifts[i] ? comparison_change(shape->shifts[i]).text : "<2.2%");
		divider = ", ";
	}
	return line;
}

/* ---- the list of verdicts ---- */

static void write_news(FILE *file, const struct comparison *c, const struct comparison_list *list)
{
	size_t i, k, shown = 0, left_out = 0;

	for (i = 0; i < c->nr_common; i++)
		for (k = 0; k < c->options->nr_metrics; k++) {
			if (!comparison_is_news(c, &c->subjects[i], k))
				continue;
			if (shown++ < list->most)
				list->write_item(file, comparison_word(&c->options->metrics[k], c->subjects[i].effects[k].verdict),
						 comparison_effect_line(c, &c->subjects[i], k).text);
			else
				left_out++;
		}
	if (left_out)
		list->write_more(file, left_out);
}

void comparison_write_verdicts(FILE *file, const struct comparison *c, const struct comparison_list *list)
{
	struct comparison_rest rest = comparison_rest(c);
	size_t i;

	for (i = 0; i < c->nr_limits && i < list->most; i++)
		if (c->limits[i].state != LIMIT_KEPT)
			list->write_item(file, comparison_limit_word(&c->limits[i]), comparison_limit_line(c, &c->limits[i]).text);
	write_news(file, c, list);
	for (i = 0; i < rest.nr; i++)
		list->write_item(file, rest.labels[i], rest.lines[i].text);
}
