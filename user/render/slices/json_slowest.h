/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_slowest.h - the slowest calls of a section to and from the document. */
#ifndef RENDER_SLICES_JSON_SLOWEST_H
#define RENDER_SLICES_JSON_SLOWEST_H

#include <jansson.h>

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

json_t *json_slowest_array(const struct dcbs_section *section);
void json_slowest_read(struct json_get *r, const json_t *section, struct dcbs_section *to);

#endif
