// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* bpf_stats.c - the kernel's run-time statistics of BPF programs. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <seccomp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "safety/capabilities.h"
#include "safety/helper.h"
#include "safety/sandbox.h"
#include "safety/sandbox_calls.h"
#include "host/bpf_stats.h"

#define HELPER_NAME "bpfprof-clock"

static int to_helper = -1;	/* the helper reads orders from it; end of file: the profiler has ended */
static pid_t helper;		/* 0: none, or it has been reaped */
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

static void __attribute__((noreturn)) obey_orders(int orders, pid_t profiler)
{
	static const struct sandbox_call calls[] = {
		{.number = SCMP_SYS(read), .argument = -1}, {.number = SCMP_SYS(close), .argument = -1},
		{.number = SCMP_SYS(bpf), .mask = 0xffffffff, .value = BPF_ENABLE_STATS}, {.number = SCMP_SYS(exit_group), .argument = -1},
	};
	char order;

	if (sandbox_capabilities(1ULL << CAP_SYS_ADMIN) || !helper_end_with(profiler) ||
	    sandbox_system_calls(calls, sizeof(calls) / sizeof(calls[0])))
		_exit(1);
	while (read(orders, &order, 1) == 1)
		switch_in_this_process(order == '1');
	_exit(0);
}

void bpf_stats_prepare(void)
{
	pid_t profiler = getpid();
	int ends[2];

	if (!(capabilities_held() & 1ULL << CAP_SYS_ADMIN) || pipe2(ends, O_CLOEXEC))
		return;
	helper = fork();
	if (!helper) {
		helper_begin(HELPER_NAME);
		helper_keep_only(ends, 1);
		obey_orders(ends[0], profiler);
	}
	close(ends[0]);
	if (helper > 0) {
		to_helper = ends[1];
		return;
	}
	helper = 0;
	close(ends[1]);
}

void bpf_stats_switch(bool on)
{
	if (to_helper < 0)
		switch_in_this_process(on);
	else if (write(to_helper, on ? "1" : "0", 1) != 1)
		bpf_stats_end();	/* the helper has ended, and its statistics with it */
}

void bpf_stats_end(void)
{
	if (to_helper >= 0)
		close(to_helper);
	to_helper = -1;
	while (helper && waitpid(helper, NULL, 0) < 0 && errno == EINTR)
		;
	helper = 0;
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

struct bpf_runs bpf_stats_runs(const struct bpf_program *prog)
{
	struct bpf_prog_info info = info_of(prog);

	return (struct bpf_runs){info.run_cnt, info.run_time_ns};
}

__u64 bpf_stats_missed(const struct bpf_program *prog)
{
	return info_of(prog).recursion_misses;
}
