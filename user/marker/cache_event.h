/* SPDX-License-Identifier: MIT */
/* cache_event.h - records one access to a cache, or its size. */
#ifndef DCBS_MARKER_CACHE_EVENT_H
#define DCBS_MARKER_CACHE_EVENT_H

#include <stdint.h>

#include "compiler.h"
#include "dcbs/markers.h"

/* `kind` is an enum dcbs_event_kind of caches; `value` is in ns, or in bytes for a size. */
HIDDEN void dcbs_cache_event_put(dcbs_id name, uint8_t kind, uint64_t value);

#endif
