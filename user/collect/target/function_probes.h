/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* function_probes.h - the native functions of --section: an entry and a return probe each, all the time or in on-periods. */
#ifndef COLLECT_TARGET_FUNCTION_PROBES_H
#define COLLECT_TARGET_FUNCTION_PROBES_H

#include "collect/kernel/programs.h"
#include "collect/notes.h"
#include "collect/overhead/calibrate.h"
#include "collect/target/target.h"

struct function_probe {
	int fd;			/* of the file */
	pid_t pid;
	__u64 offset;		/* of the function in the file */
	__u32 section_id;
	bool stepped;		/* see calibrate_is_stepped() */
	struct uprobe *entry, *exit;	/* NULL during an off-period */
};

struct function_probes {
	struct function_probe *list;
	size_t nr, room;
	bool given_up;		/* the functions are called too often to be probed */
};

/* Probes all native functions of opts->sections in one target. */
int function_probes_attach(struct function_probes *probes, struct programs *bpf, const struct dcbs_options *opts,
			   const struct target *target, struct notes *notes);

/* Removes the probes of one process. */
void function_probes_leave(struct function_probes *probes, pid_t pid);

/* Begin an on-period and an off-period. */
int function_probes_on(struct function_probes *probes, const struct programs *bpf);
void function_probes_off(struct function_probes *probes, const struct programs *bpf);

/* Returns true if some probe sits on an instruction that the kernel has to step over. */
bool function_probes_are_stepped(const struct function_probes *probes);

/* Returns true if all calls take so long that the probes hardly distort them. */
bool function_probes_calls_are_long(const struct function_probes *probes, const struct programs *bpf, const struct calibration *costs);

/* Notes the functions whose calls are so short that the probes distort them. */
void function_probes_note(const struct function_probes *probes, const struct programs *bpf, const struct calibration *costs,
			  struct notes *notes);

/* ns that the probes add to the reported time of a call of that section; 0: it has no probes; NAN: unknown. */
double function_probes_added_ns(const struct function_probes *probes, const struct calibration *costs, __u32 section_id);

/* Marks the sections of all probed functions as known from samples. */
void function_probes_mark_sampled(const struct function_probes *probes, struct programs *bpf);

void function_probes_close(struct function_probes *probes);

#endif
