/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* document.h - writes, reads back, refuses and damages JSON documents. They are files in memory, as there are thousands. */
#ifndef TESTS_UNIT_DOCUMENT_H
#define TESTS_UNIT_DOCUMENT_H

#include <jansson.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyse/report.h"
#include "golden.h"
#include "render/render.h"

static char document_path[64];
static int document_fd = -1;

static inline struct dcbs_report *document_report(struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	snapshot_free(snap);
	return r;
}

static inline char *document_text(struct snapshot *snap)
{
	struct dcbs_report *r = document_report(snap);
	char *text;

	golden_version(r);
	text = dcbs_report_json(r);
	assert_non_null(text);
	dcbs_report_free(r);
	return text;
}

static inline void document_write(const char *text, size_t len)
{
	FILE *f = fopen(document_path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static inline int document_load(const char *text, size_t len, struct dcbs_report **r)
{
	document_write(text, len);
	return dcbs_report_load(r, document_path);
}

/* Checks that the document is refused with one line that names the file and holds `words`. */
static inline void document_refuse(const char *text, const char *words)
{
	struct dcbs_report *r = NULL;

	if (!document_load(text, strlen(text), &r))
		fail_msg("was let through: %s", text);
	assert_null(r);
	if (!strstr(dcbs_profiler_error(), words) || !strstr(dcbs_profiler_error(), document_path))
		fail_msg("error without \"%s\": %s", words, dcbs_profiler_error());
	assert_null(strchr(dcbs_profiler_error(), '\n'));
}

/* Checks that an accepted report can be written in all formats, and that its text is safe. Frees it. */
static inline void document_show(struct dcbs_report *r)
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

static inline void document_round_trip(struct dcbs_report *r)
{
	char *first = dcbs_report_json(r), *second;
	char *first_text = dcbs_report_text(r, 100), *second_text;
	struct dcbs_report *back = NULL;

	assert_non_null(first);
	if (document_load(first, strlen(first), &back))
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

/* The start of a document, up to its sections. */
#define DOCUMENT_HEAD "{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"version\":\"1\",\"window\":{},\"sections\":["

/* ---- damage ---- */

/* Changes bytes at random: the document is refused with an error, or it is a report that can be shown. */
static inline void document_damage_at_random(struct snapshot *snap)
{
	static const char bytes[] = "\"[]{},:0-9e.tn\\\033\377";
	char *text = document_text(snap);
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
		if (document_load(copy, len, &r))
			continue;
		document_show(r);
		shown++;
	}
	assert_true(shown > 0);
	free(copy);
	free(text);
}

static inline void document_try_values(const json_t *doc, json_t *object, const char *key)
{
	static const char *const values[] = {"null", "true", "-1", "1.5", "1e17", "\"x\"", "[]", "[0]", "{}"};
	struct dcbs_report *r = NULL;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		json_object_set_new(object, key, json_loads(values[i], JSON_DECODE_ANY, NULL));
		text = json_dumps(doc, JSON_COMPACT);
		if (!document_load(text, strlen(text), &r))
			document_show(r);
		free(text);
	}
}

/* Replaces each value of the document below `at` by values of other types; returns how many values there were. */
static inline int document_damage(const json_t *doc, json_t *at)
{
	json_t *child, *kept;
	const char *key;
	int tried = 0;
	size_t i;
	void *next;

	json_array_foreach(at, i, child)
		tried += i < 3 ? document_damage(doc, child) : 0;
	json_object_foreach_safe(at, next, key, child) {
		kept = json_incref(child);
		document_try_values(doc, at, key);
		json_object_set(at, key, kept);
		tried += 1 + document_damage(doc, kept);
		json_decref(kept);
	}
	return tried;
}

static inline int document_damage_all(struct snapshot *snap)
{
	char *text = document_text(snap);
	json_t *doc = json_loads(text, 0, NULL);
	int tried = document_damage(doc, doc);

	json_decref(doc);
	free(text);
	return tried;
}

static inline int document_open(void **state)
{
	(void)state;
	document_fd = memfd_create("session.json", MFD_CLOEXEC);
	snprintf(document_path, sizeof(document_path), "/proc/self/fd/%d", document_fd);
	return document_fd < 0 ? -1 : 0;
}

static inline int document_close(void **state)
{
	(void)state;
	return close(document_fd);
}

#endif
