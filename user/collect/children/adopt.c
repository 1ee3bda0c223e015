// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* adopt.c - the children that existed before on_fork was attached. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "base/proc.h"
#include "collect/children/adopt.h"
#include "collect/children/children_state.h"
#include "collect/children/entries.h"
#include "collect/kernel/pid_numbers.h"
#include "collect/target/publish.h"

/* on_fork may have come first: then the child is a target already. */
static bool is_target_already(const struct programs *bpf, pid_t pid)
{
	__u32 tgid, index;

	return !pid_numbers_find(bpf, pid, &tgid) && !bpf_map_lookup_elem(bpf_map__fd(bpf->skel->maps.targets), &tgid, &index);
}

static int adopt_child(struct session *session, pid_t pid, pid_t parent)
{
	const struct bpfprof *skel = session->bpf.skel;
	struct target *target;
	__u32 index;
	int err;

	if (is_target_already(&session->bpf, pid))
		return 0;
	if (bpf_map_lookup_and_delete_elem(bpf_map__fd(skel->maps.vacant), NULL, &index))
		return fail(-E2BIG, "more than %d processes at a time", BPFPROF_FOLLOWED);
	target = &session->targets.list[index];
	err = target_open(target, pid, false);
	if (!err)
		err = publish_find_number(&session->bpf, target);
	if (err) {
		if (err == -EPERM)
			notes_add(&session->notes, "%s", dcbs_profiler_error());
		memset(target, 0, sizeof(*target));
		return entries_release(&session->bpf, index);
	}
	target->index = index;
	target->parent = target->facts.parent = parent;
	session->children->arrived++;
	target->serial = (__u32)__sync_add_and_fetch(&skel->bss->counters.processes, 1);
	entries_cover(&session->targets, index);
	publish_process(&session->bpf, target);
	return 0;
}

struct adoption {
	struct session *session;
	pid_t parent;
	int err;
};

static bool adopt_children_of_thread(void *ctx, pid_t tid)
{
	struct adoption *adoption = ctx;
	char path[64];
	FILE *list;
	int child;

	snprintf(path, sizeof(path), "task/%d/children", tid);
	list = proc_open(adoption->parent, path);
	while (list && !adoption->err && fscanf(list, "%d", &child) == 1)
		adoption->err = adopt_child(adoption->session, child, adoption->parent);
	if (list)
		fclose(list);
	return !adoption->err;
}

int adopt_children_of(struct session *session, pid_t pid)
{
	struct adoption adoption = {.session = session, .parent = pid};

	proc_each_thread(pid, adopt_children_of_thread, &adoption);
	return adoption.err;
}
