// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cause.c - one letter for each cause, and bars of these letters. */
#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "base/array.h"
#include "base/human.h"
#include "render/cause.h"

#define LEAST_SHARE 0.01	/* smaller shares are not worth a number */
#define MOST_NUMBERS 3
#define NUMBER_WIDTH 7		/* "C 62.0%" */

/* In the order of the bar: first the work of a section, then what delays it, then what it waits for. */
static const struct cause_letter {
	char letter;
	const char *word;
	size_t field;		/* of struct dcbs_wall */
	const char *colour;	/* of a terminal; ECMA-48, SGR */
} letters[] = {
	{'C', "computing", offsetof(struct dcbs_wall, cpu_s), "32"},
	{'R', "run queue", offsetof(struct dcbs_wall, runqueue_s), "31"},
	{'T', "throttled", offsetof(struct dcbs_wall, throttled_s), "31"},
	{'V', "steal", offsetof(struct dcbs_wall, steal_s), "31"},
	{'G', "GIL", offsetof(struct dcbs_wall, gil_s), "33"},
	{'L', "lock", offsetof(struct dcbs_wall, lock_s), "33"},
	{'D', "disk", offsetof(struct dcbs_wall, disk_s), "35"},
	{'F', "page faults", offsetof(struct dcbs_wall, fault_s), "35"},
	{'N', "network", offsetof(struct dcbs_wall, network_s), "36"},
	{'g', "GPU", offsetof(struct dcbs_wall, gpu_s), "34"},
	{'S', "sleep", offsetof(struct dcbs_wall, sleep_s), "2"},
	{'A', "await", offsetof(struct dcbs_wall, await_s), "36"},
	{'o', "other waits", offsetof(struct dcbs_wall, other_s), "2"},
};

#define NR ARRAY_SIZE(letters)

_Static_assert(NR <= 8 * sizeof(unsigned int), "a set of causes has a bit for each letter");

static const char *const words[] = {
	[DCBS_CAUSE_CPU] = "computing", [DCBS_CAUSE_RUNQUEUE] = "run queue", [DCBS_CAUSE_GIL] = "GIL",
	[DCBS_CAUSE_LOCK] = "lock", [DCBS_CAUSE_DISK] = "disk", [DCBS_CAUSE_NETWORK] = "network",
	[DCBS_CAUSE_FAULT] = "page faults", [DCBS_CAUSE_SLEEP] = "sleep", [DCBS_CAUSE_GPU] = "GPU",
	[DCBS_CAUSE_THROTTLED] = "throttled", [DCBS_CAUSE_STEAL] = "steal",
	[DCBS_CAUSE_OTHER] = "other waits", [DCBS_CAUSE_MEMORY_GROWTH] = "memory growth",
	[DCBS_CAUSE_MEMORY_CHURN] = "memory churn", [DCBS_CAUSE_CACHE] = "a cache that seldom hits",
	[DCBS_CAUSE_SPIN] = "spinning", [DCBS_CAUSE_COLLECTIVE] = "another rank",
	[DCBS_CAUSE_AWAIT] = "await", [DCBS_CAUSE_LOOP] = "event loop held", [DCBS_CAUSE_CPU_OR_GPU] = "CPU or GPU",
};

const char *cause_word(enum dcbs_cause cause)
{
	return (size_t)cause < ARRAY_SIZE(words) ? words[cause] : NULL;
}

bool cause_known(const struct dcbs_wall *wall)
{
	return !isnan(wall->cpu_s);
}

bool cause_any_known(const struct dcbs_report *report)
{
	size_t i;

	for (i = 0; i < report->nr_sections; i++)
		if (cause_known(&report->sections[i].wall))
			return true;
	return false;
}

/*
 * Shares of the sum of all causes. A cause that a saved document leaves out (NAN) counts as 0. Returns false if the causes
 * are unknown or their sum is 0.
 */
static bool get_shares(const struct dcbs_wall *wall, double *share)
{
	double sum = 0;
	size_t i;

	if (!cause_known(wall))
		return false;
	for (i = 0; i < NR; i++) {
		share[i] = fmax(*(const double *)((const char *)wall + letters[i].field), 0);
		sum += share[i];
	}
	for (i = 0; i < NR && sum > 0; i++)
		share[i] /= sum;
	return sum > 0;
}

static size_t index_of_largest(const double *v)
{
	size_t i, at = 0;

	for (i = 1; i < NR; i++)
		if (v[i] > v[at])
			at = i;
	return at;
}

/* Each cause gets the whole cells of its share; the remaining cells go to the largest remainders. */
static void divide_cells(const double *share, int columns, int *cells)
{
	double rest[NR];
	int left = columns;
	size_t i;

	for (i = 0; i < NR; i++) {
		cells[i] = (int)floor(share[i] * columns);
		rest[i] = share[i] * columns - cells[i];
		left -= cells[i];
	}
	while (left-- > 0) {
		i = index_of_largest(rest);
		cells[i]++;
		rest[i] -= 1;
	}
}

void cause_bar(FILE *file, const struct dcbs_wall *wall, int columns, bool colour)
{
	double share[NR];
	int cells[NR];
	size_t i;

	assert(columns >= 0);
	if (!get_shares(wall, share)) {
		fprintf(file, "%*s", columns, "");
		return;
	}
	divide_cells(share, columns, cells);
	for (i = 0; i < NR; i++) {
		if (colour && cells[i] > 0)
			fprintf(file, "\033[%sm", letters[i].colour);
		while (cells[i]-- > 0 && columns-- > 0)
			fputc(letters[i].letter, file);
	}
	if (colour)
		fputs("\033[0m", file);
}

int cause_largest(FILE *file, const struct dcbs_wall *wall, int columns)
{
	double share[NR];
	int numbers, used = 0;
	size_t at;

	if (!get_shares(wall, share))
		return 0;
	for (numbers = 0; numbers < MOST_NUMBERS; numbers++) {
		at = index_of_largest(share);
		if (used + 2 * (numbers > 0) + NUMBER_WIDTH > columns || (numbers && share[at] < LEAST_SHARE))
			break;
		used += fprintf(file, "%s%c %5s", numbers ? "  " : "", letters[at].letter, human_share(share[at]).text);
		share[at] = -1;
	}
	return used;
}

void cause_in_words(FILE *file, const struct dcbs_wall *wall)
{
	double share[NR];
	int numbers;
	size_t at;

	if (!get_shares(wall, share))
		return;
	for (numbers = 0; numbers < MOST_NUMBERS; numbers++) {
		at = index_of_largest(share);
		if (numbers && share[at] < LEAST_SHARE)
			break;
		fprintf(file, "%s%s %s", numbers ? ", " : "", letters[at].word, human_share(share[at]).text);
		share[at] = -1;
	}
}

unsigned int cause_set(const struct dcbs_wall *wall)
{
	double share[NR];
	unsigned int set = 0;
	size_t i;

	if (!get_shares(wall, share))
		return 0;
	for (i = 0; i < NR; i++)
		set |= share[i] >= LEAST_SHARE ? 1U << i : 0;
	return set;
}

void cause_legend(FILE *file, unsigned int set)
{
	const char *between = "";
	size_t i;

	for (i = 0; i < NR; i++) {
		if (!(set & 1U << i))
			continue;
		fprintf(file, "%s%c %s", between, letters[i].letter, letters[i].word);
		between = ", ";
	}
}
