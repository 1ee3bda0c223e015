// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_name.c - matches the name that the user gives for a native function against symbols and demangled names. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "symbol/function_name.h"
#include "symbol/native/demangle.h"

#define NAME_BYTES 4096

/* ---- suffixes ---- */

static const char *const copy_suffixes[] = {".constprop", ".isra", ".lto_priv", ".llvm", ".localalias"};
static const char *const cold_suffixes[] = {".cold"};
static const char *const part_suffixes[] = {".part"};

/* Returns the length of the text without the suffix, or 0. The suffix may be followed by a point and a number. */
static size_t length_without(const char *text, size_t n, const char *suffix)
{
	size_t len = strlen(suffix), end = n;

	while (end && isdigit((unsigned char)text[end - 1]))
		end--;
	if (end == n || !end || text[end - 1] != '.')
		end = n;
	else
		end--;
	return end > len && !memcmp(text + end - len, suffix, len) ? end - len : 0;
}

static size_t length_without_any(const char *text, size_t n, const char *const *suffixes, size_t nr)
{
	size_t i, left;

	for (i = 0; i < nr; i++) {
		left = length_without(text, n, suffixes[i]);
		if (left)
			return left;
	}
	return 0;
}

/* Removes suffixes from the end, and sets *cold and *part if one of those was among them. */
static size_t strip_suffixes(const char *symbol, bool *cold, bool *part)
{
	size_t n = strlen(symbol), left;

	*cold = *part = false;
	for (;; n = left) {
		left = length_without_any(symbol, n, copy_suffixes, ARRAY_SIZE(copy_suffixes));
		if (left)
			continue;
		left = length_without_any(symbol, n, cold_suffixes, ARRAY_SIZE(cold_suffixes));
		*cold |= left > 0;
		if (left)
			continue;
		left = length_without_any(symbol, n, part_suffixes, ARRAY_SIZE(part_suffixes));
		*part |= left > 0;
		if (!left)
			return n;
	}
}

size_t function_name_without_cold(const char *symbol)
{
	return length_without_any(symbol, strlen(symbol), cold_suffixes, ARRAY_SIZE(cold_suffixes));
}

bool function_name_is_part(const char *symbol)
{
	bool cold, part;

	strip_suffixes(symbol, &cold, &part);
	return cold || part;
}

/* ---- demangled names ---- */

static const char anonymous[] = "(anonymous namespace)";

/* Returns what follows the name of an operator, which may have brackets of all kinds; or NULL: no operator is named here. */
static const char *skip_operator(const char *at, const char *begin)
{
	static const char word[] = "operator";

	if (strncmp(at, word, sizeof(word) - 1) || (at > begin && at[-1] != ':' && at[-1] != ' '))
		return NULL;
	at += sizeof(word) - 1;
	if (isalnum((unsigned char)*at) || *at == '_')
		return NULL;
	if (*at == ' ')		/* a conversion, new or delete */
		return at + strcspn(at, "(");
	if (!strncmp(at, "()", 2) || !strncmp(at, "[]", 2))
		return at + 2;
	return at + strspn(at, "<>=!+-*/%^&|~,");
}

struct plain_parts {
	const char *name, *params;	/* where the name begins behind the return type, and where the parameters begin */
};

/* Finds the first opening parenthesis that is in no other brackets, and the last space before it that is in none. */
static struct plain_parts split_plain(const char *plain)
{
	struct plain_parts parts = {plain, plain + strlen(plain)};
	const char *p = plain, *next;
	int depth = 0;

	while (*p) {
		next = depth ? NULL : skip_operator(p, plain);
		if (!depth && !strncmp(p, anonymous, sizeof(anonymous) - 1))
			next = p + sizeof(anonymous) - 1;
		if (next) {
			p = next;
			continue;
		}
		if (*p == '(' && !depth) {
			parts.params = p;
			return parts;
		}
		if (*p == ' ' && !depth)
			parts.name = p + 1;
		depth += strchr("<({[", *p) != NULL;
		depth -= depth && strchr(">)}]", *p);
		p++;
	}
	if (parts.params > plain)
		parts.name = plain;	/* without parameters there is no return type either */
	return parts;
}

/* Copies the name without what stands in <> and in [], the arguments of templates and tags of the ABI. */
static void strip_arguments(char *to, size_t size, const char *name, const char *end)
{
	size_t n = 0;
	int depth = 0;

	while (name < end && n + 1 < size) {
		const char *next = depth ? NULL : skip_operator(name, name - 1);

		for (; next && name < next && name < end && n + 1 < size; name++)
			to[n++] = *name;
		if (next)
			continue;
		depth += *name == '<' || *name == '[';
		if (!depth)
			to[n++] = *name;
		depth -= depth && (*name == '>' || *name == ']');
		name++;
	}
	to[n] = 0;
}

/* "ns::f" and "ns::f(int)" name "ns::f(int)"; so does the text before the parameters and the clone that the demangler adds. */
static bool begins_as(const char *text, const char *wanted)
{
	size_t n = strlen(wanted);

	return !strncmp(text, wanted, n) && (!text[n] || text[n] == '(' || !strncmp(text + n, " [clone", 7));
}

static bool matches_plain(const char *plain, const char *wanted)
{
	struct plain_parts parts = split_plain(plain);
	char bare[NAME_BYTES];
	size_t n;

	if (begins_as(plain, wanted) || begins_as(parts.name, wanted))
		return true;
	strip_arguments(bare, sizeof(bare), parts.name, parts.params);
	if (!strcmp(bare, wanted))
		return true;
	n = strlen(bare);
	return !strncmp(wanted, bare, n) && wanted[n] == '(' && begins_as(parts.params, wanted + n);
}

enum function_match function_name_match(const char *symbol, const char *wanted)
{
	char base[NAME_BYTES], *plain;
	bool cold, part, match;
	size_t n;

	if (!strcmp(symbol, wanted))
		return FUNCTION_WHOLE;
	n = strip_suffixes(symbol, &cold, &part);
	if (cold || n >= sizeof(base))
		return FUNCTION_OTHER;
	memcpy(base, symbol, n);
	base[n] = 0;
	plain = demangle(base);
	match = matches_plain(plain ? plain : base, wanted);
	free(plain);
	if (!match && strncmp(symbol, "_Z", 2) == 0 && (plain = demangle(symbol))) {	/* with the clone, as FUNCTIONS shows it */
		match = !strcmp(plain, wanted);
		free(plain);
	}
	return !match ? FUNCTION_OTHER : part ? FUNCTION_PART : FUNCTION_WHOLE;
}
