// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * trace.c - the slowest calls in the Trace Event Format, which https://ui.perfetto.dev and chrome://tracing show.
 *
 * Each thread is a track, on which calls lie within each other. Calls of coroutines overlap, so each has a track of its own ("b"
 * and "e"). Times are microseconds after the start of the window. The document is written as it is built, see json_stream.h.
 */
#include <math.h>
#include <stdlib.h>

#include "render/format.h"
#include "render/json/json_ledger.h"
#include "render/json/json_stream.h"
#include "render/json/json_value.h"

#define DIGITS 13
#define US 1e6

struct trace {
	struct json_stream stream;
	bool more;		/* an event has been written */
	int64_t id;		/* of the last call of a coroutine */
};

static void write_event(struct trace *out, json_t *event)
{
	fputs(out->more ? ",\n  " : "\n  ", out->stream.file);
	out->more = true;
	json_stream_value(&out->stream, event);
}

static json_t *metadata(const char *what, pid_t pid, pid_t tid, const char *name)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:{s:o}}", "name", what, "ph", "M", "pid", (int)pid, "tid", (int)tid,
			 "args", "name", string_or_null(name));
}

static json_t *frames_text(const struct dcbs_slow_call *c)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < c->nr_frames; i++)
		json_array_append_new(array, json_string(c->frames[i]));
	return array;
}

static json_t *arguments(const struct dcbs_slow_call *c)
{
	return json_pack("{s:o, s:o, s:o}", "items", integer_or_null(c->items),
			 "wall", isnan(c->wall.cpu_s) ? json_null() : json_ledger_wall(&c->wall), "frames", frames_text(c));
}

static json_t *event_object(const char *phase, const char *name, const struct dcbs_slow_call *c, double at_s)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:i, s:i}", "name", name, "cat", "section", "ph", phase, "ts", real_or_null(at_s * US),
			 "pid", (int)c->pid, "tid", (int)c->tid);
}

static void write_call(struct trace *out, const char *name, const struct dcbs_slow_call *c)
{
	if (!c->flow) {
		write_event(out, join_objects(event_object("X", name, c, c->at_s),
					      json_pack("{s:o, s:o}", "dur", real_or_null(c->duration_s * US), "args", arguments(c))));
		return;
	}
	out->id++;
	write_event(out, join_objects(event_object("b", name, c, c->at_s),
				      json_pack("{s:o, s:o}", "id", json_integer(out->id), "args", arguments(c))));
	write_event(out, join_objects(event_object("e", name, c, c->at_s + c->duration_s),
				      json_pack("{s:o}", "id", json_integer(out->id))));
}

int trace_write(FILE *file, const struct dcbs_report *r, const struct render_options *options)
{
	struct trace out = {.stream = {.file = file, .digits = DIGITS}};
	size_t i, k;

	(void)options;
	fputs("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [", file);
	for (i = 0; i < r->nr_targets; i++)
		write_event(&out, metadata("process_name", r->targets[i].pid, r->targets[i].pid, r->targets[i].comm));
	for (i = 0; i < r->nr_threads; i++)
		if (r->threads[i].tid)
			write_event(&out, metadata("thread_name", r->threads[i].pid, r->threads[i].tid, r->threads[i].name));
	for (i = 0; i < r->nr_sections && !out.stream.err; i++)
		for (k = 0; k < r->sections[i].nr_slowest && !out.stream.err; k++)
			write_call(&out, r->sections[i].name, &r->sections[i].slowest[k]);
	fputs("\n]}\n", file);
	return out.stream.err;
}
