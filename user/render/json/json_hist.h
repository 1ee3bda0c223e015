/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_hist.h - a histogram in the document: its scale, and the buckets that hold something. */
#ifndef RENDER_JSON_JSON_HIST_H
#define RENDER_JSON_JSON_HIST_H

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

json_t *json_hist_object(const struct dcbs_histogram *h, int scale);

/* Of that scale and no other; indices from HIST_MIN_INDEX on, `places` of them. */
void json_hist_read(struct json_get *r, const json_t *o, struct dcbs_histogram *h, int scale, int places);

#endif
