// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* attach.c - attaches to the markers of one target, and forgets what has become of it. */
#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/process_memory.h"
#include "collect/target/attach.h"
#include "collect/target/marker_probe.h"
#include "collect/target/publish.h"
#include "safety/trace_right.h"

#define SEARCH_SHORT_NS 2000000ULL	/* a search for markers that takes longer ... */
#define SEARCH_COST 20			/* ... is repeated after this many times as long */

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
	marker_object_close(&marker);
	return err ? err : 1;
}

void attach_search(struct attach_context *ctx, struct target *target, struct notes *notes)
{
	__u64 begun = clock_now_ns(), now;

	if (target->state || target_ended(target) || begun < target->search_ns)
		return;
	if (attach_target(ctx, target) < 0 && !target_ended(target))
		notes_add(notes, "%s", dcbs_profiler_error());
	now = clock_now_ns();
	target->search_ns = now - begun > SEARCH_SHORT_NS ? now + SEARCH_COST * (now - begun) : 0;
}

void attach_forget_image(struct programs *bpf, struct target *target, __u32 execs)
{
	target->execs = execs;
	target->state = target->names_lost = 0;
	uprobe_detach(target->marker_link);
	uprobe_detach(target->seldom_link);
	target->marker_link = target->seldom_link = NULL;
	target->seldom_tried = false;
	process_memory_forget(target->pid);
	target_refresh(target);
	publish_python(bpf, target);
}

bool attach_check_right(struct process *process, const struct target *target)
{
	if (trace_right_holds(target->pid) || target->pidfd < 0 || target_is_gone(target))
		return false;
	process->left = 1;
	return true;
}

static void forget_pid(const struct programs *bpf, struct target *target)
{
	publish_end(bpf, target);
	target->forgotten = true;
}

static void leave_target(const struct programs *bpf, struct target *target, struct function_probes *probes, struct notes *notes)
{
	forget_pid(bpf, target);
	uprobe_detach(target->marker_link);
	uprobe_detach(target->seldom_link);
	target->marker_link = target->seldom_link = NULL;
	function_probes_leave(probes, target->pid);
	target_close(target);
	attach_note_left(target, notes);
}

void attach_note_left(const struct target *target, struct notes *notes)
{
	notes_add(notes, "process %d executed a program with more rights than the user who started dcbs-bpfprof has: it was left "
		  "there, and nothing that it did since is in this report", target->pid);
}

static bool is_forgotten(const struct target *target)
{
	return !target->pid || target->parent || !target->ended || target->forgotten;
}

void attach_forget_ended(const struct programs *bpf, struct target *target, struct function_probes *probes, struct notes *notes)
{
	__u64 now = clock_now_ns();

	if (is_forgotten(target))
		return;
	if (target->process->left) {
		leave_target(bpf, target, probes, notes);
		return;
	}
	if (!target->ended_ns)
		target->ended_ns = now;
	if (now - target->ended_ns < ATTACH_TAIL_NS)
		return;
	forget_pid(bpf, target);
}

bool attach_some_linger(const struct target_list *targets)
{
	size_t i;

	for (i = 0; i < targets->nr; i++)
		if (!is_forgotten(&targets->list[i]))
			return true;
	return false;
}
