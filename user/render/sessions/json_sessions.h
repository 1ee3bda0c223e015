/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_sessions.h - the sessions that were merged into a report, to and from the document. */
#ifndef RENDER_SESSIONS_JSON_SESSIONS_H
#define RENDER_SESSIONS_JSON_SESSIONS_H

#include <jansson.h>

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

json_t *json_sessions_session(const struct dcbs_session *s);
void json_sessions_read(struct json_get *r, const json_t *doc, struct dcbs_report *to);

/* How far they differ in a section. Called after the sessions were read. */
json_t *json_sessions_skew(const struct dcbs_session_skew *skew);
void json_sessions_read_skew(struct json_get *r, const json_t *section, struct dcbs_session_skew *to, size_t nr_sessions);

#endif
