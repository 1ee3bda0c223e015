/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* privilege.h - may we, and can this kernel? */
#ifndef COLLECT_PRIVILEGE_H
#define COLLECT_PRIVILEGE_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

/* Is the running kernel of that release or later? For what its types do not tell. */
bool kernel_at_least(int major, int minor);

/* Those that we may use, a bit each. */
__u64 privilege_capabilities(void);

/* Does this kernel want CAP_SYS_ADMIN for a perf event that is a uprobe? */
bool privilege_probes_want_admin(void);

/* 0, or a line that names the missing capability or kernel feature. */
int privilege_check(void);

/* Turns a failed load into a line that says what to do. Returns err. */
int privilege_explain(int err, const char *what);

/* `dcbs-bpfprof check`: a line per need. Returns 0 if profiling is possible. */
int privilege_report(FILE *out);

#endif
