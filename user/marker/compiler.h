/* SPDX-License-Identifier: MIT */
/* compiler.h - branch hints, cold and hot functions, and symbol visibility in the marker library. */
#ifndef DCBS_MARKER_COMPILER_H
#define DCBS_MARKER_COMPILER_H

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define cold __attribute__((noinline, cold))
#define hot __attribute__((noinline, hot))	/* not inlined, so that its caller saves no registers without a profiler */

#define EXPORT __attribute__((visibility("default")))
#define HIDDEN __attribute__((visibility("hidden")))

#endif
