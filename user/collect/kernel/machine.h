/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* machine.h - the machine, its kernel, and how much of its CPUs a process may use. */
#ifndef COLLECT_KERNEL_MACHINE_H
#define COLLECT_KERNEL_MACHINE_H

#include <sys/types.h>

#include "collect/facts.h"

/* Reads what is known; the rest stays unknown. pid: the process whose CPU quota counts. */
void machine_read(struct snapshot_host *host, pid_t pid);

/* The CPUs that a text such as that of cpu.max allows: "200000 100000" is 2. NAN: no limit, or no such text. */
double machine_parse_quota(const char *text);

/* The least that a folder below the root of the cgroups, or one around it, allows. NAN: no limit, or none is known. */
double machine_read_quota(const char *root, const char *folder);

#endif
