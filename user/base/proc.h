/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * proc.h - a process as /proc shows it: its files of text, its numbers, its owner, and its mappings.
 *
 * The process may end between any two calls, and another one may get its number. A caller that must know holds a pidfd.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define PROC_TEXT 4096		/* bytes that hold all of /proc/PID/status */
#define PROC_LINE 4608		/* bytes that hold one line of /proc/PID/maps */

/* Reads /proc/PID/WHAT into buf, with a zero at its end. Returns the number of bytes, or -errno. */
ssize_t proc_read(pid_t pid, const char *what, char *buf, size_t size);

/* Opens /proc/PID/WHAT to be read line by line; NULL with errno set. */
FILE *proc_open(pid_t pid, const char *what);

/* The number behind "NAME:" in a text like /proc/PID/status, in that base. Returns false if the text does not have it. */
bool proc_number(const char *text, const char *name, int base, __u64 *number);

/* The same, read from /proc/PID/status. Returns false if it cannot be read. */
bool proc_status_number(pid_t pid, const char *name, int base, __u64 *number);

/* A field of /proc/PID/stat by its number in proc(5), 3 and above; 0: it cannot be read. */
__u64 proc_stat_field(pid_t pid, int number);

/* Calls visit(ctx, tid) for each thread until it returns false. Returns -errno if the process cannot be looked at. */
int proc_each_thread(pid_t pid, bool (*visit)(void *ctx, pid_t tid), void *ctx);

struct proc_owner {
	pid_t inner_pid;	/* as the process itself sees it, in the innermost PID namespace */
	uid_t uid;		/* effective */
};

/* Returns 0, or -errno: -ESRCH also where /proc/PID/status does not tell. */
int proc_owner_of(pid_t pid, struct proc_owner *owner);

/* One line of /proc/PID/maps. */
struct proc_mapping {
	__u64 start, end, offset, ino;
	dev_t dev;
	bool executable;
	const char *path;	/* within the line; "" if the mapping has none. The kernel adds " (deleted)" to a file that is gone */
};

/* Parses one line and ends its path with a zero. Returns false if it is no mapping. */
bool proc_parse_mapping(char *line, struct proc_mapping *map);

/* Calls visit() for each mapping, by address, until it returns false. Returns -errno if the process cannot be looked at. */
int proc_each_mapping(pid_t pid, bool (*visit)(void *ctx, const struct proc_mapping *map), void *ctx);

#endif
