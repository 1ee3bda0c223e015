// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * pingpong.c - two processes that no profiler is attached to pass a byte to and fro on one CPU: two
 * context switches a round, which is where a system-wide hook on sched_switch would cost everyone.
 */
#include <unistd.h>

#include "burst.h"

static int to_child[2], from_child[2];

static void pass(int in, int out)
{
	char byte;

	if (read(in, &byte, 1) != 1 || write(out, &byte, 1) != 1)
		exit(0);
}

static void loop_rounds(uint64_t n)
{
	char byte = 0;

	for (; n; n--)
		if (write(to_child[1], &byte, 1) != 1 || read(from_child[0], &byte, 1) != 1)
			exit(1);
}

/* Started at the first request, after the parent has pinned itself: the child inherits that. */
static double call_start(uint64_t unused)
{
	(void)unused;
	if (pipe(to_child) || pipe(from_child))
		exit(1);
	if (fork())
		return close(from_child[1]);
	close(to_child[1]);
	for (;;)
		pass(to_child[0], from_child[1]);
}

int main(int argc, char **argv)
{
	static const struct burst_mode modes[] = {
		{"start", NULL, 0, call_start},
		{"rounds", loop_rounds, CLOCK_MONOTONIC, NULL},
		{NULL, NULL, 0, NULL},
	};

	return burst_serve(modes, argc, argv);
}
