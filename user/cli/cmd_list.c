// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_list.c - `dcbs-bpfprof list`: lists the running processes that carry markers. */
#include <stdio.h>
#include <unistd.h>

#include "cli/cmd_list.h"
#include "dcbs/profiler.h"

int cmd_list(void)
{
	struct dcbs_process *list;
	size_t i, nr;
	int err = dcbs_profiler_list(&list, &nr);

	if (err)
		return err;
	if (nr)
		printf("%8s %6s  %s\n", "PID", "NAMES", "COMMAND");
	else
		printf("no running process carries markers%s\n", geteuid() ? " that this user may see (root sees all)" : "");
	for (i = 0; i < nr; i++)
		printf("%8d %6lld  %.100s\n", list[i].pid, (long long)list[i].names, list[i].command);
	dcbs_profiler_list_free(list, nr);
	return 0;
}
