/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* shorten.h - text of bounded length. */
#ifndef RENDER_BRIEF_SHORTEN_H
#define RENDER_BRIEF_SHORTEN_H

#include <stddef.h>

/* A copy with at most `most` bytes (4 or more) that ends with an ellipsis if it is cut; no character is cut. To be freed; NULL: no memory. */
char *shorten(const char *s, size_t most);

#endif
