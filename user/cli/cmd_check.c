// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_check.c - `dcbs-bpfprof check`: checks whether this machine can profile, and which drivers of GPUs processes have. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sanitize.h"
#include "cli/cmd_check.h"
#include "cli/presets/presets.h"
#include "dcbs/profiler.h"
#include "host/requirements.h"
#include "host/uprobe.h"

#define GROUP "dcbs-bpfprof"
#define MOST_DRIVERS 8

/* Prints the commands after which the members of a group run this program without root, and what they may do then. */
static void print_setcap(void)
{
	char path[4096] = "", *clean;
	const char *program;

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return;
	clean = sanitize(path, sizeof(path));
	program = clean ? clean : "dcbs-bpfprof";
	printf("\nWithout root, for the members of one group:\n"
	       "  sudo groupadd --force --system " GROUP "\n"
	       "  sudo chgrp " GROUP " %s\n"
	       "  sudo chmod 750 %s\n"
	       "  sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace%s+ep %s\n",
	       program, program, uprobe_has_links() ? "" : ",cap_sys_admin", program);
	if (requirements_are_paranoid() && uprobe_has_links())
		printf("  sudo sysctl kernel.perf_event_paranoid=2    # on Debian's kernels\n");
	printf("They may then profile the processes that they may trace anyway, no others: of their own user and group, without more\n"
	       "capabilities, as far as kernel.yama.ptrace_scope permits it, and what they start with `dcbs-bpfprof -- COMMAND`.\n"
	       "kernel.perf_event_paranoid up to 2 and kernel.unprivileged_bpf_disabled have no effect.\n");
	free(clean);
}

/* The level at which waits for the GPU would be known, and what is known of the rest. */
static void print_driver(const struct dcbs_gpu_driver *driver)
{
	static const char *const words[] = {
		[DCBS_GPU_NAMES_UNKNOWN] = "It is not known whether its functions are on the stack while they run",
		[DCBS_GPU_NAMES_ON_STACK] = "Its functions are on the stack while they run: samples tell waits from launches",
		[DCBS_GPU_NAMES_NOT_ON_STACK] =
			"Its functions jump and are on no stack: samples tell waits from launches only below a runtime (libcudart)",
	};
	long long timed = (long long)driver->timed, stepped = (long long)driver->stepped;

	printf("%s (%s)\n", driver->library, driver->file);
	if (timed)
		printf("  Level 1: %lld of its functions wait or copy, and are timed by probes. %lld of them begin with an instruction that the kernel\n"
		       "  emulates, which is cheap, and %lld with one that it steps over, which costs about ten times as much a call.\n", timed,
		       timed - stepped, stepped);
	if (timed || !strcmp(driver->library, "libcuda"))
		printf("  %s%s.\n", timed ? "" : "Level 0: no function can be timed. ", words[driver->names]);
	if (!strcmp(driver->library, "libcuda"))
		printf("  To time launches: -s launch=%s:cuLaunchKernel%s\n", driver->file,
		       driver->names == DCBS_GPU_NAMES_ON_STACK ? "" : " --return-probes");
}

static int print_drivers(pid_t pid)
{
	struct dcbs_gpu_driver drivers[MOST_DRIVERS];
	int i, nr = dcbs_profiler_gpu_drivers(pid, drivers, MOST_DRIVERS);

	if (nr < 0)
		return nr;
	printf("\nProcess %d has loaded %s\n", (int)pid, nr ? "these drivers of GPUs:" : "no driver of a GPU.");
	for (i = 0; i < nr; i++)
		print_driver(&drivers[i]);
	return 0;
}

/* Packages whose functions can be sections without a marker. */
static int print_packages(pid_t pid)
{
	static struct preset_list all;
	size_t i;
	int has = 0;

	presets_find(&all);
	for (i = 0; i < all.nr && has >= 0; i++) {
		has = dcbs_profiler_has_package(pid, &all.packages[i]);
		if (has > 0)
			printf("%s is loaded: --sections %s\n", all.names[i], all.names[i]);
	}
	presets_free(&all);
	return has < 0 ? has : 0;
}

/* The last line: all that a reader in a hurry needs. */
static void print_verdict(const struct requirement *missing, size_t degraded)
{
	if (missing)
		printf("\nnot ready: %s\n", missing->otherwise);
	else if (degraded)
		printf("\nready; %zu degraded: see above what is lost\n", degraded);
	else
		puts("\nready");
}

int cmd_check(const struct opts *opts)
{
	static const char *const words[] = {"ok", "degraded", "missing"};
	const struct requirement *missing = NULL;
	size_t i, degraded = 0;
	int err = 0;

	for (i = 0; i < nr_requirements; i++) {
		const struct requirement *r = &requirements[i];
		enum requirement_state state = r->check();
		bool ok = state == REQUIREMENT_OK;

		printf("%-9s %s%s%s\n", words[state], r->name, ok ? "" : ": ", ok ? "" : r->otherwise);
		degraded += state == REQUIREMENT_DEGRADED;
		if (state == REQUIREMENT_MISSING && !missing)
			missing = r;
	}
	print_setcap();
	for (i = 0; i < opts->profile.nr_pids && !err; i++)
		if (!(err = print_drivers(opts->pids[i])))
			err = print_packages(opts->pids[i]);
	print_verdict(missing, degraded);
	return missing ? fail(-EPERM, "this machine cannot profile: %s is missing", missing->name) : err;
}
