// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* known_probes.c - tells a breakpoint of the kernel's, which is a probe, from one that a debugger or the process has written. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "collect/kernel/known_probes.h"

#define LINKS_MOST 4096
#define OFFSETS_MOST 1024
#define LINK_PERF_EVENT 7	/* of the kernel's <linux/bpf.h>; the header of Debian 12 is older */
#define LINK_UPROBE_MULTI 12
#define EVENT_UNSPECIFIED 0
#define EVENT_UPROBE 1
#define EVENT_URETPROBE 2

/* The parts of struct bpf_link_info that are of interest. */
struct link_info {
	__u32 type, id, prog_id, pad;
	union {
		struct {
			__u64 path, offsets, semaphores, cookies;
			__u32 path_size, count, flags, pid;
		} multi;
		struct {
			__u32 type, pad;
			__u64 file;
			__u32 name_size, offset;
		} event;
	};
};

static enum known_probe find_in_multi(int fd, struct link_info *info, __u64 offset)
{
	__u64 offsets[OFFSETS_MOST];
	__u32 size = sizeof(*info), i, nr = info->multi.count;

	if (!nr || nr > OFFSETS_MOST)
		return PROBE_CANNOT_TELL;
	*info = (struct link_info){.multi = {.offsets = (uintptr_t)offsets, .count = nr}};
	if (bpf_obj_get_info_by_fd(fd, info, &size))
		return PROBE_CANNOT_TELL;
	for (i = 0; i < nr; i++)
		if (offsets[i] == offset)
			return PROBE_IS_KNOWN;
	return PROBE_IS_ABSENT;
}

static enum known_probe find_in_link(int fd, __u64 offset)
{
	struct link_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return PROBE_CANNOT_TELL;
	if (info.type == LINK_UPROBE_MULTI)
		return find_in_multi(fd, &info, offset);
	if (info.type != LINK_PERF_EVENT)
		return PROBE_IS_ABSENT;
	if (info.event.type == EVENT_UNSPECIFIED)
		return PROBE_CANNOT_TELL;
	if (info.event.type != EVENT_UPROBE && info.event.type != EVENT_URETPROBE)
		return PROBE_IS_ABSENT;
	return info.event.offset == offset ? PROBE_IS_KNOWN : PROBE_IS_ABSENT;
}

/* Returns true if there are probes of tracefs (perf probe), which are not looked at one by one. */
static bool tracefs_has_probes(void)
{
	int fd = open("/sys/kernel/tracing/uprobe_events", O_RDONLY | O_CLOEXEC);
	char byte;
	bool has = fd >= 0 && read(fd, &byte, 1) == 1;

	if (fd >= 0)
		close(fd);
	return has;
}

enum known_probe known_probes_find(__u64 offset)
{
	enum known_probe found = tracefs_has_probes() ? PROBE_CANNOT_TELL : PROBE_IS_ABSENT;
	__u32 id = 0, nr = 0;
	int fd;

	while (nr++ < LINKS_MOST && !bpf_link_get_next_id(id, &id)) {
		enum known_probe here;

		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0 && errno == ENOENT)	/* it went in between */
			continue;
		here = fd >= 0 ? find_in_link(fd, offset) : PROBE_CANNOT_TELL;
		if (fd >= 0)
			close(fd);
		if (here == PROBE_IS_KNOWN)
			return here;
		if (here == PROBE_CANNOT_TELL)
			found = here;
	}
	return nr <= LINKS_MOST && errno == ENOENT ? found : PROBE_CANNOT_TELL;
}
