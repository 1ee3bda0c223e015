// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_levers.c - see gpu_levers.h. */
#include "collect/overhead/gpu_levers.h"
#include "collect/overhead/reductions.h"

static void leave_gpu_memory(struct session *session)
{
	gpu_probes_leave(&session->gpu_probes, DRIVER_MEMORY);
	reductions_report(session, LEVER_GPU, "calls for the GPU's memory are not observed any more: what sections took of it is unknown");
}

void gpu_levers_turn_down(struct session *session)
{
	const bool *left = session->gpu_probes.left;
	double memory_ns = session->overhead.meter.gpu_memory_ns;

	if (!left[DRIVER_MEMORY] && (left[DRIVER_CALLS] || memory_ns > session->overhead.meter.gpu_last_ns - memory_ns)) {
		leave_gpu_memory(session);
		return;
	}
	gpu_probes_leave(&session->gpu_probes, DRIVER_CALLS);
	reductions_report(session, LEVER_GPU, "calls of the GPU's driver are not timed any more (level 0): from here on waits for the GPU are "
			 "estimates from samples of the stack, and the numbers of calls and bytes are unknown");
}
