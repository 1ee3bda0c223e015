// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_probe.c - the probes on one native function of --section in one target. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "collect/target/function_lookup.h"
#include "collect/target/function_probe.h"
#include "host/kernel_quirks.h"

/* ---- open ---- */

/* Returns true if the kernel has to step over the instruction at that place. */
static bool is_stepped_place(const struct code_place *place)
{
	return place->size >= 2 && calibrate_is_stepped(place->bytes);
}

static int reserve_ends(struct function_probe *probe, size_t nr)
{
	probe->nr_ends = nr;
	probe->end_offsets = calloc(nr + 1, sizeof(*probe->end_offsets));
	probe->ends = calloc(nr + 1, sizeof(*probe->ends));
	return probe->end_offsets && probe->ends ? 0 : fail(-ENOMEM, "out of memory");
}

static int use_return_probe(struct function_probe *probe, const struct target *target, const struct function_places *places,
			    const char *function)
{
	int err = kernel_quirks_check_return(target->pid);

	if (err)
		return err;
	if (places->unwinds)
		return fail(-ENOTSUP, "--return-probes: %s is in a file whose code may throw exceptions, or move its stack (Go, Rust, C++): a return "
			    "probe would end the process; leave --return-probes out", function);
	probe->by_return = true;
	probe->entry_offset = places->entry;
	err = reserve_ends(probe, 1);
	if (!err)
		probe->end_offsets[0] = places->entry;
	return err;
}

static int use_exits(struct function_probe *probe, const struct function_lookup *found, const char *function)
{
	const struct function_places *places = &found->places;
	size_t i;
	int err;

	if (!places->exits_known)
		return fail(-ENOTSUP, "--section: the ends of %s cannot be found in its code: %s; time its caller, or mark it in the source%s",
			    function, places->reason, places->unwinds ? "" : ", or give --return-probes");
	err = reserve_ends(probe, places->is_empty ? 0 : places->nr_exits);
	if (err)
		return err;
	probe->entry_offset = places->entry;
	if (places->is_empty) {
		probe->cookie = CALL_COOKIE(0, 0, CALL_EMPTY);
		return 0;
	}
	memcpy(probe->end_offsets, places->exits, places->nr_exits * sizeof(*places->exits));
	for (i = 0; i < places->nr_exits; i++) {
		probe->end_stepped |= is_stepped_place(&found->exits[i]);
		probe->nr_jumps += !function_places_is_return(found->exits[i].bytes);
	}
	return 0;
}

/* A file that is mapped later cannot be checked now. */
static int check_memory(const struct function_probe *probe, const struct target *target, const struct function_lookup *found,
			const char *function)
{
	enum code_state state = code_check(target, probe->fd, &found->entry, 1);

	if (state != CODE_PATCHED && state != CODE_BREAKPOINT && !probe->by_return)
		state = code_check(target, probe->fd, found->exits, probe->nr_ends);
	if (state == CODE_BREAKPOINT)
		return fail(-ENOTSUP, "--section: %s has a breakpoint in process %d, of a debugger or of its own, which a probe would take "
			    "away; remove it first", function, target->pid);
	if (state == CODE_PATCHED)
		return fail(-ENOTSUP, "--section: process %d has changed the code of %s in its memory (a hook or a patch): a probe there would "
			    "break it", target->pid, function);
	return 0;
}

static int use_places(struct function_probe *probe, const struct target *target, const struct function_lookup *found,
		      const char *function, bool return_probes)
{
	int err;

	if (return_probes)
		err = use_return_probe(probe, target, &found->places, function);
	else
		err = use_exits(probe, found, function);
	if (!err && found->places.is_go)
		probe->cookie |= CALL_COOKIE(0, 0, CALL_GO);
	return err ? err : check_memory(probe, target, found, function);
}

int function_probe_open(struct function_probe *probe, const struct target *target, const struct found_functions *found, size_t i,
			bool return_probes)
{
	struct function_lookup *code = malloc(sizeof(*code));
	int fd = -1, err = code ? function_lookup(code, &fd, target, found, i) : fail(-ENOMEM, "out of memory");

	if (!err) {
		*probe = (struct function_probe){
			.fd = fd, .pid = target->pid, .mapped = found->file.mapped, .entry_stepped = is_stepped_place(&code->entry),
		};
		snprintf(probe->function, sizeof(probe->function), "%.*s", (int)sizeof(probe->function) - 1, code->name);
		err = use_places(probe, target, code, code->name, return_probes);
		if (err)
			function_probe_close(probe);
	}
	free(code);
	return err;
}

void function_probe_set_section(struct function_probe *probe, __u32 section_id, __u32 number)
{
	assert(section_id < BPFPROF_SECTIONS && number);
	probe->section_id = section_id;
	probe->cookie = CALL_COOKIE(section_id, number, CALL_FLAGS(probe->cookie));
}

/* ---- attach ---- */

static struct uprobe *attach_at(const struct function_probe *probe, const struct bpf_program *prog, __u64 offset, bool at_return)
{
	char path[64];
	struct uprobe_place place = {
		.pid = probe->pid, .path = path, .offset = offset, .cookie = probe->cookie, .at_return = at_return,
	};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", probe->fd);
	return uprobe_attach(prog, &place);
}

int function_probe_attach_entry(struct function_probe *probe, const struct programs *bpf)
{
	if (!probe->entry)
		probe->entry = attach_at(probe, bpf->skel->progs.on_call, probe->entry_offset, false);
	return probe->entry ? 0 : -errno;
}

int function_probe_attach_ends(struct function_probe *probe, const struct programs *bpf)
{
	const struct bpf_program *prog = probe->by_return ? bpf->skel->progs.on_return : bpf->skel->progs.on_call_end;
	size_t i;

	for (i = 0; i < probe->nr_ends; i++) {
		if (!probe->ends[i])
			probe->ends[i] = attach_at(probe, prog, probe->end_offsets[i], probe->by_return);
		if (!probe->ends[i])
			return -errno;
	}
	return 0;
}

void function_probe_detach_entry(struct function_probe *probe)
{
	uprobe_detach(probe->entry);
	probe->entry = NULL;
}

void function_probe_detach_ends(struct function_probe *probe)
{
	size_t i;

	for (i = 0; i < probe->nr_ends; i++) {
		uprobe_detach(probe->ends[i]);
		probe->ends[i] = NULL;
	}
}

void function_probe_close(struct function_probe *probe)
{
	function_probe_detach_entry(probe);
	if (probe->ends)
		function_probe_detach_ends(probe);
	free(probe->ends);
	free(probe->end_offsets);
	close(probe->fd);
}

/* The second half of the trap at the entry, stepping included, and the first half of the trap at the end: about one hit. */
double function_probe_added_ns(const struct function_probe *probe, const struct calibration *costs)
{
	return probe->entry_stepped ? costs->step_ns : costs->trap_ns;
}

bool function_probe_calls_are_long(const struct function_probe *probe, const struct section_stat *stat, const struct calibration *costs)
{
	return (double)stat->sum_ns >= SNAPSHOT_LONG_CALL * function_probe_added_ns(probe, costs) * (double)stat->count;
}
