/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * json_get.h - typed values from a document that anyone may have written.
 *
 * The first value of a wrong type or range is kept as the error, together with its place. The caller may read on, but discards
 * the result at the end. Objects and arrays may be NULL: all their members are missing then.
 */
#ifndef RENDER_JSON_JSON_GET_H
#define RENDER_JSON_JSON_GET_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

#include "render/json/json_words.h"

#define JSON_GET_TEXT_BYTES 65536	/* longer strings are cut */

struct json_get {
	const char *file;
	char where[48];		/* "sections[3]." */
	int err;		/* the first one */
};

/* Records an error: the value of `key` is not `wanted`. */
void json_get_wrong(struct json_get *r, const char *key, const char *wanted);

/* A missing value or null becomes NAN, DCBS_UNKNOWN or NULL. */
double json_get_real(struct json_get *r, const json_t *object, const char *key);	/* not negative */
int64_t json_get_integer(struct json_get *r, const json_t *object, const char *key);	/* not negative */
double json_get_signed_real(struct json_get *r, const json_t *object, const char *key);
int64_t json_get_signed_integer(struct json_get *r, const json_t *object, const char *key);
char *json_get_string(struct json_get *r, const json_t *object, const char *key);	/* sanitised; to be freed */

/* The document must have these: a string, and the number of a process or thread. */
char *json_get_name(struct json_get *r, const json_t *object, const char *key);
pid_t json_get_pid(struct json_get *r, const json_t *object, const char *key);

pid_t json_get_optional_pid(struct json_get *r, const json_t *object, const char *key);	/* 0: missing or null */

/* The value of a word; `unknown` if it is missing. */
int json_get_word(struct json_get *r, const json_t *object, const char *key, const struct json_words *words, int unknown);

const json_t *json_get_object(struct json_get *r, const json_t *object, const char *key);

/* An array; *items becomes zeroed memory for as many items of item_bytes as it has elements. */
const json_t *json_get_array(struct json_get *r, const json_t *object, const char *key, void *items, size_t item_bytes);

/* An array of `nr` numbers that are not negative, or null each; to be freed. */
double *json_get_reals(struct json_get *r, const json_t *object, const char *key, size_t nr);
int64_t *json_get_integers(struct json_get *r, const json_t *object, const char *key, size_t nr);

/* Strings, sanitised; all to be freed. */
void json_get_strings(struct json_get *r, const json_t *object, const char *key, char ***to, size_t *nr);

/* Element i, which must be an object. Errors name it from now on, until json_get_leave(). */
const json_t *json_get_enter(struct json_get *r, const json_t *array, const char *key, size_t i);
void json_get_leave(struct json_get *r);

#endif
