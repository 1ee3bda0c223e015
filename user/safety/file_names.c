// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* file_names.c - names that somebody who may write to the folder cannot take in advance. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "safety/file_names.h"

#define LETTERS 8

static void random_letters(char *to)
{
	static const char letters[33] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[LETTERS] = {0};
	size_t i;

	if (getrandom(bytes, sizeof(bytes), 0) < 0)
		memset(bytes, getpid(), sizeof(bytes));
	for (i = 0; i < LETTERS; i++)
		to[i] = letters[bytes[i] % 32];
	to[i] = 0;
}

void file_names_temporary(char *to, size_t size)
{
	char letters[LETTERS + 1];

	random_letters(letters);
	snprintf(to, size, ".dcbs-bpfprof.%s", letters);
}

/* The suffix begins at the first dot that is not the first letter. */
void file_names_other(const char *base, char *to, size_t size)
{
	size_t stem = *base ? strcspn(base + 1, ".") + 1 : 0, longest = size / 2;
	char letters[LETTERS + 1];

	random_letters(letters);
	snprintf(to, size, "%.*s.%s%s", (int)(stem < longest ? stem : longest), base, letters, base + stem);
}
