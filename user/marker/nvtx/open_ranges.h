/* SPDX-License-Identifier: MIT */
/* open_ranges.h - NVTX ranges that are open: those that a thread has pushed, and those that end by their number, on any thread. */
#ifndef DCBS_MARKER_OPEN_RANGES_H
#define DCBS_MARKER_OPEN_RANGES_H

#include "compiler.h"
#include "dcbs/markers.h"

struct range_domain;

/* Called before the first range of the process. */
HIDDEN void open_ranges_prepare(void);

/* Return the level of the range in its domain on this thread, from 0; negative: it is not timed, or none is open. */
HIDDEN int open_ranges_push(const struct range_domain *domain, dcbs_id name);
HIDDEN int open_ranges_pop(const struct range_domain *domain);

/* Returns the number of the range; 0: too many are open, and this one is counted as not timed. */
HIDDEN uint64_t open_ranges_start(dcbs_id name);
HIDDEN void open_ranges_end(uint64_t number);

#endif
