/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gpu_drivers.h - the drivers of GPUs that a process has loaded. */
#ifndef COLLECT_GPU_DRIVERS_H
#define COLLECT_GPU_DRIVERS_H

#include "dcbs/profiler.h"

/* See dcbs_profiler_gpu_drivers(). */
int gpu_drivers_list(pid_t pid, struct dcbs_gpu_driver *list, size_t max);

#endif
