// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * spawner.c - a thread that is nearly always in the middle of vfork(), beside one that runs sections.
 *
 *     spawner [--rounds N] [--child-ms MS] [--sections K]
 *
 * From before "ready" on, a thread starts children by vfork() and by posix_spawn() in turn. Each lives MS ms; with
 * vfork() the thread waits in the kernel for it. After the go the thread starts N more of them, each in a section "vfork"
 * or "spawn", while the main thread runs "beside" K times. Only sections after the go are in the account.
 */
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>

#include "dcbs/markers.h"
#include "truth.h"

extern char **environ;

enum { VFORK, SPAWN, BESIDE, SECTIONS };

static struct truth truths[SECTIONS] = {{.name = "vfork"}, {.name = "spawn"}, {.name = "beside"}};
static uint64_t rounds = 6, child_ms = 30, beside = 20000;
static volatile bool gone;
static char sleep_arg[32];

static void by_vfork(void)
{
	pid_t child = vfork();

	if (!child) {
		truth_sleep_ns(child_ms * 1000000);
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static void by_spawn(void)
{
	char *argv[] = {"sleep", sleep_arg, NULL};
	pid_t child;

	if (!posix_spawn(&child, "/bin/sleep", NULL, NULL, argv, environ))
		waitpid(child, NULL, 0);
}

static void one(int which)
{
	dcbs_token token = dcbs_section_begin(dcbs_section_name(truths[which].name));

	if (which == VFORK)
		by_vfork();
	else if (which == SPAWN)
		by_spawn();
	dcbs_section_end(token);
	truths[which].count++;
}

static void *spawn(void *arg)
{
	uint64_t i;

	while (!gone)
		by_vfork();
	for (i = 0; i < rounds; i++) {
		one(VFORK);
		one(SPAWN);
	}
	return arg;
}

int main(int argc, char **argv)
{
	const struct truth_option options[] = {
		{.name = "--rounds", .number = &rounds},
		{.name = "--child-ms", .number = &child_ms},
		{.name = "--sections", .number = &beside},
		{0},
	};
	pthread_t thread;
	uint64_t i;

	truth_options(argc, argv, options);
	snprintf(sleep_arg, sizeof(sleep_arg), "%.3f", (double)child_ms / 1000);
	if (pthread_create(&thread, NULL, spawn, NULL))
		return 1;
	truth_gate();
	gone = true;
	for (i = 0; i < beside; i++)
		one(BESIDE);
	pthread_join(thread, NULL);
	truth_open();
	truth_sections(truths, SECTIONS);
	truth_close();
	return 0;
}
