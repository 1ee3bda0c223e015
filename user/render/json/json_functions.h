/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_functions.h - functions, frames and stacks to and from the document. */
#ifndef RENDER_JSON_JSON_FUNCTIONS_H
#define RENDER_JSON_JSON_FUNCTIONS_H

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

json_t *json_functions_function(const struct dcbs_function *const *function);
json_t *json_functions_operator(const struct dcbs_operator *o);
json_t *json_functions_frame(const struct dcbs_frame *frame);

/* [section, cpu_s, off_s, samples, [indices of frames, outermost first]], and the cause if it waited. */
json_t *json_functions_stack(const struct dcbs_stack *stack);

/* Reads functions, frames and stacks; documents of older versions have none. */
void json_functions_read(struct json_get *r, const json_t *doc, struct dcbs_report *to);

#endif
