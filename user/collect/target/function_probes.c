// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_probes.c - probes on the native functions of --section, all together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "base/error.h"
#include "collect/kernel/links.h"
#include "collect/kernel/section_ids.h"
#include "collect/target/function_lookup.h"
#include "collect/target/function_probes.h"
#include "collect/target/name_notes.h"

#define SEEN_LEAST_NS 400e6	/* of timed calls, until the samples in it tell whether samples see the function */

#define LASTING_NS 2500000ULL	/* a twentieth of an on-period */

/* ---- attach ---- */

/* The ends are attached first, so that no entry is observed without its end. */
static int attach_probe(struct function_probe *probe, const struct programs *bpf, const char *function)
{
	int err = function_probe_attach_ends(probe, bpf);

	if (!err)
		err = function_probe_attach_entry(probe, bpf);
	return err ? fail(err, "cannot attach to %s: %s%s", function, strerror(-err), links_hint(-err)) : 0;
}

/* Finds where to probe, without a probe yet. */
static int open_probe(struct function_probes *probes, const struct target *target, const struct found_functions *found, size_t i,
		      const struct dcbs_options *opts)
{
	if (!array_reserve(probes->list, probes->nr, probes->room, 1))
		return fail(-ENOMEM, "out of memory");
	return function_probe_open(&probes->list[probes->nr], target, found, i, opts->return_probes);
}

static int add_probe(struct function_probes *probes, struct programs *bpf, const struct dcbs_native_section *option, __u32 section_id,
		     const char *function)
{
	struct function_probe *probe = &probes->list[probes->nr++];

	probe->option = option;
	function_probe_set_section(probe, section_id, (__u32)probes->nr);
	return attach_probe(probe, bpf, function);
}

/* A preset is a list for many programs: a function of it that cannot be probed in this one must not end the profile. */
static bool is_allowed_to_lack(const struct dcbs_native_section *option, int err)
{
	return err && err != -ENOMEM && option->preset;
}

static int add_found(struct function_probes *probes, struct programs *bpf, const struct target *target,
		     const struct found_functions *found, const struct dcbs_native_section *option, const struct dcbs_options *opts,
		     struct notes *notes)
{
	__u32 section_id = section_ids_reserve_option(bpf, option);
	size_t i;
	int err = section_id ? 0 : fail(-E2BIG, "--section: more than %d sections", BPFPROF_SECTIONS - SECTION_FIRST);

	for (i = 0; !err && i < found->nr; i++) {
		err = open_probe(probes, target, found, i, opts);
		if (!err) {
			err = add_probe(probes, bpf, option, section_id, found->list[i].name);
		} else if (is_allowed_to_lack(option, err)) {
			notes_add(notes, "--sections %s: a function of section %s is not timed: %s", option->preset, option->name,
				  dcbs_profiler_error());
			err = 0;
		}
	}
	return err;
}

static int add_probes(struct function_probes *probes, struct programs *bpf, const struct target *target,
		      const struct dcbs_native_section *option, const struct dcbs_options *opts, struct notes *notes)
{
	struct functions_named *named = malloc(sizeof(*named));
	int err = named ? function_lookup_names(named, target, option) : fail(-ENOMEM, "out of memory");

	if (is_allowed_to_lack(option, err)) {
		if (err != -ENOENT)
			notes_add(notes, "--sections %s: %s", option->preset, dcbs_profiler_error());
		free(named);
		return 0;
	}
	if (!err)
		err = add_found(probes, bpf, target, &named->found, option, opts, notes);
	if (!err)
		name_notes_add(&named->found, target->pid, option, notes);
	free(named);
	return err;
}

int function_probes_attach(struct function_probes *probes, struct programs *bpf, const struct dcbs_options *opts,
			   const struct target *target, struct notes *notes)
{
	size_t i;
	int err = 0;

	for (i = 0; i < opts->nr_sections && !err; i++)
		if (!section_ids_option_is_python(&opts->sections[i]))
			err = add_probes(probes, bpf, target, &opts->sections[i], opts, notes);
	return err;
}

bool function_probes_has(const struct function_probes *probes, const struct dcbs_native_section *option)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		if (probes->list[i].option == option)
			return true;
	return false;
}

/* Those that follow keep their numbers, which are in their cookies. */
void function_probes_leave(struct function_probes *probes, pid_t pid)
{
	size_t i, kept = 0;

	for (i = 0; i < probes->nr; i++)
		if (probes->list[i].pid == pid)
			function_probe_close(&probes->list[i]);
		else
			probes->list[kept++] = probes->list[i];
	probes->nr = kept;
}

int function_probes_on(struct function_probes *probes, const struct programs *bpf)
{
	volatile struct throttle *t = &bpf->skel->bss->throttle;
	int err = 0;
	size_t i;

	t->calls_generation++;
	t->calls_off = CALLS_ON;
	for (i = 0; i < probes->nr && !err; i++)
		err = function_probe_attach_ends(&probes->list[i], bpf);
	return err;
}

/* Returns true if some call was a considerable part of an on-period. */
static bool some_calls_are_lasting(const struct function_probes *probes, const struct programs *bpf)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		if (bpf->stats[probes->list[i].section_id].max_ns > LASTING_NS)
			return true;
	return false;
}

void function_probes_off(struct function_probes *probes, const struct programs *bpf)
{
	volatile struct throttle *t = &bpf->skel->bss->throttle;
	size_t i;

	if (some_calls_are_lasting(probes, bpf)) {
		t->calls_off = CALLS_NOTED;
	} else {
		t->calls_off = CALLS_COUNTED;
		t->calls_valid = t->calls_generation + 1;
	}
	for (i = 0; i < probes->nr; i++)
		function_probe_detach_ends(&probes->list[i]);
}

void function_probes_note_shares(struct function_probes *probes, const struct programs *bpf, double elapsed_ns,
				 double (*sampled_ns)(const void *ctx, __u32 section_id), const void *ctx)
{
	size_t i;

	for (i = 0; i < probes->nr; i++) {
		struct function_probe *probe = &probes->list[i];
		double timed_ns = (double)bpf->stats[probe->section_id].total_ns;

		if (probe->timed_share > 0 || !(elapsed_ns > 0))
			continue;
		probe->timed_share = timed_ns / elapsed_ns;
		if (timed_ns >= SEEN_LEAST_NS)
			probe->seen_share = sampled_ns(ctx, probe->section_id) / timed_ns;
	}
}

static void copy_probe_shares(const struct function_probe *probe, struct snapshot *snap, __u16 section)
{
	if (section >= snap->nr_sections)
		return;
	snprintf(snap->sections[section]->function, sizeof(snap->sections[section]->function), "%s", probe->function);
	snap->sections[section]->given_up_calls += probe->given_up_calls;
	snap->sections[section]->timed_share = probe->timed_share;
	snap->sections[section]->seen_share = probe->seen_share;
	snap->sections[section]->left_by_jump = probe->nr_ends && probe->nr_jumps == probe->nr_ends;
}

void function_probes_copy_shares(const struct function_probes *probes, struct snapshot *snap, const __u16 *section_index)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		copy_probe_shares(&probes->list[i], snap, section_index[probes->list[i].section_id]);
}

/* The number of all calls is unknown from now on. */
static void take_calls(struct function_probe *probe, struct section_stat *stat)
{
	probe->given_up_calls = stat->begun;
	stat->begun = 0;
}

void function_probes_give_up(struct function_probes *probes, struct programs *bpf)
{
	size_t i;

	bpf->skel->bss->throttle.calls_off = CALLS_GIVEN_UP;
	for (i = 0; i < probes->nr; i++)
		function_probe_detach_entry(&probes->list[i]);
	for (i = 0; i < probes->nr; i++)
		function_probe_detach_ends(&probes->list[i]);
	for (i = 0; i < probes->nr; i++)
		take_calls(&probes->list[i], &bpf->stats[probes->list[i].section_id]);
	probes->given_up = true;
}

/* ---- costs ---- */

bool function_probes_entries_are_stepped(const struct function_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		if (probes->list[i].entry_stepped)
			return true;
	return false;
}

bool function_probes_ends_are_stepped(const struct function_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		if (probes->list[i].end_stepped)
			return true;
	return false;
}

bool function_probes_calls_are_long(const struct function_probes *probes, const struct programs *bpf,
				    const struct calibration *costs)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		if (!function_probe_calls_are_long(&probes->list[i], &bpf->stats[probes->list[i].section_id], costs))
			return false;
	return true;
}

void function_probes_mark(const struct function_probes *probes, struct programs *bpf, enum sampled_section how)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		bpf->stats[probes->list[i].section_id].sampled = how;
}

void function_probes_close(struct function_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		function_probe_close(&probes->list[i]);
	free(probes->list);
	*probes = (struct function_probes){0};
}
