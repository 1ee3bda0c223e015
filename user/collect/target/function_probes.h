/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* function_probes.h - probes on the native functions of --section, all together. */
#ifndef COLLECT_TARGET_FUNCTION_PROBES_H
#define COLLECT_TARGET_FUNCTION_PROBES_H

#include "collect/facts.h"
#include "collect/kernel/programs.h"
#include "collect/notes.h"
#include "collect/target/function_probe.h"

struct function_probes {
	struct function_probe *list;
	size_t nr, room;
	bool counted;		/* their calls are counted and not timed any more */
	__u64 looked_ns;	/* when function_notes_look() examined the mappings */
	bool given_up;		/* the functions are called too often to be probed, and are not */
};

/*
 * Probes all native functions of opts->sections in one target. Notes which they are where an option names several. A function of a
 * preset that the target does not have is no error; one that cannot be probed is noted.
 */
int function_probes_attach(struct function_probes *probes, struct programs *bpf, const struct dcbs_options *opts,
			   const struct target *target, struct notes *notes);

/* Returns true if a function of this option was found in some target. */
bool function_probes_has(const struct function_probes *probes, const struct dcbs_native_section *option);

/* Removes the probes of one process. */
void function_probes_leave(struct function_probes *probes, pid_t pid);

/* Begin an on-period and an off-period: calls are timed, or counted alone. */
int function_probes_on(struct function_probes *probes, const struct programs *bpf);
void function_probes_off(struct function_probes *probes, const struct programs *bpf);

/* Takes all probes away, those that count, too: the number of calls becomes unknown. */
void function_probes_give_up(struct function_probes *probes, struct programs *bpf);

/* Return true if some probe at an entry, or at an end, is on an instruction that the kernel has to step over. */
bool function_probes_entries_are_stepped(const struct function_probes *probes);
bool function_probes_ends_are_stepped(const struct function_probes *probes);

/* Returns true if the calls of all functions take so long that the probes hardly distort them. */
bool function_probes_calls_are_long(const struct function_probes *probes, const struct programs *bpf,
				    const struct calibration *costs);

/* Marks how the times of all probed functions are known. */
void function_probes_mark(const struct function_probes *probes, struct programs *bpf, enum sampled_section how);

void function_probes_close(struct function_probes *probes);

/*
 * To be called before calls are timed less: notes what part of the time they have had, and what samples saw of it.
 * elapsed_ns: since the session began. sampled_ns(): the most that the samples of a section may stand for.
 */
void function_probes_note_shares(struct function_probes *probes, const struct programs *bpf, double elapsed_ns,
				 double (*sampled_ns)(const void *ctx, __u32 section_id), const void *ctx);

/* Copies those parts to a snapshot. section_index[id]: index of its sections. */
void function_probes_copy_shares(const struct function_probes *probes, struct snapshot *snap, const __u16 *section_index);

#endif
