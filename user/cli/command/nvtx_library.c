// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* nvtx_library.c - the library that makes sections of NVTX ranges, for --nvtx. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/command/nvtx_library.h"
#include "safety/environment.h"

/* Debian keeps libraries by machine. */
#if defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "x86_64-linux-gnu"
#endif

int nvtx_library_find(char path[NVTX_LIBRARY_BYTES])
{
	static const char *const places[] = {"", "../lib/" MULTIARCH "/", "../lib64/", "../lib/"};
	const char *other = environment_original_value(NVTX_VARIABLE), *slash;
	char program[NVTX_LIBRARY_BYTES - 64] = "";
	size_t i;

	if (other && *other)
		return fail(-EEXIST, "--nvtx: " NVTX_VARIABLE " is %s already, and only one library can have the ranges; unset it", other);
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0 || !(slash = strrchr(program, '/')))
		return fail(-ENOENT, "--nvtx: the folder of this program is unknown");
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, NVTX_LIBRARY_BYTES, "%.*s%slibdcbs-nvtx.so", (int)(slash - program) + 1, program, places[i]);
		if (!access(path, R_OK))
			return 0;
	}
	return fail(-ENOENT, "--nvtx: %s is missing; `make install` puts it there", path);
}
