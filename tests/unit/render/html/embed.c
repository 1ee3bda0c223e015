// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* embed.c - a document inside a page: the same document, without anything that ends its element, and with bounded strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "render/html/embed.h"

/* Writes the text in pieces of that size. */
static char *embed_text(const char *text, size_t piece)
{
	char *out = NULL;
	size_t len, left = strlen(text), part;
	FILE *to = open_memstream(&out, &len), *in = embed_open(to);

	assert_non_null(in);
	for (; left; left -= part, text += part) {
		part = left < piece ? left : piece;
		assert_int_equal(fwrite(text, 1, part, in), part);
		fflush(in);
	}
	assert_int_equal(fclose(in), 0);
	assert_int_equal(fclose(to), 0);
	return out;
}

static void test_same_document(void **state)
{
	static const char *const documents[] = {
		"{\"a\":[1,-2.5e-7,null,true],\"b\":{}}", "[\"</script>\",\"<!--\",\"<script\",\"]]>\"]", "[\"\\\"<\\\\\",\"\\\\\"]",
		"[\"\\u0041\\n\\t<\",\"gr\303\266\303\237e\"]", "[\"\"]", "[]",
	};
	size_t i, piece;

	(void)state;
	for (i = 0; i < sizeof(documents) / sizeof(*documents); i++)
		for (piece = 1; piece < 9; piece++) {
			char *out = embed_text(documents[i], piece);
			json_t *was = json_loads(documents[i], 0, NULL), *is = json_loads(out, 0, NULL);

			assert_non_null(was);
			assert_true(json_equal(was, is));
			assert_null(strchr(out, '<'));
			json_decref(was);
			json_decref(is);
			free(out);
		}
}

/* A string of `before` letters and then a repeated character, as JSON has it. */
static char *long_document(size_t before, const char *character, size_t times)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs("[\"", f);
	while (before--)
		fputc('x', f);
	while (times--)
		fputs(character, f);
	fputs("\",\"next\"]", f);
	fclose(f);
	return text;
}

/* It is cut between two characters, wherever the limit falls, and the rest of the document is whole. */
static void test_long_strings(void **state)
{
	static const char *const characters[] = {"y", "\303\266", "\360\237\230\200", "\\\"", "\\\\", "\\u00e9", "<"};
	size_t i, before;

	(void)state;
	for (i = 0; i < sizeof(characters) / sizeof(*characters); i++)
		for (before = EMBED_MOST_TEXT - 12; before < EMBED_MOST_TEXT + 2; before++) {
			char *text = long_document(before, characters[i], 3000), *out = embed_text(text, 4096);
			json_t *doc = json_loads(out, 0, NULL);

			assert_non_null(doc);
			assert_in_range(json_string_length(json_array_get(doc, 0)), EMBED_MOST_TEXT / 6, EMBED_MOST_TEXT + 16);
			assert_string_equal(json_string_value(json_array_get(doc, 1)), "next");
			assert_non_null(strstr(json_string_value(json_array_get(doc, 0)), "\342\200\246"));
			json_decref(doc);
			free(text);
			free(out);
		}
}

static void test_limit(void **state)
{
	char *text = long_document(EMBED_MOST_TEXT, "", 0), *out = embed_text(text, 100);

	(void)state;
	assert_string_equal(text, out);
	free(text);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_document), cmocka_unit_test(test_long_strings), cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
