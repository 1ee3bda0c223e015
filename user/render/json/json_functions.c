// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * json_functions.c - functions, frames and stacks to and from the document.
 *
 * A stack is an array, not an object: there may be thousands, and each consists mostly of the indices of its frames.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/sanitize.h"
#include "render/json/json_functions.h"
#include "render/json/json_value.h"
#include "render/json/json_words.h"

#define STACK_FRAMES 1024	/* far more than are ever sampled */
#define REAL_MAX 1e18
#define HZ_MAX 1000000

enum { SECTION, CPU, OFF, SAMPLES, FRAMES, CAUSE };	/* elements of a stack's array */

/* ---- to the document ---- */

static json_t *lines_array(const struct dcbs_function *f)
{
	json_t *array = json_array();
	size_t i;
	int err = 0;

	for (i = 0; i < f->nr_lines && !err; i++)
		err = json_array_append_new(array, json_pack("[o, o]", integer_or_null(f->lines[i].line),
							     integer_or_null(f->lines[i].samples)));
	if (!err)
		return array;
	json_decref(array);
	return NULL;
}

json_t *json_functions_function(const struct dcbs_function *const *function)
{
	const struct dcbs_function *f = *function;

	return json_pack("{s:s, s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}",
			 "section", f->section, "function", f->function, "file", f->file,
			 "line", integer_or_null(f->line), "first_line", integer_or_null(f->line), "lines", lines_array(f),
			 "calls", integer_or_null(f->calls),
			 "self_s", real_or_null(f->self_s), "cumulative_s", real_or_null(f->cumulative_s),
			 "self_samples", integer_or_null(f->self_samples),
			 "cumulative_samples", integer_or_null(f->cumulative_samples),
			 "self_cpu_s", real_or_null(f->self_cpu_s), "cumulative_cpu_s", real_or_null(f->cumulative_cpu_s),
			 "self_off_s", real_or_null(f->self_off_s), "cumulative_off_s", real_or_null(f->cumulative_off_s),
			 "self_s_error", real_or_null(f->self_error_s), "cumulative_s_error", real_or_null(f->cumulative_error_s),
			 "share_bound", real_or_null(f->share_bound), "python", f->python);
}

json_t *json_functions_operator(const struct dcbs_operator *o)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "section", o->section, "operator", o->name,
			 "self_s", real_or_null(o->self_s), "cumulative_s", real_or_null(o->cumulative_s),
			 "self_s_error", real_or_null(o->self_error_s), "self_samples", integer_or_null(o->self_samples));
}

json_t *json_functions_frame(const struct dcbs_frame *f)
{
	return json_pack("{s:s, s:s?, s:o, s:o, s:b}", "function", f->function, "file", f->file,
			 "line", integer_or_null(f->line), "first_line", integer_or_null(f->first_line), "python", f->python);
}

json_t *json_functions_stack(const struct dcbs_stack *s)
{
	const char *cause = s->cause != DCBS_CAUSE_CPU ? json_words_of(&json_words_causes, (int)s->cause) : NULL;
	json_t *frames = json_array(), *stack;
	size_t i;
	int err = 0;

	for (i = 0; i < s->nr_frames && !err; i++)
		err = json_array_append_new(frames, json_integer(s->frames[i]));
	stack = json_pack("[s, o, o, o, o]", s->section, real_or_null(s->cpu_s), real_or_null(s->off_s),
			  integer_or_null(s->samples), frames);
	if (stack && cause)
		err |= json_array_append_new(stack, json_string(cause));
	if (!err)
		return stack;
	json_decref(stack);
	return NULL;
}

/* ---- from the document ---- */

static void read_function(struct json_get *r, const json_t *o, struct dcbs_function *f)
{
	*f = (struct dcbs_function) {
		.section = json_get_name(r, o, "section"), .function = json_get_name(r, o, "function"),
		.file = json_get_string(r, o, "file"), .line = json_get_integer(r, o, "line"),
		.calls = json_get_integer(r, o, "calls"),
		.self_s = json_get_real(r, o, "self_s"), .cumulative_s = json_get_real(r, o, "cumulative_s"),
		.self_samples = json_get_integer(r, o, "self_samples"),
		.cumulative_samples = json_get_integer(r, o, "cumulative_samples"),
		.self_cpu_s = json_get_real(r, o, "self_cpu_s"), .cumulative_cpu_s = json_get_real(r, o, "cumulative_cpu_s"),
		.self_off_s = json_get_real(r, o, "self_off_s"), .cumulative_off_s = json_get_real(r, o, "cumulative_off_s"),
		.self_error_s = json_get_real(r, o, "self_s_error"), .cumulative_error_s = json_get_real(r, o, "cumulative_s_error"),
		.share_bound = json_get_real(r, o, "share_bound"), .python = json_is_true(json_object_get(o, "python")),
	};
}

/* Checks the lines of a function; a session of an earlier version has none. */
static void read_lines(struct json_get *r, const json_t *o, struct dcbs_function *f)
{
	const json_t *array = json_object_get(o, "lines"), *line, *samples;
	size_t i, nr = json_array_size(array);

	if (!nr)
		return;
	f->lines = calloc(nr, sizeof(*f->lines));
	for (i = 0; i < nr && f->lines; i++) {
		line = json_array_get(json_array_get(array, i), 0);
		samples = json_array_get(json_array_get(array, i), 1);
		if (!json_is_integer(line) || json_integer_value(line) < 0 || !json_is_integer(samples) || json_integer_value(samples) < 0)
			json_get_wrong(r, "lines", "[[line, samples], ...]");
		f->lines[f->nr_lines++] = (struct dcbs_line){json_integer_value(line), json_integer_value(samples)};
	}
	if (!f->lines && !r->err)
		r->err = fail(-ENOMEM, "no memory for %s", r->file);
}

static void read_functions(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "functions", &to->functions, sizeof(*to->functions)), *o;
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_functions = i + 1;
		o = json_get_enter(r, array, "functions", i);
		read_function(r, o, &to->functions[i]);
		read_lines(r, o, &to->functions[i]);
	}
	json_get_leave(r);
}

static void read_operators(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "operators", &to->operators, sizeof(*to->operators)), *o;
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		o = json_get_enter(r, array, "operators", i);
		to->nr_operators = i + 1;
		to->operators[i] = (struct dcbs_operator) {
			.section = json_get_name(r, o, "section"), .name = json_get_name(r, o, "operator"),
			.self_s = json_get_real(r, o, "self_s"), .cumulative_s = json_get_real(r, o, "cumulative_s"),
			.self_error_s = json_get_real(r, o, "self_s_error"), .self_samples = json_get_integer(r, o, "self_samples"),
		};
	}
	json_get_leave(r);
}

static void read_frames(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "frames", &to->frames, sizeof(*to->frames)), *o;
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		o = json_get_enter(r, array, "frames", i);
		to->nr_frames = i + 1;
		to->frames[i] = (struct dcbs_frame) {
			.function = json_get_name(r, o, "function"), .file = json_get_string(r, o, "file"),
			.line = json_get_integer(r, o, "line"), .first_line = json_get_integer(r, o, "first_line"),
			.python = json_is_true(json_object_get(o, "python")),
		};
	}
	json_get_leave(r);
}

static bool read_seconds(const json_t *v, double *to)
{
	*to = json_number_value(v);
	return json_is_number(v) && *to >= 0 && *to <= REAL_MAX;
}

static bool read_cause(const json_t *v, enum dcbs_cause *to)
{
	int cause = v ? json_words_find(&json_words_causes, json_string_value(v)) : DCBS_CAUSE_CPU;

	if (cause < 0)
		return false;
	*to = cause;
	return true;
}

/* Checks that the stack is not too deep and that every element is the index of a frame. */
static bool read_stack_frames(const json_t *array, struct dcbs_stack *s, size_t nr_frames)
{
	const json_t *v;
	size_t i, nr = json_array_size(array);

	s->frames = calloc(nr + 1, sizeof(*s->frames));
	if (!json_is_array(array) || nr > STACK_FRAMES || !s->frames)
		return false;
	for (i = 0; i < nr; i++) {
		v = json_array_get(array, i);
		if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) >= nr_frames)
			return false;
		s->frames[i] = (uint32_t)json_integer_value(v);
	}
	s->nr_frames = nr;
	return true;
}

static bool read_stack(const json_t *array, struct dcbs_stack *s, size_t nr_frames)
{
	const json_t *samples = json_array_get(array, SAMPLES);
	const char *section = json_string_value(json_array_get(array, SECTION));

	s->section = section ? sanitize(section, JSON_GET_TEXT_BYTES) : NULL;
	s->samples = json_integer_value(samples);
	return s->section && read_seconds(json_array_get(array, CPU), &s->cpu_s) &&
	       read_seconds(json_array_get(array, OFF), &s->off_s) && json_is_integer(samples) && s->samples >= 0 &&
	       read_stack_frames(json_array_get(array, FRAMES), s, nr_frames) &&
	       read_cause(json_array_get(array, CAUSE), &s->cause);
}

static void read_stacks(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "stacks", &to->stacks, sizeof(*to->stacks));
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_stacks = i + 1;
		snprintf(r->where, sizeof(r->where), "stacks[%zu]", i);
		if (!read_stack(json_array_get(array, i), &to->stacks[i], to->nr_frames))
			json_get_wrong(r, "", "[section, seconds, seconds, samples, [indices of frames], cause]");
	}
	json_get_leave(r);
}

void json_functions_read(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	int64_t hz = json_get_integer(r, doc, "frequency_hz");

	if (hz > HZ_MAX)
		json_get_wrong(r, "frequency_hz", "a sampling frequency");
	to->frequency_hz = hz == DCBS_UNKNOWN || r->err ? 0 : (int)hz;
	read_functions(r, doc, to);
	read_operators(r, doc, to);
	read_frames(r, doc, to);
	read_stacks(r, doc, to);
}
