/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gpu_levers.h - takes probes on the drivers of GPUs away, if they cost too much. */
#ifndef COLLECT_OVERHEAD_GPU_LEVERS_H
#define COLLECT_OVERHEAD_GPU_LEVERS_H

#include "collect/state.h"

/* Takes the group of probes away that costs most, and reports that. */
void gpu_levers_turn_down(struct session *session);

#endif
