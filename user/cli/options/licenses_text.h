/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* licenses_text.h - the licences of this program and of all that is linked into it. */
#ifndef CLI_LICENSES_TEXT_H
#define CLI_LICENSES_TEXT_H

/* The build chooses the text: a static program has more linked in. */
extern const char licenses_text[];

#endif
