/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* invoker.h - the user who started the profiler, if it runs as root for another user: by sudo, or as a set-user-ID program. */
#ifndef SAFETY_INVOKER_H
#define SAFETY_INVOKER_H

#include <stdbool.h>
#include <sys/types.h>

/* Finds the user once, before any file is opened. Returns -EINVAL if SUDO_UID or SUDO_GID is no valid number. */
int invoker_find(void);

/* Returns the user to whom output files belong. */
uid_t invoker_uid(void);

/* Returns true if this user is not the effective user. */
bool invoker_is_other(void);

/* Between begin and end, files are looked up, created and opened with the invoker's rights. */
int invoker_files_begin(void);
void invoker_files_end(void);

/* Becomes the invoker permanently. Permitted capabilities stay permitted. */
int invoker_become(void);

/* Becomes the invoker permanently, with no more rights than this user has. */
int invoker_become_mere(void);

/* Sets HOME, SHELL, USER and LOGNAME of the environment to those of the invoker. */
void invoker_set_variables(void);

#endif
