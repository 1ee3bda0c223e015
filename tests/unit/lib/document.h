/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* document.h - JSON documents that are written, read back, refused and damaged; in memory, as there are thousands. */
#ifndef TESTS_UNIT_DOCUMENT_H
#define TESTS_UNIT_DOCUMENT_H

#include <jansson.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyse/report.h"
#include "golden.h"
#include "render/render.h"

static char path[64];
static int file = -1;

static inline struct dcbs_report *build(struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	snapshot_free(snap);
	return r;
}

static inline char *text_of(struct snapshot *snap)
{
	struct dcbs_report *r = build(snap);
	char *text;

	golden_version(r);
	text = dcbs_report_json(r);
	assert_non_null(text);
	dcbs_report_free(r);
	return text;
}

static inline void write_bytes(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static inline int load(const char *text, size_t len, struct dcbs_report **r)
{
	write_bytes(text, len);
	return dcbs_report_load(r, path);
}

/* Refused, and the one line of error names the file and holds `words`. */
static inline void refuse(const char *text, const char *words)
{
	struct dcbs_report *r = NULL;

	if (!load(text, strlen(text), &r))
		fail_msg("was let through: %s", text);
	assert_null(r);
	if (!strstr(dcbs_profiler_error(), words) || !strstr(dcbs_profiler_error(), path))
		fail_msg("error without \"%s\": %s", words, dcbs_profiler_error());
	assert_null(strchr(dcbs_profiler_error(), '\n'));
}

/* What was let through must be fit to show. */
static inline void show(struct dcbs_report *r)
{
	char *text = dcbs_report_text(r, 0), *json = dcbs_report_json(r), *c;
	const struct render_options options = {0};
	FILE *nowhere = fopen("/dev/null", "w");
	const struct render_format *f;

	assert_true(text && json);
	for (c = text; *c; c++)
		assert_true((unsigned char)*c >= 0x20 || *c == '\n');
	free(text);
	free(json);
	for (f = render_formats; f->name; f++)
		if (f->write != text_write && f->write != json_write)
			assert_int_equal(render_write(f, nowhere, r, &options), 0);
	fclose(nowhere);
	dcbs_report_free(r);
}

static inline void round_trip(struct dcbs_report *r)
{
	char *first = dcbs_report_json(r), *second;
	char *first_text = dcbs_report_text(r, 100), *second_text;
	struct dcbs_report *back = NULL;

	assert_non_null(first);
	if (load(first, strlen(first), &back))
		fail_msg("%s", dcbs_profiler_error());
	second = dcbs_report_json(back);
	second_text = dcbs_report_text(back, 100);
	assert_string_equal(first, second);
	assert_string_equal(first_text, second_text);
	free(first);
	free(second);
	free(first_text);
	free(second_text);
	dcbs_report_free(back);
	dcbs_report_free(r);
}

/* The beginning of a document, up to its sections. */
#define HEAD "{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"version\":\"1\",\"window\":{},\"sections\":["

/* ---- damage ---- */

/* Whatever is broken, the answer is a line of error or a report that can be shown. */
static inline void damage_at_random(struct snapshot *snap)
{
	static const char bytes[] = "\"[]{},:0-9e.tn\\\033\377";
	char *text = text_of(snap);
	size_t len = strlen(text), at;
	struct dcbs_report *r = NULL;
	__u64 seed = 12345;
	int i, j, shown = 0;
	char *copy = malloc(len);

	assert_non_null(copy);
	for (i = 0; i < 1500; i++) {
		memcpy(copy, text, len);
		for (j = 0; j <= i % 3; j++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			at = (seed >> 20) % len;
			copy[at] = bytes[(seed >> 10) % (sizeof(bytes) - 1)];
		}
		if (load(copy, len, &r))
			continue;
		show(r);
		shown++;
	}
	assert_true(shown > 0);
	free(copy);
	free(text);
}

static inline void try_values(const json_t *doc, json_t *object, const char *key)
{
	static const char *const values[] = {"null", "true", "-1", "1.5", "1e17", "\"x\"", "[]", "[0]", "{}"};
	struct dcbs_report *r = NULL;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		json_object_set_new(object, key, json_loads(values[i], JSON_DECODE_ANY, NULL));
		text = json_dumps(doc, JSON_COMPACT);
		if (!load(text, strlen(text), &r))
			show(r);
		free(text);
	}
}

/* Every value of the document, down from `at`, replaced by values of other types; returns how many there were. */
static inline int damage(const json_t *doc, json_t *at)
{
	json_t *child, *kept;
	const char *key;
	int tried = 0;
	size_t i;
	void *next;

	json_array_foreach(at, i, child)
		tried += i < 3 ? damage(doc, child) : 0;
	json_object_foreach_safe(at, next, key, child) {
		kept = json_incref(child);
		try_values(doc, at, key);
		json_object_set(at, key, kept);
		tried += 1 + damage(doc, kept);
		json_decref(kept);
	}
	return tried;
}

static inline int damage_all(struct snapshot *snap)
{
	char *text = text_of(snap);
	json_t *doc = json_loads(text, 0, NULL);
	int tried = damage(doc, doc);

	json_decref(doc);
	free(text);
	return tried;
}

static inline int document_open(void **state)
{
	(void)state;
	file = memfd_create("session.json", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return file < 0 ? -1 : 0;
}

static inline int document_close(void **state)
{
	(void)state;
	return close(file);
}

#endif
