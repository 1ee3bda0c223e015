// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* links.c - the links that hold programs on kernel events from start to end. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "collect/kernel/links.h"

const char *links_hint(int err)
{
	return err == EACCES || err == EPERM ? "; run as root, or with CAP_SYS_ADMIN" : "";
}

int links_keep(struct links *links, struct bpf_link *link, const char *event)
{
	if (!link)
		return fail(-errno, "cannot attach to %s: %s%s", event, strerror(errno), links_hint(errno));
	if (links->nr == LINKS_MAX) {
		bpf_link__destroy(link);
		return fail(-E2BIG, "cannot attach to %s: more than %d probes in all", event, LINKS_MAX);
	}
	links->list[links->nr++] = link;
	return 0;
}

void links_close(struct links *links)
{
	while (links->nr)
		bpf_link__destroy(links->list[--links->nr]);
}
