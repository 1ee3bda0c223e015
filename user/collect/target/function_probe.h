/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * function_probe.h - the probes on one native function of --section in one target.
 *
 * By default a function has a probe at its entry and one at each place where it is left: its return instructions and its jumps
 * to other functions. They change nothing in the target but the instructions under them. A return probe (--return-probes) is
 * cheaper, but it replaces the return address on the target's stack, which fibers, exceptions and runtimes that look at stacks
 * do not survive.
 *
 * The entry alone counts the calls. The probes at the ends are attached all the time or in on-periods.
 */
#ifndef COLLECT_TARGET_FUNCTION_PROBE_H
#define COLLECT_TARGET_FUNCTION_PROBE_H

#include "collect/kernel/programs.h"
#include "collect/overhead/calibrate.h"
#include "collect/target/target.h"
#include "dcbs/profiler.h"
#include "symbol/find_function.h"

struct function_probe {
	int fd;				/* of the file that holds the function */
	pid_t pid;
	char function[SNAPSHOT_FUNCTION_NAME];	/* its name, demangled */
	const struct dcbs_native_section *option;	/* that names it */
	bool mapped;			/* the process has, or had, mapped the file */
	__u32 section_id;
	__u64 cookie;			/* CALL_COOKIE() */
	__u64 entry_offset;		/* in the file, like all of the following */
	__u64 *end_offsets;		/* one for each end; with a return probe the function's entry */
	size_t nr_ends;			/* 0: the function never returns */
	bool by_return;			/* the end is a return probe */
	bool entry_stepped, end_stepped;	/* see calibrate_is_stepped() */
	__u64 given_up_calls;		/* calls that began before the probes were given up */
	double timed_share;		/* time in the section by the time that all calls were timed, until they were not; 0: unknown */
	double seen_share;		/* see struct snapshot_section */
	size_t nr_jumps;		/* of the ends: jumps to other functions */
	struct uprobe *entry;
	struct uprobe **ends;		/* NULL each during an off-period */
};

/* Finds where one of the functions is left. Returns -errno and a line that says why it cannot be probed. */
int function_probe_open(struct function_probe *probe, const struct target *target, const struct found_functions *found, size_t i,
			bool return_probes);
void function_probe_close(struct function_probe *probe);

/* The function's calls count for that section. number: from 1. */
void function_probe_set_section(struct function_probe *probe, __u32 section_id, __u32 number);

/* Attach and detach the probe that counts calls, and those that see their ends. Return -errno. */
int function_probe_attach_entry(struct function_probe *probe, const struct programs *bpf);
int function_probe_attach_ends(struct function_probe *probe, const struct programs *bpf);
void function_probe_detach_entry(struct function_probe *probe);
void function_probe_detach_ends(struct function_probe *probe);

/* Returns the ns that the probes add to the reported time of a call; NAN: unknown. */
double function_probe_added_ns(const struct function_probe *probe, const struct calibration *costs);

/* Returns true if the mean call takes many times as long as its probes add. Returns false if the cost of a probe is unknown. */
bool function_probe_calls_are_long(const struct function_probe *probe, const struct section_stat *stat,
				   const struct calibration *costs);

#endif
