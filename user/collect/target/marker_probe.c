// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* marker_probe.c - the probe on a target's marker function, and the probe that makes the markers flush less often. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "collect/kernel/links.h"
#include "collect/overhead/calibrate.h"
#include "collect/target/marker_probe.h"

#define FD_PATH_BYTES 64

/*
 * All probes at one place use the same counter (semaphore), or none does. If a probe without the counter came first, the kernel
 * refuses ours.
 */
static int fail_marker(const struct marker *marker, int err)
{
	return fail(-err, "cannot attach to %s: %s%s", marker->path, strerror(err), err == EINVAL ?
		    "; another tracer (bpftrace, perf) may have a probe on dcbs_marker_flush: end it first" : links_hint(err));
}

/* Returns the place `offset` bytes behind the entry of the marker function. Stores the path in path[FD_PATH_BYTES]. */
static struct uprobe_place marker_place(const struct target *target, const struct marker *marker, __u64 offset, char *path)
{
	snprintf(path, FD_PATH_BYTES, "/proc/self/fd/%d", marker->fd);
	return (struct uprobe_place){.pid = target->pid, .path = path, .offset = marker->flush_offset + offset,
				     .semaphore = marker->semaphore_offset};
}

int marker_probe_attach(struct target *target, const struct programs *bpf, const struct marker *marker,
			struct shared_probes *shared, __u64 *since_ns)
{
	char path[FD_PATH_BYTES];
	const struct uprobe_place place = marker_place(target, marker, PROBE_OFFSET, path);

	if (shared)
		return shared_probes_attach(shared, bpf, marker, &place, since_ns) ? fail_marker(marker, errno) : 0;
	target->marker_link = uprobe_attach(bpf->skel->progs.on_flush, &place);
	if (!target->marker_link)
		return fail_marker(marker, errno);
	if (!target_is_gone(target))
		return 0;
	uprobe_detach(target->marker_link);	/* it may be in another process that got the PID */
	target->marker_link = NULL;
	return fail(-ESRCH, "process %d has ended", target->pid);
}

/* ---- flush less often ---- */

static bool attach_seldom_probe(struct target *target, const struct programs *bpf)
{
	char path[FD_PATH_BYTES];
	struct uprobe_place place;
	struct marker marker;

	target->seldom_tried = true;
	if (target_find_marker(target, &marker) <= 0)
		return false;
	place = marker_place(target, &marker, DCBS_PROBE_SELDOM, path);
	if (marker_object_has_seldom(&marker))
		target->seldom_link = uprobe_attach(bpf->skel->progs.on_flush, &place);
	marker_object_close(&marker);
	return target->seldom_link;
}

/* Once the profiler has dropped its capabilities, it can attach probes by links of their own, but not by perf events. */
bool marker_probe_flush_less(struct target_list *targets, const struct programs *bpf)
{
	bool some = false;
	size_t i;

	for (i = 0; i < targets->nr && uprobe_has_links(); i++) {
		struct target *target = &targets->list[i];

		if (target->pid && target->state && !target->ended && !target->seldom_tried)
			some |= attach_seldom_probe(target, bpf);
	}
	return some;
}
