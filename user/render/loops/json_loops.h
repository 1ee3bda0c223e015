/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_loops.h - event loops to and from the document. */
#ifndef RENDER_LOOPS_JSON_LOOPS_H
#define RENDER_LOOPS_JSON_LOOPS_H

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

json_t *json_loops_loop(const struct dcbs_event_loop *loop);
void json_loops_read(struct json_get *r, const json_t *doc, struct dcbs_report *to);

#endif
