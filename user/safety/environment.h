/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * environment.h - removes environment variables that another user may have set.
 *
 * Libraries of the profiler read files, or ask servers, that variables name: a terminal's description, a locale, a time
 * zone, debug information. As root for another user the profiler keeps a few harmless variables, and these only with
 * harmless values. The command that it starts gets the whole environment unchanged.
 */
#ifndef SAFETY_ENVIRONMENT_H
#define SAFETY_ENVIRONMENT_H

/* Must be called before any variable is read. */
void environment_clean(void);

/* Returns the environment as it was at the start, for the command. */
char **environment_original(void);

/* Returns the value of a variable at the start; NULL: it was not set. Only for use with the rights of the user who set it. */
const char *environment_original_value(const char *name);

#endif
