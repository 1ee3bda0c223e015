/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* invoker.h - the user who started us, who is not root although we are: by sudo, or with a program that is set-user-ID. */
#ifndef SAFETY_INVOKER_H
#define SAFETY_INVOKER_H

#include <stdbool.h>
#include <sys/types.h>

/* Finds out once who that is, before anything is opened. Says what is wrong if it is told in a way that cannot be true. */
int invoker_find(void);

/* Whose files we write. */
uid_t invoker_uid(void);

/* True if that is somebody else than who we run as. */
bool invoker_is_other(void);

/* From begin to end files are looked up, made and opened with the invoker's rights. */
int invoker_files_begin(void);
void invoker_files_end(void);

/* For good. Capabilities that are permitted stay permitted. */
int invoker_become(void);

#endif
