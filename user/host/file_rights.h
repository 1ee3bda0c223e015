/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* file_rights.h - starts the process that opens the files of targets, with the rights that this needs. */
#ifndef HOST_FILE_RIGHTS_H
#define HOST_FILE_RIGHTS_H

#include <stddef.h>
#include <sys/types.h>

/*
 * To be called before the profiler looks at a target. pids: all targets; nr_pids 0: any process is looked at. That process keeps
 * no right that the profiler will give up.
 */
void file_rights_start(const pid_t *pids, size_t nr_pids);

#endif
