// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* near_names.c - the functions of a file whose names are like one that it does not have. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "symbol/function_name.h"
#include "symbol/native/demangle.h"
#include "symbol/native/elf_symbols.h"
#include "symbol/search/near_names.h"

#define WORD_BYTES 96
#define CLOCK_EVERY 256		/* symbols between two looks at the clock */
#define CONTAINED 2		/* the distance of a name that contains the wanted one, or is contained in it */

/* Stores the last identifier of a name, in lower case, without what stands in brackets behind it. */
static void last_word(const char *name, char word[WORD_BYTES])
{
	size_t end = strcspn(name, "(<@[."), begin, i, n = 0;

	if (!strncmp(name, "(anonymous", 10))
		end = strlen(name);
	while (end && !isalnum((unsigned char)name[end - 1]) && name[end - 1] != '_')
		end--;
	for (begin = end; begin && (isalnum((unsigned char)name[begin - 1]) || name[begin - 1] == '_'); begin--)
		;
	for (i = begin; i < end && n + 1 < WORD_BYTES; i++)
		word[n++] = (char)tolower((unsigned char)name[i]);
	word[n] = 0;
}

/* The number of characters to insert, remove or replace. */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int row[WORD_BYTES + 1], i, j, n = (unsigned int)strlen(b), diagonal, above;

	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; *a; a++, i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			unsigned int best = diagonal + (*a != b[j - 1]);

			above = row[j];
			best = above + 1 < best ? above + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			diagonal = above;
		}
	}
	return row[n];
}

/* Returns how far a word is from the wanted one, or a number above `most`. */
static unsigned int word_distance(const char *wanted, const char *word, unsigned int most)
{
	size_t n = strlen(wanted), m = strlen(word);

	if (n >= 3 && m >= 3 && (strstr(word, wanted) || strstr(wanted, word)))
		return n == m ? 0 : CONTAINED;
	return (n > m ? n - m : m - n) > most ? most + 1 : edit_distance(wanted, word);
}

static void keep_name(struct near_names *near, const char *name, unsigned int distance)
{
	struct near_name new = {.distance = distance};
	size_t at, i;

	snprintf(new.name, sizeof(new.name), "%s", name);
	for (i = 0; i < near->nr; i++)
		if (!strcmp(near->list[i].name, new.name))
			return;
	for (at = near->nr; at && near->list[at - 1].distance > distance; at--)
		;
	if (at == NEAR_NAMES)
		return;
	near->nr += near->nr < NEAR_NAMES;
	memmove(&near->list[at + 1], &near->list[at], (near->nr - at - 1) * sizeof(new));
	near->list[at] = new;
}

static void examine_name(struct near_names *near, const char *symbol, const char *wanted)
{
	unsigned int most = 1 + (unsigned int)strlen(wanted) / 4, distance;
	char *plain = demangle(symbol), word[WORD_BYTES];
	const char *name = plain ? plain : symbol;

	last_word(name, word);
	distance = *word ? word_distance(wanted, word, most) : most + 1;
	if (distance <= most || distance == CONTAINED)
		keep_name(near, name, distance);
	free(plain);
}

void near_names_add(struct near_names *near, Elf *elf)
{
	struct elf_symbols symbols = {.elf = elf};
	char wanted[WORD_BYTES];
	unsigned int n = 0;
	const char *name;
	GElf_Sym symbol;

	last_word(near->wanted, wanted);
	while (*wanted && elf_symbols_next_table(&symbols, SHT_NULL, SIZE_MAX)) {
		while (elf_symbols_next(&symbols, &symbol)) {
			if (!elf_symbols_is_function(&symbol))
				continue;
			if (!(++n % CLOCK_EVERY) && clock_now_ns() > near->until_ns)
				return;
			name = elf_symbols_name(&symbols, &symbol);
			if (name && !function_name_is_part(name))
				examine_name(near, name, wanted);
		}
	}
}

void near_names_write(const struct near_names *near, char *to, size_t size)
{
	size_t i, n = 0;

	*to = 0;
	for (i = 0; i < near->nr && n < size; i++)
		n += (size_t)snprintf(to + n, size - n, "%s%s", i ? ", " : "", near->list[i].name);
}
