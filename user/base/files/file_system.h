/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * file_system.h - tells the file systems of this machine from those whose server may stop answering.
 *
 * A read from NFS, FUSE and their like can wait for ever, and only SIGKILL ends the wait. /proc/PID/mountinfo has the types of
 * file systems by their device numbers. It is the kernel's own, so reading it asks no server.
 */
#ifndef BASE_FILES_FILE_SYSTEM_H
#define BASE_FILES_FILE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Returns true if the file system with this device number, as /proc/PID/maps has it, is known to be of this machine. Of an
 * overlay no layer may be known to be of another.
 */
bool file_system_is_local(pid_t pid, dev_t dev);

/* The same for the file system through which the process would open the file of this descriptor. */
bool file_system_of_is_local(pid_t pid, int fd);

/* Returns true if the type, as mountinfo has it, is of this machine. An overlay is not: that depends on its layers. */
bool file_system_type_is_local(const char *type);

/* One line of mountinfo. The strings lie within the line. */
struct mount_line {
	unsigned int id;
	dev_t dev;
	char *point;		/* where it is mounted, with \040 for a blank */
	char *type;
	char *options;		/* of the file system */
};

/* Parses one line, which is changed. Returns false if it is not one. */
bool file_system_parse_mount(char *line, struct mount_line *mount);

#endif
