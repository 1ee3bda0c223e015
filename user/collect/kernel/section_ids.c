// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* section_ids.c - the ids of sections and caches. */
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "collect/kernel/section_ids.h"
#include "collect/kernel/stat_maps.h"

bool section_ids_option_is_python(const struct dcbs_native_section *option)
{
	return !strcmp(option->binary, "python");
}

/* BPF programs reserve ids at the same time, so the counter is incremented atomically and may run past the end. */
__u32 section_ids_reserve(struct programs *bpf, const struct section_name *name)
{
	int ids = bpf_map__fd(bpf->skel->maps.section_ids);
	__u32 id;

	if (!bpf_map_lookup_elem(ids, name, &id))
		return id;
	if (bpf->skel->bss->counters.section_ids_used >= BPFPROF_SECTIONS)
		return 0;
	id = (__u32)__sync_fetch_and_add(&bpf->skel->bss->counters.section_ids_used, 1);
	if (id >= BPFPROF_SECTIONS || stat_maps_reach(bpf, id + 1))
		return 0;
	bpf->stats[id].kind = name->kind;
	bpf_map_update_elem(ids, name, &id, BPF_ANY);
	bpf_map_update_elem(bpf_map__fd(bpf->skel->maps.section_names), &id, name, BPF_ANY);
	return id;
}

__u32 section_ids_reserve_option(struct programs *bpf, const struct dcbs_native_section *option)
{
	struct section_name key = {.kind = DCBS_NAME_SECTION};
	__u32 id;

	snprintf(key.text, sizeof(key.text), "%s", option->name);
	id = section_ids_reserve(bpf, &key);
	if (id && section_ids_option_is_python(option))
		bpf->stats[id].sampled = SAMPLED;
	return id;
}
