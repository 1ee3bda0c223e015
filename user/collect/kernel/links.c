// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* links.c - the links that hold programs on kernel events from start to end. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "collect/kernel/links.h"
#include "host/uprobe_link.h"

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

void links_close_one(struct bpf_link *link)
{
	int fd = link ? dup(bpf_link__fd(link)) : -1;

	bpf_link__destroy(link);
	if (fd >= 0)
		uprobe_link_close(fd);
}

void links_close(struct links *links)
{
	while (links->nr)
		links_close_one(links->list[--links->nr]);
}
