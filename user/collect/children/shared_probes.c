// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* shared_probes.c - the marker's probe in every process that has mapped a file. */
#include <errno.h>

#include "base/clock.h"
#include "base/error.h"
#include "collect/children/shared_probes.h"

int shared_probes_attach(struct shared_probes *probes, const struct programs *bpf, const struct marker *marker,
			 const struct uprobe_place *place, __u64 *since_ns)
{
	struct uprobe_place everywhere = *place;
	struct uprobe *link;
	size_t i;

	for (i = 0; i < probes->nr; i++) {
		if (probes->list[i].dev != marker->dev || probes->list[i].ino != marker->ino)
			continue;
		*since_ns = probes->list[i].since_ns;
		return 0;
	}
	if (probes->nr == SHARED_PROBES_MAX)
		return fail(-E2BIG, "cannot attach to %s: more than %d copies of the markers", marker->path, SHARED_PROBES_MAX);
	everywhere.pid = UPROBE_EVERY_PROCESS;
	link = uprobe_attach(bpf->skel->progs.on_flush, &everywhere);
	if (!link)
		return -errno;
	*since_ns = clock_now_ns();
	probes->list[probes->nr++] = (struct shared_probe){.dev = marker->dev, .ino = marker->ino, .since_ns = *since_ns, .link = link};
	return 0;
}

void shared_probes_close(struct shared_probes *probes)
{
	while (probes->nr)
		uprobe_detach(probes->list[--probes->nr].link);
}
