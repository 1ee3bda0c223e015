// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_probes.c - the native functions of --section: an entry and a return probe each. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "base/error.h"
#include "base/sanitize.h"
#include "collect/kernel/links.h"
#include "collect/kernel/section_ids.h"
#include "collect/target/function_probes.h"
#include "host/kernel_quirks.h"
#include "symbol/find_function.h"

/* ---- one function ---- */

/* The return probe first: an entry that is seen must not miss its return. */
static int attach_pair(struct function_probe *probe, const struct programs *bpf)
{
	char path[64];
	struct uprobe_place place = {
		.pid = probe->pid, .path = path, .offset = probe->offset, .cookie = probe->section_id, .at_return = true,
	};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", probe->fd);
	probe->exit = uprobe_attach(bpf->skel->progs.on_return, &place);
	if (!probe->exit)
		return -errno;
	place.at_return = false;
	probe->entry = uprobe_attach(bpf->skel->progs.on_call, &place);
	return probe->entry ? 0 : -errno;
}

static void detach_pair(struct function_probe *probe)
{
	uprobe_detach(probe->entry);
	uprobe_detach(probe->exit);
	probe->exit = probe->entry = NULL;
}

static bool begins_stepped(const struct function_probe *probe)
{
	unsigned char code[2];

	return pread(probe->fd, code, sizeof(code), (off_t)probe->offset) == sizeof(code) && calibrate_is_stepped(code);
}

static int attach_function(struct function_probes *probes, struct programs *bpf, const struct target *target,
			   const struct dcbs_native_section *option)
{
	struct found_function function;
	struct function_probe *probe;
	int err;

	err = kernel_quirks_check_return(target->pid);
	if (!err)
		err = find_function(&function, target->pid, option->binary, option->function);
	if (err)
		return err;
	if (!array_reserve(probes->list, probes->nr, probes->room, 1)) {
		close(function.fd);
		return fail(-ENOMEM, "out of memory");
	}
	probe = &probes->list[probes->nr++];
	*probe = (struct function_probe){
		.fd = function.fd, .pid = target->pid, .offset = kernel_quirks_behind_nop(function.fd, function.offset),
		.section_id = section_ids_reserve_option(bpf, option),
	};
	probe->stepped = begins_stepped(probe);
	if (!probe->section_id)
		return fail(-E2BIG, "--section: more than %d sections", BPFPROF_SECTIONS - SECTION_FIRST);
	err = attach_pair(probe, bpf);
	return err ? fail(err, "cannot attach to %s: %s%s", option->function, strerror(-err), links_hint(-err)) : 0;
}

/* ---- all of them ---- */

int function_probes_attach(struct function_probes *probes, struct programs *bpf, const struct dcbs_options *opts,
			   const struct target *target, struct notes *notes)
{
	size_t i;
	int err = 0;

	for (i = 0; i < opts->nr_sections && !err; i++)
		if (!section_option_is_python(&opts->sections[i]))
			err = attach_function(probes, bpf, target, &opts->sections[i]);
	if (bpf->probe_functions && !err && target_maps(target, "libstdc++.so"))
		notes_add(notes, "process %d runs C++: an exception that passes through a --section function ends it", target->pid);
	return err;
}

void function_probes_leave(struct function_probes *probes, pid_t pid)
{
	size_t i, kept = 0;

	for (i = 0; i < probes->nr; i++) {
		if (probes->list[i].pid != pid) {
			probes->list[kept++] = probes->list[i];
			continue;
		}
		detach_pair(&probes->list[i]);
		close(probes->list[i].fd);
	}
	probes->nr = kept;
}

static void detach_all(struct function_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		detach_pair(&probes->list[i]);
}

int function_probes_on(struct function_probes *probes, const struct programs *bpf)
{
	volatile struct throttle *t = &bpf->skel->bss->throttle;
	int err = 0;
	size_t i;

	t->calls_generation++;
	t->calls_off = 0;
	for (i = 0; i < probes->nr && !err; i++)
		err = attach_pair(&probes->list[i], bpf);
	return err;
}

void function_probes_off(struct function_probes *probes, const struct programs *bpf)
{
	bpf->skel->bss->throttle.calls_off = 1;
	detach_all(probes);
}

/* ---- what they add to a call ---- */

/* The end of the trap at the entry, stepping included, and the beginning of the one at the return: about as much as one hit. */
static double added_ns(const struct function_probe *probe, const struct calibration *costs)
{
	return probe->stepped ? costs->step_ns : costs->trap_ns;
}

bool function_probes_are_stepped(const struct function_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		if (probes->list[i].stepped)
			return true;
	return false;
}

/* The mean call is many times as long as its probes. Not so if the cost of a probe is unknown. */
static bool calls_are_long(const struct function_probe *probe, const struct section_stat *stat, const struct calibration *costs)
{
	return (double)stat->sum_ns >= SNAPSHOT_LONG_CALL * added_ns(probe, costs) * (double)stat->count;
}

bool function_probes_calls_are_long(const struct function_probes *probes, const struct programs *bpf, const struct calibration *costs)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		if (!calls_are_long(&probes->list[i], &bpf->stats[probes->list[i].section_id], costs))
			return false;
	return true;
}

void function_probes_note(const struct function_probes *probes, const struct programs *bpf, const struct calibration *costs,
			  struct notes *notes)
{
	int names = bpf_map__fd(bpf->skel->maps.section_names);
	size_t i;

	for (i = 0; i < probes->nr; i++) {
		const struct function_probe *probe = &probes->list[i];
		const struct section_stat *stat = &bpf->stats[probe->section_id];
		double add_ns = added_ns(probe, costs);
		struct section_name name;
		char *text;

		if (!stat->count || isnan(add_ns) || calls_are_long(probe, stat, costs) ||
		    bpf_map_lookup_elem(names, &probe->section_id, &name))
			continue;
		text = sanitize(name.text, sizeof(name.text));
		notes_add(notes, "%s: its probes make each call, and what is reported of it, about %.1f us longer",
			  text ? text : "--section", add_ns * 1e-3);
		free(text);
	}
}

double function_probes_added_ns(const struct function_probes *probes, const struct calibration *costs, __u32 section_id)
{
	double most = 0;
	size_t i;

	for (i = 0; i < probes->nr; i++) {
		const struct function_probe *probe = &probes->list[i];

		if (probe->section_id == section_id && !(added_ns(probe, costs) <= most))
			most = added_ns(probe, costs);
	}
	return most;
}

void function_probes_mark_sampled(const struct function_probes *probes, struct programs *bpf)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		bpf->stats[probes->list[i].section_id].sampled = SAMPLED;
}

void function_probes_close(struct function_probes *probes)
{
	size_t i;

	detach_all(probes);
	for (i = 0; i < probes->nr; i++)
		close(probes->list[i].fd);
	free(probes->list);
	*probes = (struct function_probes){0};
}
