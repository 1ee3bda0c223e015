/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_hist.h - a histogram in the document: its scale and its buckets that are not empty. */
#ifndef RENDER_JSON_JSON_HIST_H
#define RENDER_JSON_JSON_HIST_H

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

json_t *json_hist_object(const struct dcbs_histogram *h, int scale);

/* Reads a histogram of exactly this scale. Its indices begin at HIST_MIN_INDEX, and there are `places` of them. */
void json_hist_read(struct json_get *r, const json_t *o, struct dcbs_histogram *h, int scale, int places);

#endif
