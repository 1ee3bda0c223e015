/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gzip.h - bytes as a gzip file. */
#ifndef RENDER_EXPORT_GZIP_H
#define RENDER_EXPORT_GZIP_H

#include <stdint.h>
#include <stdio.h>

/* The same bytes give the same file: it has no time and no name. Returns 0, or a negative errno. */
int gzip_write(FILE *file, const uint8_t *bytes, size_t size);

#endif
