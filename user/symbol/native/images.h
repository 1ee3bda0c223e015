/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* images.h - the files that processes have mapped, each opened once, however many processes have it. */
#ifndef SYMBOL_NATIVE_IMAGES_H
#define SYMBOL_NATIVE_IMAGES_H

#include "symbol/native/image.h"

/* The file of a mapping, if some process has it or has had it lately; to be put back. */
struct image *images_find(pid_t pid, const struct memory_mapping *map);

/* As image_open(). */
struct image *images_open(pid_t pid, const struct memory_mapping *map, int fd);

void images_put(struct image *image);

#endif
