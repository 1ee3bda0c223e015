// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * probe.c - which of the marker's three nops is the cheapest to probe on this kernel.
 *
 * The release says what to try: a refused probe costs the kernel a tenth of a second to take back.
 * A probe on the 10-byte nop is refused by kernels that would not make it a call. One on the 5-byte
 * nop is accepted everywhere, but single-stepped before 6.18, where it becomes a call. The 1-byte nop
 * works everywhere. The command carries a copy of the marker function; once attached it measures a
 * hit there, and finds out if the kernel's trampoline has not appeared in spite of its release.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bpfprof/target.h"
#include "collect/marker.h"
#include "collect/probe.h"
#include "fail.h"

#define ROUNDS 9
#define HITS 32

extern void dcbs_marker_flush(void *record);
extern char __executable_start[];

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * 1000000000 + (__u64)ts.tv_nsec;
}

/* Best of a few rounds: what disturbs only ever adds. */
static double hit_ns(void)
{
	double best = INFINITY;
	int i, j;

	for (i = 0; i < ROUNDS; i++) {
		__u64 start = now_ns();

		for (j = 0; j < HITS; j++)
			dcbs_marker_flush(NULL);
		best = fmin(best, (double)(now_ns() - start) / HITS);
	}
	return best;
}

static bool calls_are_made(void)
{
	bool found = false;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	while (maps && !found && fgets(line, sizeof(line), maps))
		found = strstr(line, "[uprobes-trampoline]");
	if (maps)
		fclose(maps);
	return found;
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

static bool kernel_at_least(int major, int minor)
{
	struct utsname u;
	int a, b;

	if (uname(&u) || sscanf(u.release, "%d.%d", &a, &b) != 2)
		return false;
	return a > major || (a == major && b >= minor);
}

void probe_guess(struct probe_choice *choice)
{
	choice->ns = NAN;
	choice->link = NULL;
	choice->offset = kernel_at_least(6, 19) ? DCBS_PROBE_NOP10 : kernel_at_least(6, 18) ? DCBS_PROBE_NOP5 : DCBS_PROBE_NOP1;
#ifndef __x86_64__
	choice->offset = 0;	/* one nop, and the kernel emulates it */
#endif
}

bool probe_fall_back(struct probe_choice *choice)
{
	if (choice->offset == DCBS_PROBE_NOP1)
		return false;
	choice->offset = choice->offset == DCBS_PROBE_NOP10 ? DCBS_PROBE_NOP5 : DCBS_PROBE_NOP1;
	return true;
}

bool probe_measure(const struct bpf_program *prog, struct probe_choice *choice)
{
	__u64 entry;

	if (choice->link || own_function(&entry))
		return true;
	choice->link = bpf_program__attach_uprobe(prog, false, getpid(), "/proc/self/exe", entry + choice->offset);
	if (!choice->link)
		return true;
	dcbs_marker_flush(NULL);
	if (choice->offset != DCBS_PROBE_NOP1 && !calls_are_made()) {
		choice->offset = DCBS_PROBE_NOP1;
		return false;
	}
	choice->ns = hit_ns();
	return true;
}
