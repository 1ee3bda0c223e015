// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* bpf_stats.c - the kernel's run-time statistics of BPF programs. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "safety/capabilities.h"
#include "safety/sandbox.h"
#include "safety/sandbox_calls.h"
#include "host/bpf_stats.h"

#define HELPER_NAME "bpfprof-clock"

static int to_helper = -1;	/* the helper reads orders from it; end of file: the profiler has ended */
static int stats_fd = -1;	/* the kernel measures while this is open */

static void switch_in_this_process(bool on)
{
	if (on && stats_fd < 0)
		stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (!on && stats_fd >= 0) {
		close(stats_fd);
		stats_fd = -1;
	}
}

static void __attribute__((noreturn)) obey_orders(int orders)
{
	static const struct sandbox_call calls[] = {
		{.number = SCMP_SYS(read), .argument = -1}, {.number = SCMP_SYS(close), .argument = -1},
		{.number = SCMP_SYS(bpf), .mask = 0xffffffff, .value = BPF_ENABLE_STATS}, {.number = SCMP_SYS(exit_group), .argument = -1},
	};
	char order;

	if (sandbox_capabilities(1ULL << CAP_SYS_ADMIN) || sandbox_system_calls(calls, sizeof(calls) / sizeof(calls[0])))
		_exit(1);
	while (read(orders, &order, 1) == 1)
		switch_in_this_process(order == '1');
	_exit(0);
}

/*
 * Separates the helper from the profiler. It ignores Ctrl-C, because it ends with the profiler. It is not the profiler's
 * child, because the profiler's only child is the command.
 */
static void become_helper(int orders, char **argv)
{
	size_t i;

	if (fork())
		_exit(0);
	prctl(PR_SET_NAME, HELPER_NAME, 0, 0, 0);
	/* A search for the profiler by its command line must find one process. */
	for (i = 0; argv[i]; i++)
		memset(argv[i], 0, strlen(argv[i]));
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	/* libbpf does not return descriptors 0 to 2. */
	dup2(orders, STDIN_FILENO);
	dup2(orders, STDOUT_FILENO);
	dup2(orders, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
}

void bpf_stats_prepare(char **argv)
{
	int ends[2];
	pid_t pid;

	if (!(capabilities_held() & 1ULL << CAP_SYS_ADMIN) || pipe2(ends, O_CLOEXEC))
		return;
	pid = fork();
	if (!pid) {
		become_helper(ends[0], argv);
		obey_orders(STDIN_FILENO);
	}
	close(ends[0]);
	if (pid > 0 && waitpid(pid, NULL, 0) == pid)
		to_helper = ends[1];
	else
		close(ends[1]);
}

void bpf_stats_switch(bool on)
{
	if (to_helper < 0)
		switch_in_this_process(on);
	else if (write(to_helper, on ? "1" : "0", 1) != 1)
		to_helper = -1;	/* the helper has ended, and its statistics with it */
}

/* Returns zeros if the program is not loaded. */
static struct bpf_prog_info info_of(const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &size);
	return info;
}

double bpf_stats_run_ns(const struct bpf_program *prog)
{
	struct bpf_prog_info info = info_of(prog);

	return info.run_cnt ? (double)info.run_time_ns / (double)info.run_cnt : NAN;
}

__u64 bpf_stats_missed(const struct bpf_program *prog)
{
	return info_of(prog).recursion_misses;
}
