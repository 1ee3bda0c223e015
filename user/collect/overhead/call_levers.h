/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * call_levers.h - what is reduced of the functions of --section.
 *
 * Calls are timed in on-periods; if they are so short that the probes distort them, they are counted alone; if even the entries
 * cost too much, the probes are taken away.
 */
#ifndef COLLECT_OVERHEAD_CALL_LEVERS_H
#define COLLECT_OVERHEAD_CALL_LEVERS_H

#include "collect/state.h"

/* Returns true if there is a step down that can be taken. */
bool call_levers_can_turn_down(const struct session *session);

/* Returns true if it is to be taken at once: the calls have cost what the budget allows for a second. */
bool call_levers_are_over(struct session *session);

/* Takes the next step down. */
void call_levers_turn_down(struct session *session);

/* Called at each look: takes the probes away if the entries alone have been over budget for a while. */
void call_levers_check_entries(struct session *session, double elapsed_ns);

#endif
