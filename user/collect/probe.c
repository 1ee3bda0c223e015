// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* probe.c - what a hit of the marker's probe costs on this machine. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "bpfprof/target.h"
#include "collect/marker.h"
#include "collect/probe.h"
#include "collect/session.h"

#define ROUNDS 9
#define HITS 32

extern void dcbs_marker_flush(void *record);
extern char __executable_start[];

/* Best of a few rounds: what disturbs only ever adds. */
static double hit_ns(void)
{
	double best = INFINITY;
	int i, j;

	for (i = 0; i < ROUNDS; i++) {
		__u64 start = session_now_ns();

		for (j = 0; j < HITS; j++)
			dcbs_marker_flush(NULL);
		best = fmin(best, (double)(session_now_ns() - start) / HITS);
	}
	return best;
}

static int own_function(__u64 *offset)
{
	int err, fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = marker_elf_offset(fd, (__u64)(uintptr_t)dcbs_marker_flush - (__u64)(uintptr_t)__executable_start, offset);
	close(fd);
	return err;
}

double probe_measure(const struct bpf_program *prog, struct bpf_link **link)
{
	__u64 entry;

	if (own_function(&entry))
		return NAN;
	*link = bpf_program__attach_uprobe(prog, false, getpid(), "/proc/self/exe", entry + PROBE_OFFSET);
	if (!*link)
		return NAN;
	dcbs_marker_flush(NULL);
	return hit_ns();
}
