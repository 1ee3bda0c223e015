/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* find_flow.bpf.h - looks a flow up in the target's table of flows, see struct dcbs_flow in bpfprof/marker_abi.h. */
#ifndef BPF_STATE_FLOWS_FIND_FLOW_H
#define BPF_STATE_FLOWS_FIND_FLOW_H

#include "state/maps.bpf.h"

struct flow_search {
	u64 places, id, innermost;
	u32 place, mask;
};

static long look_for_flow(u32 i, struct flow_search *f)
{
	struct dcbs_flow flow = {};

	if (bpf_probe_read_user(&flow, sizeof(flow), (void *)(f->places + ((f->place + i) & f->mask) * sizeof(flow))))
		return 1;
	if (flow.id == f->id)
		f->innermost = flow.innermost;
	return !flow.id || flow.id == f->id;
}

/* Apart, as the kernel expands a loop in place, which takes 24 bytes more of the stack: too much for a probe. */
static __noinline int look_for_flows(struct flow_search *f)
{
	bpf_loop(DCBS_FLOW_PROBES, look_for_flow, f, 0);
	return 0;
}

/* Returns the address of the innermost open section of a flow, 0 if it has none. */
__weak __noinline u64 find_flow(u64 table, u64 id)
{
	u32 bits = dcbs_flow_bits(table);
	struct flow_search f = {.places = table & ~DCBS_FLOW_BITS, .id = id};

	if (!table || !id || !bits || bits > 31)
		return 0;
	f.mask = (1U << bits) - 1;
	f.place = dcbs_flow_place(id, bits);
	look_for_flows(&f);
	return f.innermost;
}

#endif
