/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* window.h - the beginning of the window, the measured interval. A session may have several, one after the other. */
#ifndef COLLECT_WINDOW_H
#define COLLECT_WINDOW_H

#include "collect/state.h"

#define RINGS_READ_US 10000	/* more than two ticks: by then every running thread's ring has been read */

/* Begins the window, once everything is attached. */
void window_open(struct session *session);

/* Sets all counters to 0 and begins a new window. */
void window_restart(struct session *session);

#endif
