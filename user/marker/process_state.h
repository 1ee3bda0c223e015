/* SPDX-License-Identifier: MIT */
/* process_state.h - the state of this copy of the library: its names and records, its lock, and each thread's record. */
#ifndef DCBS_MARKER_PROCESS_STATE_H
#define DCBS_MARKER_PROCESS_STATE_H

#include <pthread.h>

#include "bpfprof/marker_abi.h"
#include "compiler.h"

/* This thread's record; NULL before its first section, and always NULL if another copy leads. */
extern HIDDEN __thread struct dcbs_record *dcbs_record __attribute__((tls_model("initial-exec")));

extern HIDDEN struct dcbs_state dcbs_marker_state;

/*
 * The only lock. It guards the list of records, the spare records, the table of names, and the record
 * of a thread that has ended. It is taken at a thread's first section and at its end, at a name's first
 * use, and across fork(), but never by begin and end of a section otherwise.
 */
extern HIDDEN pthread_mutex_t dcbs_marker_lock;

#endif
