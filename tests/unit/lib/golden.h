/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * golden.h - compares a text with a file of tests/golden/, byte for byte.
 *
 * Tests run in the top folder of the tree. With GOLDEN_WRITE=1 they write the files instead: read the difference before
 * you commit it.
 */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include "fixture.h"

/* A fixed version, so that a release does not change the files. */
static inline void golden_version(struct dcbs_report *report)
{
	free(report->version);
	report->version = strdup("1.2.3");
	assert_non_null(report->version);
}

static inline char *golden_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (!f)
		fail_msg("no %s: run from the top of the tree; GOLDEN_WRITE=1 makes it", path);
	if (getdelim(&text, &room, 0, f) < 0)
		fail_msg("%s is empty", path);
	fclose(f);
	return text;
}

static inline void golden_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline void golden_check(const char *name, const char *got)
{
	char path[256], *want;

	assert_non_null(got);
	snprintf(path, sizeof(path), "tests/golden/%s", name);
	if (getenv("GOLDEN_WRITE"))
		golden_write(path, got);
	want = golden_read(path);
	assert_string_equal(got, want);
	free(want);
}

#endif
