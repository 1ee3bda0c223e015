/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* file_names.h - names that somebody who may write to the folder cannot take in advance. */
#ifndef SAFETY_FILE_NAMES_H
#define SAFETY_FILE_NAMES_H

#include <stddef.h>

/* A hidden name for a file that is not complete. 32 bytes are enough. */
void file_names_temporary(char *to, size_t size);

/* "run.json" becomes "run.LETTERS.json": the suffix stays, because it selects the format. */
void file_names_other(const char *base, char *to, size_t size);

#endif
