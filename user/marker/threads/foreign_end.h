/* SPDX-License-Identifier: MIT */
/* foreign_end.h - ends a section on another thread than the one that began it. */
#ifndef DCBS_MARKER_FOREIGN_END_H
#define DCBS_MARKER_FOREIGN_END_H

#include "dcbs/markers.h"
#include "compiler.h"

/* The token names a record of another thread. Only in the copy that leads. */
HIDDEN cold void dcbs_foreign_end(dcbs_token token, uint8_t flags);

#endif
