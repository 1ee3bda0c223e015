// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* thread_lister.c - lists the targets' threads. */
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "base/clock.h"
#include "collect/kernel/links.h"
#include "collect/stats/thread_lister.h"

#define VIEWS_MAX 65536
#define VIEWS_READ 64	/* views for which one read has room */

/* The link is kept, because the kernel takes a tenth of a second to release it. */
size_t thread_lister_read(struct thread_lister *lister, const struct programs *bpf, struct thread_view **views)
{
	size_t used = 0, room = 0;
	char *bytes = NULL;
	ssize_t n = 1;
	int fd;

	*views = NULL;
	if (!lister->link)
		lister->link = bpf_program__attach_iter(bpf->skel->progs.on_iter_thread, NULL);
	if (!lister->link)
		return 0;
	fd = bpf_iter_create(bpf_link__fd(lister->link));
	while (fd >= 0 && n > 0 && used < VIEWS_MAX * sizeof(**views)) {
		if (!array_reserve(bytes, used, room, VIEWS_READ * sizeof(**views)))
			break;
		n = read(fd, bytes + used, room - used);
		used += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	*views = (struct thread_view *)bytes;
	return used / sizeof(**views);
}

void thread_lister_visit(struct thread_lister *lister, const struct programs *bpf)
{
	__u64 start_ns = clock_cpu_ns();
	struct thread_view *views;

	thread_lister_read(lister, bpf, &views);
	free(views);
	lister->cpu_ns += clock_cpu_ns() - start_ns;
}

void thread_lister_close(struct thread_lister *lister)
{
	links_close_one(lister->link);
	lister->link = NULL;
}
