/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_words.h - the words and units on which the writer and the reader of the JSON document agree, besides its keys. */
#ifndef RENDER_JSON_JSON_WORDS_H
#define RENDER_JSON_JSON_WORDS_H

#define JSON_WORDS_TOOL	"dcbs-bpfprof"
#define JSON_WORDS_MIB	1048576.0	/* bytes; the unit of keys that end in _mb, as is usual with psutil */

/* The words for the values of an enumeration: words[value], or NULL if a value has none. */
struct json_words {
	const char *const *words;
	int nr;
};

extern const struct json_words json_words_ended_by;	/* enum dcbs_ended_by */
extern const struct json_words json_words_causes;	/* enum dcbs_cause */
extern const struct json_words json_words_kinds;	/* kinds of a section */
extern const struct json_words json_words_roles;	/* enum dcbs_role */

/* The word for a value. NULL: none. */
const char *json_words_of(const struct json_words *words, int value);

/* The value of a word. -1: there is no such word, or it is NULL. */
int json_words_find(const struct json_words *words, const char *word);

#endif
