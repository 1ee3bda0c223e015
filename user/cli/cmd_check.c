// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_check.c - `dcbs-bpfprof check`: checks whether this machine can profile. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sanitize.h"
#include "cli/cmd_check.h"
#include "host/requirements.h"
#include "host/uprobe.h"

#define GROUP "dcbs-bpfprof"

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

int cmd_check(void)
{
	static const char *const words[] = {"ok", "degraded", "missing"};
	const struct requirement *missing = NULL;
	size_t i, degraded = 0;

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
	print_verdict(missing, degraded);
	return missing ? fail(-EPERM, "this machine cannot profile: %s is missing", missing->name) : 0;
}
