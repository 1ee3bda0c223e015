// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * images.c - the files that processes have mapped, each opened once.
 *
 * A child has its parent's files, and short-lived ones come one after the other: what nobody uses any more is kept
 * for the next, up to a limit. An open file's number is not given to another, so what is found is the same file.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "symbol/native/images.h"

#define IDLE_MAX 32

static struct {
	struct image *image;
	size_t users;
} *images;
static size_t nr_images, room;

struct image *images_find(pid_t pid, const struct memory_mapping *map)
{
	size_t i;

	for (i = 0; i < nr_images; i++) {
		if (!image_is(images[i].image, map))
			continue;
		images[i].users++;
		image_see_by(images[i].image, pid);
		return images[i].image;
	}
	return NULL;
}

struct image *images_open(pid_t pid, const struct memory_mapping *map, int fd)
{
	struct image *image = image_open(pid, map, fd);

	if (!image)
		return NULL;
	if (!array_reserve(images, nr_images, room, 1)) {
		image_close(image);
		return NULL;
	}
	images[nr_images].image = image;
	images[nr_images++].users = 1;
	return image;
}

static void drop(size_t i)
{
	image_close(images[i].image);
	memmove(&images[i], &images[i + 1], (--nr_images - i) * sizeof(*images));
	if (nr_images)
		return;
	free(images);
	images = NULL;
	room = 0;
}

/* The one that has been there for longest; without any user at all, all of them. */
static void drop_idle(void)
{
	size_t i, idle = 0;

	for (i = 0; i < nr_images; i++)
		idle += !images[i].users;
	for (i = 0; i < nr_images && idle != nr_images && idle > IDLE_MAX;)
		if (images[i].users)
			i++;
		else
			drop(i), idle--;
	while (nr_images && idle == nr_images)
		drop(0), idle--;
}

void images_put(struct image *image)
{
	size_t i;

	for (i = 0; i < nr_images; i++)
		if (images[i].image == image)
			images[i].users--;
	image_release(image);
	drop_idle();
}
