// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* attach.c - attaches to the markers of one target, and forgets what has become of it. */
#include <bpf/bpf.h>

#include "base/clock.h"
#include "collect/target/attach.h"
#include "collect/target/marker_probe.h"
#include "collect/target/publish.h"

int attach_target(struct attach_context *ctx, struct target *target)
{
	struct marker marker;
	int err = target_find_marker(target, &marker);

	if (err <= 0)
		return err;
	target->state = marker.state;
	target->facts.markers = true;
	err = target_check_clock(target);
	if (!err)
		err = publish_markers(ctx->bpf, target, ctx->baselines_missed);
	if (!err)
		err = marker_probe_attach(target, ctx->bpf, &marker, ctx->shared, &ctx->shared_since_ns);
	marker_close(&marker);
	return err ? err : 1;
}

void attach_forget_image(struct programs *bpf, struct target *target, __u32 execs)
{
	target->execs = execs;
	target->state = target->names_lost = 0;
	uprobe_detach(target->marker_link);
	uprobe_detach(target->seldom_link);
	target->marker_link = target->seldom_link = NULL;
	target->seldom_tried = false;
	target_refresh(target);
	publish_python(bpf, target);
}

bool attach_is_forgotten(const struct target *target)
{
	return !target->pid || target->parent || !target->ended || target->forgotten;
}

void attach_forget_ended(const struct programs *bpf, struct target *target)
{
	int targets = bpf_map__fd(bpf->skel->maps.targets);
	__u64 now = clock_now_ns();
	__u32 index;

	if (attach_is_forgotten(target))
		return;
	if (!target->ended_ns)
		target->ended_ns = now;
	if (now - target->ended_ns < ATTACH_TAIL_NS)
		return;
	if (!bpf_map_lookup_elem(targets, &target->pid, &index) && index == target->index)
		bpf_map_delete_elem(targets, &target->pid);
	target->forgotten = true;
}
