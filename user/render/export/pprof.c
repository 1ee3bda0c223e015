// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * pprof.c - a profile for pprof and for servers that read its format, profile.proto of https://github.com/google/pprof.
 *
 * A sample is a stack of a section with one cause; both are its labels. Its values are ticks, computing, waiting, and waiting
 * once more by cause. Every profile has the same types of values, so that pprof can compare any two of them. Stacks have no
 * memory: growth of RSS is known by section, and is a sample whose only frame names the section.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame_index.h"
#include "render/export/saved.h"
#include "render/export/string_table.h"
#include "render/export/wire.h"
#include "render/format.h"
#include "render/json/gzip.h"
#include "render/json/json_words.h"

#define NS 1e9
#define MS 1e3
#define NS_OF_MS 1000000

/* Fields of the messages. */
enum profile_field {
	PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE, PROFILE_MAPPING, PROFILE_LOCATION, PROFILE_FUNCTION, PROFILE_STRING,
	PROFILE_TIME = 9, PROFILE_DURATION, PROFILE_PERIOD_TYPE, PROFILE_PERIOD, PROFILE_COMMENT, PROFILE_DEFAULT_TYPE,
};
enum value_type_field { VALUE_TYPE = 1, VALUE_UNIT };
enum sample_field { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES, SAMPLE_LABEL };
enum label_field { LABEL_KEY = 1, LABEL_TEXT };
enum mapping_field { MAPPING_ID = 1, MAPPING_FILE = 5, MAPPING_HAS_FUNCTIONS = 7 };
enum location_field { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_LINE = 4 };
enum line_field { LINE_FUNCTION = 1, LINE_NUMBER };
enum function_field { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE, FUNCTION_FIRST_LINE };

/* Places of the values of a sample. Waits by cause follow one another in the order of enum dcbs_cause. */
enum value {
	VALUE_SAMPLES, VALUE_CPU, VALUE_WAIT, VALUE_CAUSES,
	VALUE_GROWTH = VALUE_CAUSES + DCBS_CAUSE_OTHER - DCBS_CAUSE_CPU, NR_VALUES
};

struct pprof {
	const struct dcbs_report *report;
	struct string_table strings;
	struct wire out, message, inner;
	uint32_t *of_frame;		/* number of the function of each frame */
	const struct dcbs_frame **functions;
	uint32_t nr_functions;
	struct string_table files;	/* of mappings, which have the numbers of their files */
	uint64_t more;			/* functions and locations that stand for sections */
};

static uint32_t text_number(struct pprof *p, const char *s)
{
	return string_table_number(&p->strings, s);
}

/* ---- types of values ---- */

static void write_value_type(struct pprof *p, unsigned int field, const char *type, const char *unit)
{
	wire_integer(&p->message, VALUE_TYPE, text_number(p, type));
	wire_integer(&p->message, VALUE_UNIT, text_number(p, unit));
	wire_part(&p->out, field, &p->message);
}

static void write_value_types(struct pprof *p)
{
	char name[40];
	int cause;

	write_value_type(p, PROFILE_SAMPLE_TYPE, "samples", "count");
	write_value_type(p, PROFILE_SAMPLE_TYPE, "cpu", "nanoseconds");
	write_value_type(p, PROFILE_SAMPLE_TYPE, "wait", "nanoseconds");
	for (cause = DCBS_CAUSE_CPU + 1; cause <= DCBS_CAUSE_OTHER; cause++) {
		snprintf(name, sizeof(name), "wait_%s", json_words_of(&json_words_causes, cause));
		write_value_type(p, PROFILE_SAMPLE_TYPE, name, "nanoseconds");
	}
	write_value_type(p, PROFILE_SAMPLE_TYPE, "rss_growth", "bytes");
}

/* ---- samples ---- */

static void write_label(struct pprof *p, const char *key, const char *value)
{
	wire_integer(&p->inner, LABEL_KEY, text_number(p, key));
	wire_integer(&p->inner, LABEL_TEXT, text_number(p, value));
	wire_part(&p->message, SAMPLE_LABEL, &p->inner);
}

static void write_values(struct pprof *p, const uint64_t *values)
{
	int i;

	for (i = 0; i < NR_VALUES; i++)
		wire_number(&p->inner, values[i]);
	wire_part(&p->message, SAMPLE_VALUES, &p->inner);
}

/* Saved sessions may hold causes that cannot be waited for: they count as DCBS_CAUSE_OTHER. */
static enum dcbs_cause cause_of_stack(const struct dcbs_stack *s)
{
	return (int)s->cause > 0 && s->cause < DCBS_CAUSE_OTHER ? s->cause : DCBS_CAUSE_OTHER;
}

static void write_stack(struct pprof *p, const struct dcbs_stack *s)
{
	enum dcbs_cause cause = cause_of_stack(s);
	uint64_t values[NR_VALUES] = {0};
	size_t i;

	for (i = s->nr_frames; i > 0; i--)
		wire_number(&p->inner, s->frames[i - 1] + 1ULL);
	wire_part(&p->message, SAMPLE_LOCATIONS, &p->inner);
	values[VALUE_SAMPLES] = s->samples > 0 ? (uint64_t)s->samples : 0;
	values[VALUE_CPU] = saved_units(s->cpu_s, NS);
	values[VALUE_WAIT] = saved_units(s->off_s, NS);
	if (cause != DCBS_CAUSE_CPU)
		values[VALUE_CAUSES + cause - DCBS_CAUSE_CPU - 1] = values[VALUE_WAIT];
	write_values(p, values);
	write_label(p, "section", s->section);
	write_label(p, "cause", json_words_of(&json_words_causes, cause));
	wire_part(&p->out, PROFILE_SAMPLE, &p->message);
}

/* ---- mappings ---- */

/* The file of a native function without a line is the object that has its code. Returns 0 for other functions. */
static uint32_t mapping_of(struct pprof *p, const struct dcbs_frame *f)
{
	return !f->python && f->file && f->line == DCBS_UNKNOWN ? string_table_number(&p->files, f->file) : 0;
}

static void write_mappings(struct pprof *p)
{
	size_t i;

	for (i = 1; i < p->files.nr; i++) {
		wire_integer(&p->message, MAPPING_ID, i);
		wire_integer(&p->message, MAPPING_FILE, text_number(p, p->files.list[i]->text));
		wire_integer(&p->message, MAPPING_HAS_FUNCTIONS, 1);
		wire_part(&p->out, PROFILE_MAPPING, &p->message);
	}
}

/* ---- functions and locations ---- */

static void write_function(struct pprof *p, uint64_t id, const char *name, const struct dcbs_frame *frame)
{
	wire_integer(&p->message, FUNCTION_ID, id);
	wire_integer(&p->message, FUNCTION_NAME, text_number(p, name));
	wire_integer(&p->message, FUNCTION_SYSTEM_NAME, text_number(p, name));
	if (frame && frame->file)
		wire_integer(&p->message, FUNCTION_FILE, text_number(p, frame->file));
	if (frame && frame->first_line > 0)
		wire_integer(&p->message, FUNCTION_FIRST_LINE, (uint64_t)frame->first_line);
	wire_part(&p->out, PROFILE_FUNCTION, &p->message);
}

static void write_location(struct pprof *p, uint64_t id, uint64_t mapping, uint64_t function, int64_t line)
{
	wire_integer(&p->message, LOCATION_ID, id);
	if (mapping)
		wire_integer(&p->message, LOCATION_MAPPING, mapping);
	wire_integer(&p->inner, LINE_FUNCTION, function);
	if (line > 0)
		wire_integer(&p->inner, LINE_NUMBER, (uint64_t)line);
	wire_part(&p->message, LOCATION_LINE, &p->inner);
	wire_part(&p->out, PROFILE_LOCATION, &p->message);
}

static void write_functions(struct pprof *p)
{
	size_t i;

	for (i = 0; i < p->nr_functions; i++)
		write_function(p, i + 1, p->functions[i]->function, p->functions[i]);
	for (i = 0; i < p->report->nr_frames; i++)
		write_location(p, i + 1, mapping_of(p, &p->report->frames[i]), p->of_frame[i] + 1ULL, p->report->frames[i].line);
}

/* ---- growth by section ---- */

static void write_growth_sample(struct pprof *p, uint64_t location, const struct dcbs_section *s)
{
	uint64_t values[NR_VALUES] = {[VALUE_GROWTH] = (uint64_t)s->self_memory.grown_bytes};

	wire_number(&p->inner, location);
	wire_part(&p->message, SAMPLE_LOCATIONS, &p->inner);
	write_values(p, values);
	write_label(p, "section", s->name);
	wire_part(&p->out, PROFILE_SAMPLE, &p->message);
}

static void write_growth(struct pprof *p, const struct dcbs_section *s)
{
	bool outside = !strcmp(s->name, DCBS_OUTSIDE);	/* pprof leaves out what stands in parentheses */
	char *name;

	if (s->self_memory.grown_bytes <= 0)	/* also if it is unknown */
		return;
	if (asprintf(&name, outside ? "[outside all sections]" : "[section: %s]", s->name) < 0) {
		p->strings.failed = true;
		return;
	}
	p->more++;
	write_function(p, p->nr_functions + p->more, name, NULL);
	write_location(p, p->report->nr_frames + p->more, 0, p->nr_functions + p->more, 0);
	write_growth_sample(p, p->report->nr_frames + p->more, s);
	free(name);
}

/* ---- the profile ---- */

static void write_comment(struct pprof *p)
{
	const struct dcbs_report *r = p->report;
	char *comment;

	if (asprintf(&comment, "dcbs-bpfprof %s: %s", r->version ? r->version : "-", r->nr_targets ? r->targets[0].command : "") < 0) {
		p->strings.failed = true;
		return;
	}
	wire_integer(&p->out, PROFILE_COMMENT, text_number(p, comment));
	free(comment);
}

static void write_head(struct pprof *p)
{
	const struct dcbs_report *r = p->report;

	wire_integer(&p->out, PROFILE_TIME, saved_units(r->started_at, MS) * NS_OF_MS);
	wire_integer(&p->out, PROFILE_DURATION, saved_units(r->duration_s, NS));
	write_value_type(p, PROFILE_PERIOD_TYPE, "cpu", "nanoseconds");
	if (r->frequency_hz > 0)
		wire_integer(&p->out, PROFILE_PERIOD, (uint64_t)(NS / r->frequency_hz));
	wire_integer(&p->out, PROFILE_DEFAULT_TYPE, text_number(p, "cpu"));
	write_comment(p);
}

static int write_compressed(FILE *file, const struct wire *bytes)
{
	FILE *to = gzip_open(file);
	bool written;

	if (!to)
		return -ENOMEM;
	written = fwrite(bytes->list, 1, bytes->nr, to) == bytes->nr;
	return !fclose(to) && written ? 0 : errno ? -errno : -EIO;
}

static int write_profile(struct pprof *p, FILE *file)
{
	size_t i;

	text_number(p, "");
	write_value_types(p);
	/* pprof shows the first mapping as the program. */
	string_table_number(&p->files, p->report->nr_targets ? p->report->targets[0].comm : "");
	for (i = 0; i < p->report->nr_stacks; i++)
		write_stack(p, &p->report->stacks[i]);
	write_functions(p);
	write_mappings(p);
	for (i = 0; i < p->report->nr_sections; i++)
		write_growth(p, &p->report->sections[i]);
	write_head(p);
	for (i = 0; i < p->strings.nr; i++)
		wire_string(&p->out, PROFILE_STRING, p->strings.list[i]->text);
	if (p->strings.failed || p->files.failed || p->out.failed)
		return -ENOMEM;
	return write_compressed(file, &p->out);
}

int pprof_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	struct pprof p = {.report = report};
	int err = -ENOMEM;

	(void)options;
	p.of_frame = calloc(report->nr_frames + 1, sizeof(*p.of_frame));
	p.functions = calloc(report->nr_frames + 1, sizeof(*p.functions));
	if (p.of_frame && p.functions) {
		p.nr_functions = frame_index_build(report->frames, report->nr_frames, p.of_frame, p.functions);
		err = write_profile(&p, file);
	}
	free(p.of_frame);
	free(p.functions);
	wire_free(&p.out);
	wire_free(&p.message);
	wire_free(&p.inner);
	string_table_free(&p.files);
	string_table_free(&p.strings);
	return err;
}
