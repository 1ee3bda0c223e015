// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * speedscope.c - the file format of https://www.speedscope.app: a profile of all sections, in which the sections that were open are the
 * outermost frames of a stack, then one profile a section, of its stacks without those of the sections in it. Weights are seconds.
 *
 * Frames are functions; their line is the smallest that was sampled. The document is written as it is built, see json_stream.h.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/sanitize.h"
#include "render/flame/flame.h"
#include "render/format.h"
#include "render/json/json_stream.h"
#include "render/json/json_value.h"

/*
 * Times are rounded to picoseconds and written with 13 digits, fewer than a saved session has: sums of numbers that were read
 * back differ in their last digits from sums of the original numbers. MIDDLE rounds halves up for the same reason.
 */
#define PICO 1e12
#define MIDDLE 1e-2
#define DIGITS 13
#define PATH_BYTES 65536

struct speedscope {
	struct json_stream stream;
	const struct flame *flame;
	uint32_t *path;		/* room for the nodes of a stack */
};

static void write_string(struct speedscope *out, const char *s)
{
	char *clean = sanitize(s, PATH_BYTES);

	json_stream_value(&out->stream, clean ? json_string(clean) : NULL);
	free(clean);
}

static void write_frame_object(struct speedscope *out, const struct flame_name *name)
{
	const struct dcbs_frame *frame = name->frame;

	fputs("{\"name\":", out->stream.file);
	write_string(out, frame ? frame->function : name->text);
	if (frame && frame->file) {
		fputs(",\"file\":", out->stream.file);
		write_string(out, frame->file);
	}
	if (frame && frame->line != DCBS_UNKNOWN) {
		fputs(",\"line\":", out->stream.file);
		json_stream_value(&out->stream, integer_or_null(frame->line));
	}
	fputc('}', out->stream.file);
}

static void write_shared_frames(struct speedscope *out)
{
	const struct flame *f = out->flame;
	size_t i;

	fputs(" \"shared\": {\"frames\": [", out->stream.file);
	for (i = 0; i < f->nr_names; i++) {
		fputs(i ? ",\n  " : "\n  ", out->stream.file);
		write_frame_object(out, &f->names[i]);
	}
	fputs("\n ]},\n", out->stream.file);
}

/* outermost: the first of its nodes that is written. */
static void write_sample(struct speedscope *out, uint32_t node, uint32_t outermost)
{
	uint32_t i, nr = flame_path(out->flame, node, out->path);

	fputc('[', out->stream.file);
	for (i = outermost; i < nr; i++)
		fprintf(out->stream.file, "%s%u", i > outermost ? "," : "", out->flame->nodes[out->path[i]].name);
	fputc(']', out->stream.file);
}

static json_t *rounded_seconds(double s)
{
	return real_or_null(round(s * PICO + MIDDLE) / PICO);
}

/* The node behind the last one of a section itself. Its functions come before the sections in it, see flame.h. */
static uint32_t end_of_section(const struct flame *f, uint32_t section)
{
	uint32_t i = section + 1;

	while (i < f->nr_nodes && f->names[f->nodes[i].name].kind != FLAME_SECTION)
		i++;
	return i;
}

/* Nodes without self time are no samples. */
static bool is_sample(const struct flame *f, uint32_t node)
{
	return f->nodes[node].self_s > 0;
}

static void write_samples(struct speedscope *out, uint32_t from, uint32_t to, uint32_t outermost)
{
	const char *between = "";
	uint32_t i;

	fputs("\"samples\":[", out->stream.file);
	for (i = from; i < to; i++) {
		if (!is_sample(out->flame, i))
			continue;
		fputs(between, out->stream.file);
		write_sample(out, i, outermost);
		between = ",";
	}
	fputs("],\"weights\":[", out->stream.file);
	for (i = from, between = ""; i < to; i++) {
		if (!is_sample(out->flame, i))
			continue;
		fputs(between, out->stream.file);
		json_stream_value(&out->stream, rounded_seconds(out->flame->nodes[i].self_s));
		between = ",";
	}
	fputc(']', out->stream.file);
}

static double time_of_section_itself(const struct flame *f, uint32_t section, uint32_t end)
{
	double s = 0;
	uint32_t i;

	for (i = section; i < end; i++)
		s += f->nodes[i].self_s;
	return s;
}

static void write_profile(struct speedscope *out, uint32_t section, uint32_t end)
{
	const struct flame_node *node = &out->flame->nodes[section];

	fputs(",\n  {\"type\":\"sampled\",\"name\":", out->stream.file);
	write_string(out, out->flame->names[node->name].text);
	fputs(",\"unit\":\"seconds\",\"startValue\":0,\"endValue\":", out->stream.file);
	json_stream_value(&out->stream, rounded_seconds(time_of_section_itself(out->flame, section, end)));
	fputc(',', out->stream.file);
	write_samples(out, section, end, node->depth + 1);
	fputc('}', out->stream.file);
}

static void write_profile_of_all(struct speedscope *out)
{
	fprintf(out->stream.file, "\n  {\"type\":\"sampled\",\"name\":\"%s\",\"unit\":\"seconds\",\"startValue\":0,\"endValue\":",
		out->flame->nr_nodes ? "(all sections)" : "no samples");
	json_stream_value(&out->stream, rounded_seconds(out->flame->total_s));
	fputc(',', out->stream.file);
	write_samples(out, 0, (uint32_t)out->flame->nr_nodes, 0);
	fputc('}', out->stream.file);
}

/* A section that was never the innermost one has no profile of its own. */
static void write_profiles(struct speedscope *out)
{
	uint32_t i, end;

	fputs(" \"profiles\": [", out->stream.file);
	write_profile_of_all(out);
	for (i = 0; i < out->flame->nr_nodes && !out->stream.err; i = end) {
		end = end_of_section(out->flame, i);
		if (end > i + 1 || is_sample(out->flame, i))
			write_profile(out, i, end);
	}
	fputs("\n ]\n}\n", out->stream.file);
}

static void write_document(struct speedscope *out, const struct dcbs_report *r)
{
	fputs("{\n \"$schema\": \"https://www.speedscope.app/file-format-schema.json\",\n \"exporter\": ", out->stream.file);
	json_stream_value(&out->stream, json_sprintf("dcbs-bpfprof %s", r->version));
	fputs(",\n \"name\": ", out->stream.file);
	write_string(out, r->nr_targets ? r->targets[0].command : "dcbs-bpfprof");
	fputs(",\n \"activeProfileIndex\": 0,\n", out->stream.file);
	write_shared_frames(out);
	write_profiles(out);
}

int speedscope_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	struct flame flame;
	struct speedscope out = {.stream = {.file = file, .digits = DIGITS}, .flame = &flame};

	(void)options;
	out.stream.err = flame_build(&flame, report);
	if (!out.stream.err) {
		out.path = calloc(flame.depth + 1, sizeof(*out.path));
		out.stream.err = out.path ? 0 : -ENOMEM;
	}
	if (!out.stream.err)
		write_document(&out, report);
	free(out.path);
	flame_free(&flame);
	return out.stream.err;
}
