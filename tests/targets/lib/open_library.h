/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* open_library.h - a library that a target cannot do without. */
#ifndef OPEN_LIBRARY_H
#define OPEN_LIBRARY_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static inline void *open_library(const char *name)
{
	void *library = dlopen(name, RTLD_NOW);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return library;
}

#endif
