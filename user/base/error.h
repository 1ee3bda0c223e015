/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* error.h - reporting an error and carrying its code are one statement: return fail(-EINVAL, "cannot ...: ..."). */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/* Keeps the line for dcbs_profiler_error(), per thread, and returns err. */
int fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
