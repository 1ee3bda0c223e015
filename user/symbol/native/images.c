// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * images.c - the files that processes have mapped: each is opened once, for all processes that have it.
 *
 * A child has its parent's files, and short-lived children follow each other. So images without a user are kept for the
 * next process, up to a limit. The kernel gives the inode number of an open file to no other, so a match is the same file.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "symbol/native/images.h"

#define MAX_IDLE 32

static struct {
	struct image *image;
	size_t users;
} *images;
static size_t nr_images, room;

struct image *images_find(pid_t pid, const struct memory_mapping *mapping)
{
	size_t i;

	for (i = 0; i < nr_images; i++) {
		if (!image_is(images[i].image, mapping))
			continue;
		images[i].users++;
		image_see_by(images[i].image, pid);
		return images[i].image;
	}
	return NULL;
}

struct image *images_open(pid_t pid, const struct memory_mapping *mapping, int fd)
{
	struct image *image = image_open(pid, mapping, fd);

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

static void close_idle_image(size_t i)
{
	assert(i < nr_images && !images[i].users);
	image_close(images[i].image);
	memmove(&images[i], &images[i + 1], (--nr_images - i) * sizeof(*images));
	if (nr_images)
		return;
	free(images);
	images = NULL;
	room = 0;
}

/* Closes the oldest idle images down to the limit, and all of them if no image has a user. */
static void close_idle_images(void)
{
	size_t i, idle = 0;

	for (i = 0; i < nr_images; i++)
		idle += !images[i].users;
	for (i = 0; i < nr_images && idle != nr_images && idle > MAX_IDLE;)
		if (images[i].users)
			i++;
		else
			close_idle_image(i), idle--;
	while (nr_images && idle == nr_images)
		close_idle_image(0), idle--;
}

void images_put(struct image *image)
{
	size_t i = 0;

	while (i < nr_images && images[i].image != image)
		i++;
	assert(i < nr_images && images[i].users);
	images[i].users--;
	image_release(image);
	close_idle_images();
}

void images_release(const struct image *except)
{
	size_t i;

	for (i = 0; i < nr_images; i++)
		if (images[i].image != except)
			image_release(images[i].image);
}
