/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* lttng_section_tp.h - the two tracepoints of lttng_section.c: the minimum from which a section can be reconstructed. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER dcbs_bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "lttng_section_tp.h"

#if !defined(LTTNG_SECTION_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define LTTNG_SECTION_TP_H

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT(dcbs_bench, section_begin, LTTNG_UST_TP_ARGS(unsigned int, id),
			   LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(unsigned int, id, id)))
LTTNG_UST_TRACEPOINT_EVENT(dcbs_bench, section_end, LTTNG_UST_TP_ARGS(unsigned int, id),
			   LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(unsigned int, id, id)))

#endif

#include <lttng/tracepoint-event.h>
