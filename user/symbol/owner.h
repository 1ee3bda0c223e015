/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* owner.h - whose a process is, and which number it has for itself. */
#ifndef SYMBOL_OWNER_H
#define SYMBOL_OWNER_H

#include <sys/types.h>

struct owner {
	pid_t inner_pid;	/* as the process itself sees it, in the innermost PID namespace */
	uid_t uid;		/* effective */
};

/* 0, or -errno: -ESRCH also where /proc/PID/status does not tell. */
int owner_of(pid_t pid, struct owner *owner);

#endif
