// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * speedscope.c - the file format of https://www.speedscope.app: one profile a section, weights in seconds.
 *
 * Frames are functions: their line is the smallest that was seen. Written as it is built, like the JSON document.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "render/flame/flame.h"
#include "render/json/json_value.h"
#include "render/render.h"
#include "base/sanitize.h"

/* Fewer digits than the session has: a sum of what was read back differs in the last ones. */
#define PICO 1e12
#define MIDDLE 1e-2	/* between two, the digits that a saved session leaves out must not decide */
#define FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(13))
#define PATH_BYTES 65536

struct out {
	FILE *file;
	const struct flame *flame;
	uint32_t *path;
	int err;
};

static void put(struct out *out, json_t *value)
{
	if (!value)
		out->err = -ENOMEM;
	else if (!out->err && json_dumpf(value, out->file, FLAGS))
		out->err = errno ? -errno : -EIO;
	json_decref(value);
}

static void put_text(struct out *out, const char *s)
{
	char *clean = sanitize(s, PATH_BYTES);

	put(out, clean ? json_string(clean) : NULL);
	free(clean);
}

static void put_frame(struct out *out, const struct flame_name *name)
{
	const struct dcbs_frame *frame = name->frame;

	fputs("{\"name\":", out->file);
	put_text(out, frame ? frame->function : name->text);
	if (frame && frame->file) {
		fputs(",\"file\":", out->file);
		put_text(out, frame->file);
	}
	if (frame && frame->line != DCBS_UNKNOWN) {
		fputs(",\"line\":", out->file);
		put(out, integer(frame->line));
	}
	fputc('}', out->file);
}

/* Sections are profiles, not frames; their names come last. */
static void put_frames(struct out *out)
{
	const struct flame *f = out->flame;
	size_t i;

	fputs(" \"shared\": {\"frames\": [", out->file);
	for (i = 0; i < f->nr_names && f->names[i].kind != FLAME_SECTION; i++) {
		fputs(i ? ",\n  " : "\n  ", out->file);
		put_frame(out, &f->names[i]);
	}
	fputs("\n ]},\n", out->file);
}

static void put_sample(struct out *out, uint32_t node)
{
	uint32_t i, nr = flame_path(out->flame, node, out->path);

	fputc('[', out->file);
	for (i = 1; i < nr; i++)
		fprintf(out->file, "%s%u", i > 1 ? "," : "", out->flame->nodes[out->path[i]].name);
	fputc(']', out->file);
}

/* Sums of what was read from a file differ in their last digit from those of what was written there. */
static json_t *seconds(double s)
{
	return real(round(s * PICO + MIDDLE) / PICO);
}

/* The nodes of a section are together. */
static uint32_t end_of(const struct flame *f, uint32_t section)
{
	uint32_t i = section + 1;

	while (i < f->nr_nodes && f->nodes[i].parent != FLAME_NONE)
		i++;
	return i;
}

static bool is_sample(const struct flame *f, uint32_t node)
{
	return f->nodes[node].self_s > 0;
}

static void put_samples(struct out *out, uint32_t from, uint32_t to)
{
	const char *between = "";
	uint32_t i;

	fputs("\"samples\":[", out->file);
	for (i = from; i < to; i++) {
		if (!is_sample(out->flame, i))
			continue;
		fputs(between, out->file);
		put_sample(out, i);
		between = ",";
	}
	fputs("],\"weights\":[", out->file);
	for (i = from, between = ""; i < to; i++) {
		if (!is_sample(out->flame, i))
			continue;
		fputs(between, out->file);
		put(out, seconds(out->flame->nodes[i].self_s));
		between = ",";
	}
	fputc(']', out->file);
}

static uint32_t put_profile(struct out *out, uint32_t section)
{
	const struct flame_node *node = &out->flame->nodes[section];
	uint32_t end = end_of(out->flame, section);

	fprintf(out->file, "%s\n  {\"type\":\"sampled\",\"name\":", section ? "," : "");
	put_text(out, out->flame->names[node->name].text);
	fputs(",\"unit\":\"seconds\",\"startValue\":0,\"endValue\":", out->file);
	put(out, seconds(node->cpu_s + node->off_s));
	fputc(',', out->file);
	put_samples(out, section, end);
	fputc('}', out->file);
	return end;
}

static void put_profiles(struct out *out)
{
	uint32_t i = 0;

	fputs(" \"profiles\": [", out->file);
	while (i < out->flame->nr_nodes && !out->err)
		i = put_profile(out, i);
	if (!out->flame->nr_nodes)
		fputs("\n  {\"type\":\"sampled\",\"name\":\"no samples\",\"unit\":\"seconds\",\"startValue\":0,\"endValue\":0,"
		      "\"samples\":[],\"weights\":[]}", out->file);
	fputs("\n ]\n}\n", out->file);
}

static void put_document(struct out *out, const struct dcbs_report *r)
{
	fputs("{\n \"$schema\": \"https://www.speedscope.app/file-format-schema.json\",\n \"exporter\": ", out->file);
	put(out, json_sprintf("dcbs-bpfprof %s", r->version));
	fputs(",\n \"name\": ", out->file);
	put_text(out, r->nr_targets ? r->targets[0].command : "dcbs-bpfprof");
	fputs(",\n \"activeProfileIndex\": 0,\n", out->file);
	put_frames(out);
	put_profiles(out);
}

int speedscope_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	struct flame flame;
	struct out out = {.file = file, .flame = &flame, .err = flame_build(&flame, report)};

	(void)options;
	if (!out.err) {
		out.path = calloc(flame.depth + 1, sizeof(*out.path));
		out.err = out.path ? 0 : -ENOMEM;
	}
	if (!out.err)
		put_document(&out, report);
	free(out.path);
	flame_free(&flame);
	return out.err;
}
