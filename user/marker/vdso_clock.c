// SPDX-License-Identifier: MIT
/* vdso_clock.c - finds clock_gettime() in the kernel's vDSO. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

#include "vdso_clock.h"

/* Absent from a static executable, where the C library's function stays in use. */
#pragma weak dlopen
#pragma weak dlsym

int (*dcbs_vdso_clock)(clockid_t clock, struct timespec *ts) = clock_gettime;

void dcbs_vdso_clock_find(void)
{
	static const char *const names[] = {"__vdso_clock_gettime", "__kernel_clock_gettime"};
	void *vdso = dlopen && dlsym ? dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD) : NULL;
	size_t i;

	for (i = 0; vdso && i < sizeof(names) / sizeof(names[0]); i++) {
		int (*clock)(clockid_t, struct timespec *) = dlsym(vdso, names[i]);
		struct timespec ts;

		if (clock && !clock(CLOCK_MONOTONIC, &ts))
			dcbs_vdso_clock = clock;
	}
}
