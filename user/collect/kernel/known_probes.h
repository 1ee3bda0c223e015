/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * known_probes.h - tells a breakpoint of the kernel's, which is a probe, from one that a debugger or the process has written.
 *
 * In memory both are the byte 0xcc. A probe beside another probe harms nobody. A probe on any other breakpoint takes it away: the
 * kernel keeps the signal, and writes the file's byte back when the probe is removed.
 */
#ifndef COLLECT_KERNEL_KNOWN_PROBES_H
#define COLLECT_KERNEL_KNOWN_PROBES_H

#include <linux/types.h>

enum known_probe { PROBE_IS_KNOWN, PROBE_IS_ABSENT, PROBE_CANNOT_TELL };

/* Asks the kernel for a BPF link at this offset of any file. Linux 6.8 and later answer it, with CAP_SYS_ADMIN. */
enum known_probe known_probes_find(__u64 offset);

#endif
