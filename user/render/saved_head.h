/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* saved_head.h - tells by its first bytes whether a file is a session that this program wrote. */
#ifndef RENDER_SAVED_HEAD_H
#define RENDER_SAVED_HEAD_H

#include <stdbool.h>
#include <stddef.h>

/* Returns true if they begin a session, plain or compressed. */
bool saved_head_is_session(const char *bytes, size_t len);

#endif
