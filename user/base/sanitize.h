/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sanitize.h - makes bytes from a target or a file safe to print on terminals and to put into documents.
 *
 * The result is valid UTF-8 without control characters (C0, DEL, C1), line and paragraph separators, marks that change the
 * direction of text, annotation marks, tag characters and noncharacters: nothing in it moves a cursor or reorders the text
 * around it. Each byte of a rejected character becomes \xNN.
 */
#ifndef BASE_SANITIZE_H
#define BASE_SANITIZE_H

#include <stddef.h>
#include <stdint.h>

/* Decodes the UTF-8 character at s, and returns its bytes; 0: invalid, or the end of s. Never reads beyond the zero byte. */
int sanitize_decode(const char *s, uint32_t *cp);

/* Sanitizes `raw` up to a zero byte, at most max bytes. The result is freed by the caller; NULL: no memory. */
char *sanitize(const char *raw, size_t max);

#endif
