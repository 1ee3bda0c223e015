// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_notes.c - what the report says about the functions of --section, and why one has no calls. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/sanitize.h"
#include "collect/kernel/section_ids.h"
#include "collect/target/code_check.h"
#include "collect/target/function_notes.h"

#define LOOK_EVERY_NS 1000000000ULL	/* between two looks at the mappings of a target: some have thousands */

/* ---- calls that are too short, or end by a jump ---- */

static void note_function(const struct function_probe *probe, const char *section, double add_ns, bool long_calls, struct notes *notes)
{
	if (!isnan(add_ns) && !long_calls)
		notes_add(notes, "%s: its probes make each call, and its reported time, about %.1f us longer", section, add_ns * 1e-3);
	if (probe->nr_jumps)
		notes_add(notes, "%s: %zu of its %zu ends %s to another function, and a call ends there: the time of that function "
			  "is not in it; --return-probes times calls to their return", section, probe->nr_jumps, probe->nr_ends,
			  probe->nr_jumps == 1 ? "is a jump" : "are jumps");
}

void function_notes_short(const struct function_probes *probes, const struct programs *bpf, const struct calibration *costs,
			  struct notes *notes)
{
	int names = bpf_map__fd(bpf->skel->maps.section_names);
	size_t i;

	for (i = 0; i < probes->nr; i++) {
		const struct function_probe *probe = &probes->list[i];
		const struct section_stat *stat = &bpf->stats[probe->section_id];
		double add_ns = function_probe_added_ns(probe, costs);
		struct section_name name;
		char *text;

		if (!stat->count || bpf_map_lookup_elem(names, &probe->section_id, &name))
			continue;
		text = sanitize(name.text, sizeof(name.text));
		note_function(probe, text ? text : "--section", add_ns, function_probe_calls_are_long(probe, stat, costs), notes);
		free(text);
	}
}

/* ---- no calls ---- */

/* The first of the functions of a section that are in one file tells for all. */
static bool is_first_of_file(const struct function_probes *probes, size_t i)
{
	const struct function_probe *probe = &probes->list[i];

	return !i || probe[-1].section_id != probe->section_id || probe[-1].pid != probe->pid;
}

static void look_at(struct function_probes *probes, const struct target_list *targets)
{
	bool mapped = false;
	size_t i;

	for (i = 0; i < probes->nr; i++) {
		struct function_probe *probe = &probes->list[i];
		const struct target *target = target_list_find_const(targets, probe->pid);

		if (is_first_of_file(probes, i))
			mapped = !probe->mapped && target && !target_is_gone(target) && code_is_mapped(target, probe->fd);
		probe->mapped |= mapped;
	}
}

void function_notes_look(struct function_probes *probes, const struct target_list *targets, __u64 now)
{
	size_t i;

	if (now - probes->looked_ns < LOOK_EVERY_NS)
		return;
	probes->looked_ns = now;
	for (i = 0; i < probes->nr; i++)
		if (!probes->list[i].mapped) {
			look_at(probes, targets);
			return;
		}
}

static void note_unused(const struct function_probe *probe, const struct target_list *targets, struct notes *notes)
{
	const struct dcbs_native_section *option = probe->option;
	const struct target *target = target_list_find_const(targets, probe->pid);
	bool runs = target && !target_is_gone(target);

	if (!probe->mapped)
		notes_add(notes, "section %s: no calls, because process %d %s mapped %s. Its functions are probed, and would be counted from the "
			  "moment it is mapped", option->name, probe->pid, runs ? "has not" : "was never seen to have", option->binary);
	else if (runs && !code_is_mapped(target, probe->fd))
		notes_add(notes, "section %s: no calls. Process %d had mapped %s and has not any more: it executes another program, or another "
			  "file has replaced it", option->name, probe->pid, option->binary);
	else
		notes_add(notes, "section %s: no calls. %s was probed in process %d, and never called", option->name, option->function, probe->pid);
}

void function_notes_unused(struct function_probes *probes, const struct programs *bpf, const struct target_list *targets,
			   struct notes *notes)
{
	size_t i;

	if (probes->given_up)
		return;
	look_at(probes, targets);
	for (i = 0; i < probes->nr; i++) {
		const struct function_probe *probe = &probes->list[i];
		const struct section_stat *stat = &bpf->stats[probe->section_id];

		if (!probe->option->preset && is_first_of_file(probes, i) && !stat->begun && !stat->count && !stat->open)
			note_unused(probe, targets, notes);
	}
}
