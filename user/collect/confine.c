// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* confine.c - leaves the attaching of probes to a helper process, before data of the targets are read. */
#include "collect/confine.h"
#include "collect/gpu/driver_functions.h"
#include "collect/session.h"
#include "collect/state.h"
#include "collect/target/marker_object.h"
#include "host/probe_keeper.h"
#include "host/requirements.h"
#include "host/uprobe_link.h"

int confine_session(const struct session *session)
{
	pid_t pids[BPFPROF_FOLLOWED];
	const struct probe_rules rules = {
		.marker_program = session->bpf.skel->progs.on_flush, .pids = pids, .nr_pids = session_pids(session, pids, BPFPROF_FOLLOWED),
		.every_process = session->children, .is_marker = marker_object_has_place, .capabilities = requirements_of_probes(),
		.gpu_programs = {session->bpf.skel->progs.on_gpu_call, session->bpf.skel->progs.on_gpu_return},
		.are_gpu_functions = driver_functions_have,
	};

	uprobe_link_start_closers();
	return probe_keeper_start(&rules);
}
