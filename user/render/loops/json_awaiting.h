/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_awaiting.h - where the suspended tasks of asyncio are, as JSON. */
#ifndef RENDER_LOOPS_JSON_AWAITING_H
#define RENDER_LOOPS_JSON_AWAITING_H

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

json_t *json_awaiting_object(const struct dcbs_report *report);
void json_awaiting_read(struct json_get *r, const json_t *doc, struct dcbs_report *to);

#endif
