/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* library_kind.h - libraries that a report treats in a way of their own: the drivers of GPUs, and what those call. */
#ifndef SYMBOL_LIBRARY_KIND_H
#define SYMBOL_LIBRARY_KIND_H

#include <stdbool.h>

enum library_kind {
	LIBRARY_OTHER,
	LIBRARY_SYSTEM,		/* the C library, its loader, the vDSO */
	LIBRARY_CUDA,		/* the drivers of GPUs, from here on */
	LIBRARY_CUDART,
	LIBRARY_HIP,
	LIBRARY_HSA,
	LIBRARY_LEVEL_ZERO,
	LIBRARY_KINDS
};

/* path: of the mapped file, as /proc/PID/maps shows it; NULL: none. */
enum library_kind library_kind_of(const char *path);

/* "libcuda"; NULL: it has no name. */
const char *library_kind_name(enum library_kind kind);

static inline bool library_kind_is_gpu(enum library_kind kind)
{
	return kind >= LIBRARY_CUDA;
}

#endif
