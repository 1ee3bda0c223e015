/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* capabilities.h - the capabilities that this process may use. */
#ifndef SAFETY_CAPABILITIES_H
#define SAFETY_CAPABILITIES_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/capability.h>

#ifndef CAP_PERFMON		/* Linux 5.8 */
#define CAP_PERFMON 38
#define CAP_BPF 39
#define CAP_CHECKPOINT_RESTORE 40	/* Linux 5.9 */
#endif

#define CAPABILITY_BIT(cap) (1ULL << (cap))

/* Returns the effective capabilities, one bit each. */
__u64 capabilities_held(void);

#endif
