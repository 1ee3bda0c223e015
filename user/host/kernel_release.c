// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* kernel_release.c - the release of the running kernel. */
#include <stdio.h>
#include <sys/utsname.h>

#include "host/kernel_release.h"

bool kernel_release_at_least(int major, int minor)
{
	struct utsname u;
	int a = 0, b = 0;

	return !uname(&u) && sscanf(u.release, "%d.%d", &a, &b) == 2 && (a > major || (a == major && b >= minor));
}
