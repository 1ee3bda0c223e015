/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sanitize.h - bytes from a target or a file, made fit for terminals and documents.
 *
 * The result is valid UTF-8 without control characters (C0, DEL, C1), line separators and marks that
 * change the direction of text: nothing that can move a cursor or make a name look like another.
 * Each byte of what is not fit becomes \xNN.
 */
#ifndef BASE_SANITIZE_H
#define BASE_SANITIZE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the UTF-8 character at s, and the character; 0: there is none. Reads no further than a zero byte. */
int sanitize_decode(const char *s, uint32_t *cp);

/* At most max bytes of raw, up to a zero. To be freed; NULL: no memory. */
char *sanitize(const char *raw, size_t max);

#endif
