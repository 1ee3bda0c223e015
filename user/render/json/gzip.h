/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gzip.h - sessions that are compressed with gzip, to and from memory. */
#ifndef RENDER_JSON_GZIP_H
#define RENDER_JSON_GZIP_H

#include <stdbool.h>
#include <stdio.h>

/*
 * A stream whose bytes are compressed and written to `to`, which stays open when the stream is closed. NULL: no memory. It has the
 * same bytes for the same content: no name and no time are stored.
 */
FILE *gzip_open(FILE *to);

/* Returns true if the bytes begin as gzip does. */
bool gzip_is(const char *bytes, size_t len);

/*
 * Decompresses all of the bytes. The result is to be freed, also after an error. Returns -EFBIG if it has more than `most` bytes,
 * -ENODATA if the compressed bytes end too early, -EINVAL if they are damaged, or -ENOMEM.
 */
int gzip_expand(const char *bytes, size_t len, size_t most, char **text, size_t *text_len);

#endif
