/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * signals.h - the signals that users send: SIGINT, SIGTERM and SIGHUP end the profile, SIGUSR1 asks for a report so far.
 *
 * Each has one meaning at a time. While the profile runs, the first three close the window. While the report goes to
 * standard output, they end a wait for its reader. When everything is written, they end the program at once.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* Called first, by every command: a write beyond a limit, or to a pipe that nobody reads, is an error and no signal. */
void signals_make_errors(void);

/* Undoes this in a child that is to execute another program. */
void signals_make_default(void);

/* Catches the signals of users. SIGHUP stays ignored if it was, as with nohup. */
void signals_catch(void);

/* Blocks the signals, so that they are delivered only in ppoll() with *old. */
void signals_block(sigset_t *old);

/* Returns true if the profile is to end. */
bool signals_end_requested(void);

/* From now on signals_end_requested() tells of later signals only. */
void signals_forget_end(void);

/* Returns true once for each request for a report so far. */
bool signals_take_report_request(void);

/* From now on the signals end the program at once, with this status. */
void signals_exit_with(int status);

#endif
