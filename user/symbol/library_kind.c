// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* library_kind.c - the kind of a library by the name of its file. */
#include <stddef.h>
#include <string.h>

#include "base/array.h"
#include "symbol/library_kind.h"

/* Packages of Python rename the runtimes that they bring: libcudart-d0da41ae.so.11.0. */
static const struct {
	const char *prefix;
	enum library_kind kind;
} prefixes[] = {
	{"libcuda.so", LIBRARY_CUDA}, {"libcudart.so", LIBRARY_CUDART}, {"libcudart-", LIBRARY_CUDART},
	{"libamdhip64.so", LIBRARY_HIP}, {"libamdhip64-", LIBRARY_HIP}, {"libhsa-runtime64.so", LIBRARY_HSA},
	{"libhsa-runtime64-", LIBRARY_HSA}, {"libze_loader.so", LIBRARY_LEVEL_ZERO}, {"libze_intel_gpu.so", LIBRARY_LEVEL_ZERO},
	{"libc.so", LIBRARY_SYSTEM}, {"libc-2.", LIBRARY_SYSTEM}, {"libpthread.so", LIBRARY_SYSTEM}, {"libpthread-2.", LIBRARY_SYSTEM},
	{"ld-linux", LIBRARY_SYSTEM}, {"ld-2.", LIBRARY_SYSTEM}, {"ld-musl", LIBRARY_SYSTEM}, {"[vdso]", LIBRARY_SYSTEM},
};

static const char *const names[LIBRARY_KINDS] = {
	[LIBRARY_CUDA] = "libcuda", [LIBRARY_CUDART] = "libcudart", [LIBRARY_HIP] = "libamdhip64",
	[LIBRARY_HSA] = "libhsa-runtime64", [LIBRARY_LEVEL_ZERO] = "libze_loader",
};

enum library_kind library_kind_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes) && name; i++)
		if (!strncmp(name, prefixes[i].prefix, strlen(prefixes[i].prefix)))
			return prefixes[i].kind;
	return LIBRARY_OTHER;
}

const char *library_kind_name(enum library_kind kind)
{
	return kind < LIBRARY_KINDS ? names[kind] : NULL;
}
