/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * signals.h - the signals that users send: SIGUSR1 asks for a report so far, SIGUSR2 means nothing, and every other signal that
 * would end the program ends the profile, so that no result is lost.
 *
 * An ending signal has one meaning at a time. While the profile runs, it closes the window. While the report goes to standard
 * output, it ends a wait for its reader. When everything is written, it ends the program at once. A fault of the program itself
 * ends it as ever.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* Called first, by every command: a write beyond a limit, or to a pipe that nobody reads, is an error and no signal. */
void signals_make_errors(void);

/* Undoes all of it in a child that is to execute another program. */
void signals_restore(void);

/* Catches the signals. One that was ignored stays so, as SIGHUP with nohup, but for SIGINT, SIGQUIT and SIGTERM. */
void signals_catch(void);

/*
 * Between these two, an ending signal ends the program with a line and this status if attaching takes much longer: nothing has
 * been measured by then, and nobody waits for it.
 */
void signals_bound_attaching(int status);
void signals_attached(void);

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
