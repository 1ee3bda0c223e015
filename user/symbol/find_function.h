/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* find_function.h - finds a native function in a file that a process has mapped or could map. */
#ifndef SYMBOL_FIND_FUNCTION_H
#define SYMBOL_FIND_FUNCTION_H

#include <linux/types.h>
#include <sys/types.h>

struct found_function {
	int fd;		/* the file; the caller closes it */
	__u64 offset;	/* of the function's entry in the file */
	__u64 address, size;	/* of the function, as the file has them; size 0: unknown */
};

/*
 * binary: a path as the process sees it, or the base name of a file that the process has mapped. name: the symbol, or its
 * demangled form with or without parameters. Returns 0 or -errno, after it has reported the error in one line.
 */
int find_function(struct found_function *function, pid_t pid, const char *binary, const char *name);

/* Opens the file again, for a probe, as process pid sees it. Returns a descriptor or -errno. */
int find_function_open(pid_t pid, const char *binary);

#endif
