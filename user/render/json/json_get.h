/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * json_get.h - typed values out of a document that anyone may have written.
 *
 * The first value of a wrong type or range is kept as the error, with its place; what follows may go
 * on and is thrown away at the end. Objects and arrays may be NULL: all in them is missing then.
 */
#ifndef RENDER_JSON_JSON_GET_H
#define RENDER_JSON_JSON_GET_H

#include <jansson.h>
#include <stdint.h>

#define JSON_GET_TEXT_BYTES 65536	/* what is longer is cut */

struct json_get {
	const char *file;
	char where[48];		/* "sections[3]." */
	int err;		/* the first one */
};

void json_get_wrong(struct json_get *r, const char *key, const char *wanted);

/* NAN, DCBS_UNKNOWN, NULL: missing or null. Texts are sanitised and to be freed. */
double json_get_real(struct json_get *r, const json_t *object, const char *key);
int64_t json_get_integer(struct json_get *r, const json_t *object, const char *key);

/* The others are never negative, these may be. */
double json_get_signed_real(struct json_get *r, const json_t *object, const char *key);
int64_t json_get_signed_integer(struct json_get *r, const json_t *object, const char *key);

char *json_get_string(struct json_get *r, const json_t *object, const char *key);

/* A text that the document must have. */
char *json_get_name(struct json_get *r, const json_t *object, const char *key);

/* Index of the word in words[]. */
int json_get_word(struct json_get *r, const json_t *object, const char *key, const char *const *words, int nr,
		  int unknown);

const json_t *json_get_object(struct json_get *r, const json_t *object, const char *key);

/* An array; *items becomes zeroed memory for as many things of item_bytes. */
const json_t *json_get_array(struct json_get *r, const json_t *object, const char *key, void *items,
			     size_t item_bytes);

/* Element i, an object; from now on `where` says so, until leave. */
const json_t *json_get_enter(struct json_get *r, const json_t *array, const char *key, size_t i);
void json_get_leave(struct json_get *r);

#endif
