// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* entries.c - entries of the map `processes` that children take and release. */
#include <bpf/bpf.h>

#include "collect/children/entries.h"

int entries_release(const struct programs *bpf, __u32 index)
{
	return bpf_map_update_elem(bpf_map__fd(bpf->skel->maps.vacant), NULL, &index, BPF_ANY);
}
