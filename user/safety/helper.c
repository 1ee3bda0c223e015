// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* helper.c - the beginning of the profiler's helper processes. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/proc.h"
#include "safety/helper.h"

#define FIELD_ARG_START 48	/* of /proc/PID/stat */
#define FIELD_ARG_END 49
#define ARGUMENTS_MOST (8U << 20)

/* A search for the profiler by its command line must find one process. */
static void clear_arguments(void)
{
	__u64 start = proc_stat_field(getpid(), FIELD_ARG_START), end = proc_stat_field(getpid(), FIELD_ARG_END);

	if (start && end > start && end - start < ARGUMENTS_MOST)
		memset((void *)(uintptr_t)start, 0, end - start);
}

/* The kernel ends a process for its own faults all the same. A process that ignores SIGCHLD gets no status of a child. */
void helper_ignore_signals(void)
{
	int sig;

	for (sig = 1; sig <= SIGRTMAX; sig++)
		signal(sig, sig == SIGCHLD ? SIG_DFL : SIG_IGN);
}

void helper_hide(const char *name)
{
	helper_ignore_signals();
	prctl(PR_SET_NAME, name, 0, 0, 0);
	clear_arguments();
}

void helper_begin(const char *name)
{
	int fd, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	helper_hide(name);
	for (fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

static int compare_descriptors(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

void helper_keep_only(int *keep, size_t nr)
{
	unsigned int from = STDERR_FILENO + 1;
	size_t i;

	qsort(keep, nr, sizeof(*keep), compare_descriptors);
	for (i = 0; i < nr; i++) {
		if (keep[i] < (int)from)
			continue;
		if (keep[i] > (int)from)
			close_range(from, (unsigned int)keep[i] - 1, 0);
		from = (unsigned int)keep[i] + 1;
	}
	close_range(from, ~0U, 0);
}

bool helper_end_with(pid_t profiler)
{
	return !prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) && getppid() == profiler;
}
