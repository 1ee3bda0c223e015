/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * proc.h - reads a process's files in /proc: text, numbers, owner, threads and mappings.
 *
 * The process may end between two calls, and another process may get its PID. A caller that must exclude this holds a pidfd.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define PROC_TEXT 4096		/* bytes, enough for /proc/PID/status */
#define PROC_LINE 4608		/* bytes, enough for a line of /proc/PID/maps */

/* Reads /proc/PID/FILE into buf and adds a zero. Returns the number of bytes, or -errno. */
ssize_t proc_read(pid_t pid, const char *file, char *buf, size_t size);

/* Stores where the link /proc/PID/NAME leads, cut to the size. Returns false, and "", if it cannot be read. */
bool proc_read_link(pid_t pid, const char *name, char *to, size_t size);

/* Opens /proc/PID/FILE to be read line by line. Returns NULL with errno set if that fails. */
FILE *proc_open(pid_t pid, const char *file);

/* Finds the number behind "NAME:" in a text like /proc/PID/status, in this base. Returns false if the text does not have it. */
bool proc_number(const char *text, const char *name, int base, __u64 *number);

/* Finds the number in /proc/PID/status. Returns false if it is not there or the file cannot be read. */
bool proc_status_number(pid_t pid, const char *name, int base, __u64 *number);

/* Returns a field of /proc/PID/stat by its number in proc(5), from 3 on; 0: it cannot be read. */
__u64 proc_stat_field(pid_t pid, int number);

/* Returns when the process started, in Unix time, to within some ticks of the kernel; 0: unknown. */
double proc_start_time(pid_t pid);

/* Calls visit(ctx, tid) for each thread until it returns false. Returns -errno if the process cannot be examined. */
int proc_each_thread(pid_t pid, bool (*visit)(void *ctx, pid_t tid), void *ctx);

struct proc_owner {
	pid_t inner_pid;	/* in the innermost PID namespace, as the process itself sees it */
	uid_t uid;		/* effective */
};

/* Returns 0, or -errno: -ESRCH also if /proc/PID/status lacks these numbers. */
int proc_owner_of(pid_t pid, struct proc_owner *owner);

/* One line of /proc/PID/maps. */
struct proc_mapping {
	__u64 start, end, offset, ino;
	dev_t dev;
	bool executable;
	const char *path;	/* within the line; "": the mapping has none. The kernel adds " (deleted)" to a deleted file */
};

/* Parses one line and ends its path with a zero. Returns false if the line is no mapping. */
bool proc_parse_mapping(char *line, struct proc_mapping *map);

/* Calls visit() for each mapping, by address, until it returns false. Returns -errno if the process cannot be examined. */
int proc_each_mapping(pid_t pid, bool (*visit)(void *ctx, const struct proc_mapping *map), void *ctx);

#endif
