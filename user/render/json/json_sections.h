/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_sections.h - sections to and from the document. */
#ifndef RENDER_JSON_JSON_SECTIONS_H
#define RENDER_JSON_JSON_SECTIONS_H

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

json_t *json_sections_section(const struct dcbs_section *s);

/* The document must have sections. */
void json_sections_read(struct json_get *r, const json_t *doc, struct dcbs_report *to);

#endif
