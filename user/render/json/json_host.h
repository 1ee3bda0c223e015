/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_host.h - the machine to and from the document. */
#ifndef RENDER_JSON_JSON_HOST_H
#define RENDER_JSON_JSON_HOST_H

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

json_t *json_host_object(const struct dcbs_report *r);

/* Documents of older versions have none. */
void json_host_read(struct json_get *r, const json_t *doc, struct dcbs_host *host);

#endif
