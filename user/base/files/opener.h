/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * opener.h - a process that opens files for the profiler, and that can be given up when a file does not answer.
 *
 * Two processes: a keeper, which touches no file, and a reader, which serves one request after the other. A request that takes
 * too long ends the reader by SIGALRM, which interrupts also the waits that only SIGKILL interrupts. Then the keeper makes
 * another reader. Nobody waits for either: the profiler's wait has a deadline of its own. Both end with the profiler.
 */
#ifndef BASE_FILES_OPENER_H
#define BASE_FILES_OPENER_H

#include "base/files/resolve.h"

/*
 * Starts both if they do not run. limit(ctx) limits their rights, has them ignore signals, and returns 0 or -errno. Returns 0 or
 * -errno: without an opener the profiler opens the files itself.
 */
int opener_start(int (*limit)(void *ctx), void *ctx);

/* Returns true if it was started, even if it has ended since: then the profiler must not open the files itself. */
bool opener_was_started(void);

/* As resolve_open(), after at most wait_ns. Returns -ETIMEDOUT if the file did not answer, -EPIPE if the opener has ended. */
int opener_ask(struct file_request *request, __u64 wait_ns, bool *copied);

void opener_stop(void);

#endif
