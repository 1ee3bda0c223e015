// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* similar.c - the word that a misspelt one may stand for. */
#include <assert.h>
#include <string.h>

#include "cli/options/option_table.h"
#include "cli/options/similar.h"

#define LONGEST 32	/* letters: a longer word is not similar to any */
#define MOST_EDITS 2
#define LETTERS_PER_EDIT 2	/* of a word: it is another word if more than every other letter differs */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment. d[i][k]: the edits between the first i letters of a and the first k of b. */
size_t similar_distance(const char *a, const char *b, size_t most)
{
	size_t d[LONGEST + 1][LONGEST + 1], m = strlen(a), n = strlen(b), i, k;

	if (m > LONGEST || n > LONGEST)
		return most + 1;
	for (i = 0; i <= m; i++)
		d[i][0] = i;
	for (k = 0; k <= n; k++)
		d[0][k] = k;
	for (i = 1; i <= m; i++)
		for (k = 1; k <= n; k++) {
			d[i][k] = smaller(smaller(d[i - 1][k], d[i][k - 1]) + 1, d[i - 1][k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				d[i][k] = smaller(d[i][k], d[i - 2][k - 2] + 1);
		}
	return smaller(d[m][n], most + 1);
}

const char *similar_option(const struct option_row *table, const char *name)
{
	size_t best = MOST_EDITS + 1, edits, letters = strlen(name);
	const struct option_row *row;
	const char *found = NULL;

	for (row = table; row->name; row++) {
		edits = similar_distance(name, row->name, MOST_EDITS);
		if (edits < best && edits * LETTERS_PER_EDIT <= letters) {
			best = edits;
			found = row->name;
		}
	}
	return found;
}
