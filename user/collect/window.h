/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* window.h - where the time begins that is ours. What begins anew in the middle is session_clear() in session.h. */
#ifndef COLLECT_WINDOW_H
#define COLLECT_WINDOW_H

#include "collect/state.h"

#define DRAIN_US 10000	/* more than two ticks: by then every running thread's ring has been read */

/* All is attached: the window begins. */
void window_open(struct session *session);

#endif
