/* SPDX-License-Identifier: MIT */
/* probe.h - the probed function of probe.S and its semaphore. */
#ifndef DCBS_MARKER_PROBE_H
#define DCBS_MARKER_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

struct dcbs_record;

/* The number of probes on dcbs_marker_flush() in this process. Only the kernel writes it. */
extern HIDDEN volatile uint16_t dcbs_marker_semaphore;

/* Does nothing by itself. BPF programs that are attached to it read the record's ring. */
HIDDEN void dcbs_marker_flush(struct dcbs_record *record);

/* Returns true if a profiler is attached. */
static inline bool probe_attached(void)
{
	return unlikely(dcbs_marker_semaphore);
}

#endif
