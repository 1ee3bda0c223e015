// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * forker.c - forks processes that run sections, and counts them.
 *
 *     forker [--children N] [--alive K] [--sections S] [--ms MS] [--family] [--images] [--inside]
 *
 * There are N children, at most K at a time. Each runs "child" S times, sleeps MS ms and ends: by exit(), by _exit(),
 * by a signal to itself, or by executing /bin/true, in turn. With --family every fourth forks a child that runs
 * "grandchild" S times. With --images each child executes this program again, which runs "image" S times. With --inside
 * the section "around" is open here all the time, and so it is in the children: "lives_ns" is the sum of the lifetimes of
 * all, at most. "parent" runs here once for each child.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "dcbs/markers.h"
#include "truth.h"

enum { CHILD, GRANDCHILD, IMAGE, PARENT, SECTIONS };

static struct truth truths[SECTIONS] = {{.name = "child"}, {.name = "grandchild"}, {.name = "image"}, {.name = "parent"}};
static uint64_t children = 8, alive = 4, sections = 1000, ms;
static bool family, images, inside;
static uint64_t born_ns[1 << 22], lives_ns, processes = 1;

static void run(int which, uint64_t n)
{
	dcbs_id name = dcbs_section_name(truths[which].name);

	while (n--)
		dcbs_section_end(dcbs_section_begin(name));
}

static void __attribute__((noreturn)) leave(uint64_t i)
{
	switch (i % 4) {
	case 0:
		exit(0);
	case 1:
		_exit(0);
	case 2:
		raise(SIGKILL);
		_exit(1);
	default:
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
}

static void have_child(void)
{
	pid_t pid = fork();

	if (!pid) {
		run(GRANDCHILD, sections);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void __attribute__((noreturn)) child(uint64_t i)
{
	char number[32];

	if (images) {
		snprintf(number, sizeof(number), "%" PRIu64, sections);
		execl("/proc/self/exe", "forker", "--image", number, (char *)NULL);
		_exit(1);
	}
	run(CHILD, sections);
	if (family && i % 4 == 0)
		have_child();
	truth_sleep_ns(ms * 1000000);
	leave(i);
}

static void wait_for_one(void)
{
	pid_t pid = wait(NULL);

	if (pid > 0)
		lives_ns += truth_now_ns() - born_ns[pid];
}

static void fork_one(uint64_t i)
{
	uint64_t now = truth_now_ns();
	pid_t pid = fork();

	if (!pid)
		child(i);
	if (pid < 0) {
		fprintf(stderr, "cannot fork: %s\n", strerror(errno));
		exit(1);
	}
	born_ns[pid] = now;
	truths[images ? IMAGE : CHILD].count += sections;
	processes++;
	if (family && !images && i % 4 == 0) {
		truths[GRANDCHILD].count += sections;
		processes++;
	}
}

int main(int argc, char **argv)
{
	const struct truth_option options[] = {
		{.name = "--children", .number = &children}, {.name = "--alive", .number = &alive},
		{.name = "--sections", .number = &sections}, {.name = "--ms", .number = &ms},
		{.name = "--family", .flag = &family}, {.name = "--images", .flag = &images},
		{.name = "--inside", .flag = &inside},
		{0},
	};
	dcbs_token around = {0};
	uint64_t i, start;

	if (argc == 3 && !strcmp(argv[1], "--image")) {
		run(IMAGE, strtoull(argv[2], NULL, 10));
		return 0;
	}
	truth_options(argc, argv, options);
	truth_gate();
	start = truth_now_ns();
	if (inside)
		around = dcbs_section_begin(dcbs_section_name("around"));
	for (i = 0; i < children; i++) {
		if (i >= alive)
			wait_for_one();
		run(PARENT, 1);
		truths[PARENT].count++;
		fork_one(i);
	}
	for (i = 0; i < children; i++)
		wait_for_one();
	if (inside)
		dcbs_section_end(around);
	lives_ns += truth_now_ns() - start;
	truth_open();
	truth_number("processes", processes);
	truth_number("lives_ns", lives_ns);
	truth_sections(truths, SECTIONS);
	truth_close();
	return 0;
}
