/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* utf8_locale.h - the locale C.UTF-8 for the calling thread, whatever the environment says. */
#ifndef RENDER_UTF8_LOCALE_H
#define RENDER_UTF8_LOCALE_H

#include <locale.h>

/*
 * Between the two calls, the C library takes names as UTF-8 and reads and writes numbers with a full stop, so that a
 * report is the same everywhere. Other threads and the process's own locale are not affected.
 */
locale_t utf8_locale_begin(void);
void utf8_locale_end(locale_t before);

#endif
