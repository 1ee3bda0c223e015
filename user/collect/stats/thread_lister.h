/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* thread_lister.h - lists the targets' threads, by the iterator program of bpf/iter_threads.bpf.c. */
#ifndef COLLECT_STATS_THREAD_LISTER_H
#define COLLECT_STATS_THREAD_LISTER_H

#include "collect/kernel/programs.h"

struct thread_lister {
	struct bpf_link *link;	/* of the iterator; NULL: not used yet */
	__u64 cpu_ns;		/* CPU time of thread_lister_visit() so far */
};

/* Stores an array of the targets' threads, to be freed, and returns their number. Also does what thread_lister_visit() does. */
size_t thread_lister_read(struct thread_lister *lister, const struct programs *bpf, struct thread_view **views);

/* Runs the iterator over every thread: threads get their accounts, and those that wait are charged up to now. */
void thread_lister_visit(struct thread_lister *lister, const struct programs *bpf);

void thread_lister_close(struct thread_lister *lister);

#endif
