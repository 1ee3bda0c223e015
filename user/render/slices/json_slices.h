/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_slices.h - slices of time to and from the document: those of the window, and the figures of a section in each. */
#ifndef RENDER_SLICES_JSON_SLICES_H
#define RENDER_SLICES_JSON_SLICES_H

#include <jansson.h>

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

/* Each returns null if the slices are unknown. */
json_t *json_slices_window(const struct dcbs_slices *slices);
json_t *json_slices_section(const struct dcbs_section_slices *slices);

json_t *json_slices_trend(const struct dcbs_trend *trend);

/* The slices of the window are read before those of sections, which must be as many. */
void json_slices_read_window(struct json_get *r, const json_t *doc, struct dcbs_slices *to);
void json_slices_read_section(struct json_get *r, const json_t *section, struct dcbs_section *to, const struct dcbs_slices *window);

#endif
