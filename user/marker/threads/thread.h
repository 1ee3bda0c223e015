/* SPDX-License-Identifier: MIT */
/* thread.h - the life of a thread's record: first section, end of the thread, fork(), reuse. */
#ifndef DCBS_MARKER_THREAD_H
#define DCBS_MARKER_THREAD_H

#include "process_state.h"

/* Installs the handlers for the end of threads and for fork(). Once, in the copy that leads. */
HIDDEN void dcbs_thread_start(void);

/* Makes this thread's record; NULL if memory is out. Only in the copy that leads. */
HIDDEN struct dcbs_record *dcbs_thread_make_record(void);

/* Tidies the record of a thread that has ended, after another thread has ended one of its sections. */
HIDDEN void dcbs_thread_tidy_ended(struct dcbs_record *record);

#endif
