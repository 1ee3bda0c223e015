/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* kernel_release.h - the release of the running kernel, for features that its type information does not show. */
#ifndef HOST_KERNEL_RELEASE_H
#define HOST_KERNEL_RELEASE_H

#include <stdbool.h>

/* Returns true if the running kernel is of this release or a later one. */
bool kernel_release_at_least(int major, int minor);

#endif
