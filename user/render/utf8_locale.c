// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* utf8_locale.c - the locale C.UTF-8 for the calling thread. */
#include "render/utf8_locale.h"

/* Without memory for a locale, the thread keeps the one that it has. */
locale_t utf8_locale_begin(void)
{
	locale_t utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);

	return utf8 ? uselocale(utf8) : (locale_t)0;
}

void utf8_locale_end(locale_t before)
{
	if (before)
		freelocale(uselocale(before));
}
