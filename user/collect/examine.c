// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* examine.c - looks at the targets again and again: one may have ended, have another image, or have loaded the markers. */
#include "collect/children/children.h"
#include "collect/examine.h"
#include "collect/samples/sampling.h"
#include "collect/target/attach.h"
#include "host/uprobe.h"

void target_examine(struct session *session, struct target *target)
{
	struct process *process = &session->bpf.processes[target->index];
	struct attach_context ctx = children_attach_context(session);

	if (!target->pid || target->parent)
		return;
	if (process->execs != target->execs && attach_check_right(process, target))
		return;
	if (process->headless && !session->children && !uprobe_has_links()) {
		notes_add(&session->notes, "the main thread of process %d has ended, and with it the kernel took the marker's probe "
			  "away: sections that the other threads finished after that are missing", target->pid);
		return;
	}
	if (process->execs != target->execs) {
		session->images_missed += process->execs - target->execs - 1;
		attach_forget_image(&session->bpf, target, process->execs);
		sampling_forget_image(session, target);
		target->search_ns = 0;
	}
	attach_search(&ctx, target, &session->notes);
	gpu_probes_look(&session->gpu_probes, &session->bpf, target, &session->notes);
}

bool targets_examine(struct session *session)
{
	bool running = false;
	size_t i;

	for (i = 0; i < session->targets.nr; i++) {
		struct target *target = &session->targets.list[i];

		if (target_ended(target)) {
			attach_forget_ended(&session->bpf, target, &session->probes, &session->notes);
			continue;
		}
		running = true;
		target_examine(session, target);
	}
	return running;
}
