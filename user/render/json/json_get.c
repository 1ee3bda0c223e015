// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_get.c - typed values from a document that anyone may have written. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/sanitize.h"
#include "dcbs/profiler.h"
#include "render/json/json_get.h"

#define REAL_MAX 1e18

void json_get_wrong(struct json_get *r, const char *key, const char *wanted)
{
	if (!r->err)
		r->err = fail(-EINVAL, "%s: %s%s is not %s: the session cannot be shown", r->file, r->where, key, wanted);
}

/* NULL: missing or null. */
static json_t *get_value(const json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return json_is_null(v) ? NULL : v;
}

/* v NULL or null: unknown. */
static double real_of(struct json_get *r, const json_t *v, const char *key, double least)
{
	double d = json_number_value(v);

	if (!v || json_is_null(v))
		return NAN;
	if (!json_is_number(v) || !(d >= least && d <= REAL_MAX))
		json_get_wrong(r, key, "a number in range");
	return d;
}

static int64_t integer_of(struct json_get *r, const json_t *v, const char *key)
{
	if (!v || json_is_null(v))
		return DCBS_UNKNOWN;
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		json_get_wrong(r, key, "a non-negative integer");
	return json_integer_value(v);
}

double json_get_real(struct json_get *r, const json_t *object, const char *key)
{
	return real_of(r, get_value(object, key), key, 0);
}

double json_get_signed_real(struct json_get *r, const json_t *object, const char *key)
{
	return real_of(r, get_value(object, key), key, -REAL_MAX);
}

int64_t json_get_integer(struct json_get *r, const json_t *object, const char *key)
{
	return integer_of(r, get_value(object, key), key);
}

/* DCBS_UNKNOWN, the smallest integer, is not a value. */
int64_t json_get_signed_integer(struct json_get *r, const json_t *object, const char *key)
{
	json_t *v = get_value(object, key);

	if (!v)
		return DCBS_UNKNOWN;
	if (!json_is_integer(v) || json_integer_value(v) == DCBS_UNKNOWN)
		json_get_wrong(r, key, "an integer");
	return json_integer_value(v);
}

char *json_get_string(struct json_get *r, const json_t *object, const char *key)
{
	json_t *v = get_value(object, key);
	char *s;

	if (!v)
		return NULL;
	if (!json_is_string(v)) {
		json_get_wrong(r, key, "a string");
		return NULL;
	}
	s = sanitize(json_string_value(v), JSON_GET_TEXT_BYTES);
	if (!s && !r->err)
		r->err = fail(-ENOMEM, "no memory for %s", r->file);
	return s;
}

char *json_get_name(struct json_get *r, const json_t *object, const char *key)
{
	char *s = json_get_string(r, object, key);

	if (!s)
		json_get_wrong(r, key, "a string");
	return s;
}

pid_t json_get_pid(struct json_get *r, const json_t *object, const char *key)
{
	int64_t id = json_get_integer(r, object, key);

	if (id < 0 || id > INT32_MAX)
		json_get_wrong(r, key, "the number of a process or thread");
	return (pid_t)id;
}

pid_t json_get_optional_pid(struct json_get *r, const json_t *object, const char *key)
{
	return get_value(object, key) ? json_get_pid(r, object, key) : 0;
}

int json_get_word(struct json_get *r, const json_t *object, const char *key, const struct json_words *words, int unknown)
{
	json_t *v = get_value(object, key);
	int value = v ? json_words_find(words, json_string_value(v)) : unknown;

	if (value >= 0 || !v)
		return value;
	json_get_wrong(r, key, "a known word");
	return unknown;
}

const json_t *json_get_object(struct json_get *r, const json_t *object, const char *key)
{
	json_t *v = get_value(object, key);

	if (v && !json_is_object(v))
		json_get_wrong(r, key, "an object");
	return v;
}

const json_t *json_get_array(struct json_get *r, const json_t *object, const char *key, void *items, size_t item_bytes)
{
	json_t *v = get_value(object, key);
	void *memory = calloc(json_array_size(v) + 1, item_bytes);

	memcpy(items, &memory, sizeof(memory));
	if (v && !json_is_array(v))
		json_get_wrong(r, key, "an array");
	if (!memory && !r->err)
		r->err = fail(-ENOMEM, "no memory for %s", r->file);
	return r->err ? NULL : v;
}

/* Returns the array if it has `nr` elements. NULL: it is missing or has not, and an error is recorded. */
static const json_t *array_of(struct json_get *r, const json_t *object, const char *key, size_t nr, void *items, size_t item_bytes)
{
	const json_t *array = json_get_array(r, object, key, items, item_bytes);

	if (array && json_array_size(array) == nr)
		return array;
	json_get_wrong(r, key, "an array of the right length");
	return NULL;
}

double *json_get_reals(struct json_get *r, const json_t *object, const char *key, size_t nr)
{
	double *values;
	const json_t *array = array_of(r, object, key, nr, &values, sizeof(*values));
	size_t i;

	for (i = 0; array && i < nr; i++)
		values[i] = real_of(r, json_array_get(array, i), key, 0);
	return values;
}

int64_t *json_get_integers(struct json_get *r, const json_t *object, const char *key, size_t nr)
{
	int64_t *values;
	const json_t *array = array_of(r, object, key, nr, &values, sizeof(*values));
	size_t i;

	for (i = 0; array && i < nr; i++)
		values[i] = integer_of(r, json_array_get(array, i), key);
	return values;
}

void json_get_strings(struct json_get *r, const json_t *object, const char *key, char ***to, size_t *nr)
{
	const json_t *array = json_get_array(r, object, key, to, sizeof(**to)), *text;
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		text = json_array_get(array, i);
		if (!json_is_string(text)) {
			json_get_wrong(r, key, "an array of strings");
			return;
		}
		(*to)[i] = sanitize(json_string_value(text), JSON_GET_TEXT_BYTES);
		*nr = i + 1;
		if (!(*to)[i])
			r->err = fail(-ENOMEM, "no memory for %s", r->file);
	}
}

const json_t *json_get_enter(struct json_get *r, const json_t *array, const char *key, size_t i)
{
	const json_t *v = json_array_get(array, i);

	snprintf(r->where, sizeof(r->where), "%s[%zu]", key, i);
	if (!json_is_object(v))
		json_get_wrong(r, "", "an object");
	snprintf(r->where, sizeof(r->where), "%s[%zu].", key, i);
	return v;
}

void json_get_leave(struct json_get *r)
{
	r->where[0] = 0;
}
