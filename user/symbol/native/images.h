/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* images.h - the files that processes have mapped: each is opened once, for all processes that have it. */
#ifndef SYMBOL_NATIVE_IMAGES_H
#define SYMBOL_NATIVE_IMAGES_H

#include "symbol/native/image.h"

/* The image of a mapped file that is already open; NULL: none. The caller releases it with images_put(). */
struct image *images_find(pid_t pid, const struct memory_mapping *mapping);

/* Opens an image, as image_open() does. The caller releases it with images_put(). */
struct image *images_open(pid_t pid, const struct memory_mapping *mapping, int fd);

void images_put(struct image *image);

/* Frees the debug information of all images but one; NULL: of all. */
void images_release(const struct image *except);

#endif
