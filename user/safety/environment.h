/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * environment.h - what we believe of our environment when it may be somebody else's than our privileges are.
 *
 * Libraries that we use read files, or ask servers, that variables name: a terminal's description, a locale, a time
 * zone, debug information. As root for another user we keep a few that are harmless, and those only in a harmless
 * form; the command that we start gets all of them as they were.
 */
#ifndef SAFETY_ENVIRONMENT_H
#define SAFETY_ENVIRONMENT_H

/* Before anything reads a variable. */
void environment_clean(void);

/* As it was when we were started, for the command. */
char **environment_original(void);

#endif
