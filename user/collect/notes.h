/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* notes.h - lines of the report about facts that could not be measured, and why. */
#ifndef COLLECT_NOTES_H
#define COLLECT_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#define NOTES_MAX 32

struct notes {
	char *lines[NOTES_MAX];
	size_t nr;
};

/* Adds a line. The same line is kept once, and lines beyond NOTES_MAX are dropped. */
void notes_add(struct notes *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Returns true if some line contains the text. */
bool notes_mention(const struct notes *notes, const char *text);

/* Copies the lines into an array, to be freed with them. Returns 0, or -ENOMEM. */
int notes_copy(const struct notes *notes, char ***lines, size_t *nr);

void notes_free(struct notes *notes);

#endif
