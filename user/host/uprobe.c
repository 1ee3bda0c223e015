// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* uprobe.c - attaches a BPF program to a function of a file. */
#include <errno.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "host/probe_keeper.h"
#include "host/uprobe.h"
#include "host/uprobe_link.h"

struct uprobe {
	struct uprobe_link *link;	/* NULL: the keeper has it */
	int number;			/* of the keeper's link */
};

void uprobe_prepare(struct bpf_program *prog)
{
	if (uprobe_has_links())
		bpf_program__set_expected_attach_type(prog, (enum bpf_attach_type)UPROBE_MULTI_TYPE);
}

/* Returns -errno. */
static int attach_by_keeper(struct uprobe *probe, const struct bpf_program *prog, const struct uprobe_place *place)
{
	probe->number = probe_keeper_attach(prog, place);
	return probe->number < 0 ? probe->number : 0;
}

static int attach_directly(struct uprobe *probe, const struct bpf_program *prog, const struct uprobe_place *place)
{
	probe->link = uprobe_link_attach(prog, place);
	if (!probe->link)
		return -errno;
	probe_keeper_note(prog, place);
	return 0;
}

struct uprobe *uprobe_attach(const struct bpf_program *prog, const struct uprobe_place *place)
{
	struct uprobe *probe = calloc(1, sizeof(*probe));
	int err;

	if (!probe)
		return NULL;
	err = probe_keeper_is_started() ? attach_by_keeper(probe, prog, place) : attach_directly(probe, prog, place);
	if (!err)
		return probe;
	free(probe);
	errno = -err;
	return NULL;
}

void uprobe_detach(struct uprobe *probe)
{
	if (!probe)
		return;
	if (probe->link)
		uprobe_link_detach(probe->link);
	else
		probe_keeper_detach(probe->number);
	free(probe);
}
