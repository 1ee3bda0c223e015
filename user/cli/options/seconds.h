/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* seconds.h - times as people type them. */
#ifndef CLI_SECONDS_H
#define CLI_SECONDS_H

/* "90", "1.5", "500ms", "5m" or "1h30m" as seconds; NAN: it is no time. */
double seconds_parse(const char *text);

#endif
