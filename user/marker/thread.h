/* SPDX-License-Identifier: MIT */
/* thread.h - the cold half of the marker library: records, names, fork, several copies in one process. */
#ifndef DCBS_MARKER_THREAD_H
#define DCBS_MARKER_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "bpfprof/target.h"
#include "dcbs/markers.h"

#define HIDDEN __attribute__((visibility("hidden")))

/* This thread's record; NULL before its first section, and always where another copy leads. */
extern HIDDEN __thread struct dcbs_record *dcbs_record __attribute__((tls_model("initial-exec")));

extern HIDDEN struct dcbs_state dcbs_marker_state;

/* clock_gettime(), straight in the kernel's vDSO where it can be found: the C library's wrapper costs 3 ns a section. */
extern HIDDEN int (*dcbs_clock)(clockid_t clock, struct timespec *ts);

/* From probe.S. The semaphore is written by the kernel alone. */
extern HIDDEN volatile uint16_t dcbs_marker_semaphore;
HIDDEN void dcbs_marker_flush(struct dcbs_record *record);

/*
 * What a copy of the library offers to others of the same DCBS_ABI in the process. Two copies (one
 * in the Python extension, one shared by C++ libraries) thereby keep one record a thread, and a
 * section of one nests in a section of the other.
 */
struct dcbs_calls {
	uint16_t (*name)(const char *text, uint8_t kind);
	dcbs_token (*begin)(dcbs_id name);
	void (*end)(dcbs_token token, uint8_t flags);
	void (*items)(dcbs_token token, uint64_t n);
	void (*cache)(dcbs_id name, uint8_t kind, uint64_t value);
	unsigned int (*attached)(void);
	struct dcbs_state *state;
};

/* One access to a cache, or its size; marks.c. */
HIDDEN void dcbs_cache_event(dcbs_id name, uint8_t kind, uint64_t value);

/* This copy's own, implemented by markers.c and thread.c, published through the note. */
extern HIDDEN const struct dcbs_calls dcbs_marker_calls;

/* The copy that records for this process: our own, or that of the copy which was loaded first. Never NULL. */
HIDDEN const struct dcbs_calls *dcbs_leader(void);

/* Makes this thread's record; NULL if memory is out. Only in the copy that leads. */
HIDDEN struct dcbs_record *dcbs_record_make(void);

/* Takes sections that other threads have ended out of a record's list; only its owner may, or who holds the lock once it has ended. */
HIDDEN void dcbs_record_tidy(struct dcbs_record *record);

/* What is still open when the thread ends, while a profiler is attached, is told as far as it has come. */
HIDDEN void dcbs_record_leave(struct dcbs_record *record);

/* A section of a thread that has ended was ended: the record may be of use again. */
HIDDEN void dcbs_record_orphan(struct dcbs_record *record);

HIDDEN uint16_t dcbs_name_register(const char *text, uint8_t kind);

#endif
