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

/* Prints the setcap command with which users run this program without root, and the settings that do not prevent it. */
static void print_setcap(void)
{
	char path[4096] = "", *clean;

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return;
	clean = sanitize(path, sizeof(path));
	printf("\nWithout root: sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace%s+ep %s\n", uprobe_has_links() ? "" : ",cap_sys_admin",
	       clean ? clean : "dcbs-bpfprof");
	if (requirements_are_paranoid() && uprobe_has_links())
		printf("and, on Debian's kernels: sudo sysctl kernel.perf_event_paranoid=2\n");
	printf("With these, kernel.perf_event_paranoid and kernel.yama.ptrace_scope up to 2, and kernel.unprivileged_bpf_disabled, "
	       "have no effect.\n");
	free(clean);
}

int cmd_check(void)
{
	static const char *const words[] = {"ok", "degraded", "missing"};
	int err = 0;
	size_t i;

	for (i = 0; i < nr_requirements; i++) {
		const struct requirement *r = &requirements[i];
		enum requirement_state state = r->check();
		bool ok = state == REQUIREMENT_OK;

		printf("%-9s %s%s%s\n", words[state], r->name, ok ? "" : ": ", ok ? "" : r->otherwise);
		if (state == REQUIREMENT_MISSING)
			err = fail(-EPERM, "this machine cannot profile: %s is missing", r->name);
	}
	print_setcap();
	return err;
}
