// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_links.c - see gpu_links.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "collect/gpu/gpu_links.h"

static int attach_places(struct gpu_links *links, const struct bpf_program *prog, const struct uprobe_place *place)
{
	links->list[links->nr] = uprobe_attach(prog, place);
	if (!links->list[links->nr])
		return -errno;
	links->nr++;
	return 0;
}

static int attach_ends(struct gpu_links *links, const struct programs *bpf, pid_t pid, const char *path, const struct uprobe_places *places)
{
	struct uprobe_place place = {.pid = pid, .path = path, .several = places};
	int err = attach_places(links, bpf->skel->progs.on_gpu_call, &place);

	place.at_return = true;
	return err ? err : attach_places(links, bpf->skel->progs.on_gpu_return, &place);
}

static __u32 count_group(const struct driver_functions *functions, enum driver_group group)
{
	__u32 i, nr = 0;

	for (i = 0; i < functions->nr; i++)
		nr += driver_functions_group(functions->list[i].cookie) == group;
	return nr;
}

/* Launches are counted at their entry. */
static int attach_entries(struct gpu_links *links, const struct programs *bpf, pid_t pid, const char *path, const struct uprobe_places *places)
{
	const struct uprobe_place place = {.pid = pid, .path = path, .several = places};

	return attach_places(links, bpf->skel->progs.on_gpu_call, &place);
}

/* A kernel that has links of several places gets one for all entries and one for all returns, as far as one has room. */
static int attach_group(struct gpu_links *links, const struct programs *bpf, pid_t pid, const char *path,
			const struct driver_functions *functions, enum driver_group group)
{
	__u32 i, left = count_group(functions, group), at_once = uprobe_has_links() ? UPROBE_PLACES_MAX : 1;
	struct uprobe_places places = {0};
	int err = 0;

	for (i = 0; i < functions->nr && !err; i++) {
		if (driver_functions_group(functions->list[i].cookie) != group)
			continue;
		places.offsets[places.nr] = functions->list[i].offset;
		places.cookies[places.nr++] = functions->list[i].cookie;
		if (--left && places.nr < at_once)
			continue;
		err = (group == DRIVER_LAUNCHES ? attach_entries : attach_ends)(links, bpf, pid, path, &places);
		places.nr = 0;
	}
	return err;
}

int gpu_links_attach(struct gpu_links *links, const struct programs *bpf, pid_t pid, int fd, const struct driver_functions *functions,
		     enum driver_group group)
{
	__u32 nr = count_group(functions, group);
	char path[64];
	int err;

	if (!nr)
		return -ENOENT;
	links->list = calloc(2 * (size_t)nr, sizeof(*links->list));
	if (!links->list)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = attach_group(links, bpf, pid, path, functions, group);
	if (err)
		gpu_links_close(links);
	return err;
}

void gpu_links_close(struct gpu_links *links)
{
	size_t i;

	for (i = 0; i < links->nr; i++)
		uprobe_detach(links->list[i]);
	free(links->list);
	*links = (struct gpu_links){0};
}
