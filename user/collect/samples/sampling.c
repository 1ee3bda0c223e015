// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sampling.c - the sampler of a session, and its knowledge of the targets. */
#include <errno.h>

#include <bpf/bpf.h>

#include "base/budget.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/target_file.h"
#include "collect/kernel/section_ids.h"
#include "collect/python/awaiting.h"
#include "collect/python/interpreter.h"
#include "collect/python/sub_gils.h"
#include "collect/samples/preset_notes.h"
#include "collect/samples/sampler.h"
#include "collect/samples/sampling.h"
#include "collect/target/publish.h"
#include "symbol/symbols.h"

#define STARTING_NS 20000000ULL		/* between searches while an interpreter is starting ... */
#define STARTING_TRIES 50		/* ... for that many searches; then ... */
#define STARTING_LATER_NS 1000000000ULL	/* ... at these intervals */
#define PLACES_BYTES 4096
#define SOON_TRIES 10			/* searches of an image without an interpreter that follow each other as soon; then ... */
#define ABSENT_NS 250000000ULL		/* ... at these intervals, and ... */
#define ABSENT_COST 100			/* ... at least this many times the CPU time that a search takes */
#define LATE_NS 200000000ULL		/* an interpreter that was found this late is noted */

static int read_target_memory(void *target, __u64 address, void *to, size_t size)
{
	return target_read(target, address, to, size);
}

static int add_section_function(struct session *session, const struct dcbs_native_section *section)
{
	__u32 section_id = section_ids_reserve_option(&session->bpf, section);

	return section_id ?
		section_functions_add(sampler_functions(session->sampler), section->function, section_ids_option_is_python(section), section_id) :
		fail(-E2BIG, "--section: more than %d sections", BPFPROF_SECTIONS - SECTION_FIRST);
}

/*
 * Adds the functions of --section: those of Python, and native ones, which may be called too often to be probed. A native function of a
 * preset that no target has is left out.
 */
static int add_section_functions(struct session *session)
{
	size_t i;
	int err = 0;

	for (i = 0; i < session->opts.nr_sections && !err; i++) {
		const struct dcbs_native_section *section = &session->opts.sections[i];

		if (!section->preset || section_ids_option_is_python(section) || function_probes_has(&session->probes, section))
			err = add_section_function(session, section);
	}
	return err;
}

int sampling_open(struct session *session, void (*find_children)(void *ctx), void *ctx)
{
	struct target_list *targets = &session->targets;
	size_t i;
	int err;

	if (session->opts.frequency_hz <= 0)
		return 0;
	err = sampler_open(&session->sampler, bpf_map__fd(session->bpf.skel->maps.samples), targets, find_children, ctx);
	if (!err)
		err = add_section_functions(session);
	for (i = 0; i < targets->nr && !err; i++) {
		targets->list[i].python_due_ns = 1;
		sampling_add_target(session, &targets->list[i], NULL);
		if (!targets->list[i].symbols && targets->list[i].pid)
			err = fail(-ENOMEM, "out of memory");
	}
	return err;
}

/* A forked child runs its parent's interpreter, which may have been found after the fork. */
void sampling_add_target(struct session *session, struct target *target, const struct target *parent)
{
	int pythons = bpf_map__fd(session->bpf.skel->maps.pythons);
	struct python_layout layout = {0};

	if (!session->sampler || !target->pid)
		return;
	if (parent && !bpf_map_lookup_elem(pythons, &parent->index, &layout))
		bpf_map_update_elem(pythons, &target->index, &layout, BPF_ANY);
	target->python_known = layout.minor;
	target->symbols = symbols_open(target->pid, &layout, read_target_memory, target);
	awaiting_forget(target, layout.minor ? clock_now_ns() : 0);
}

/*
 * An image may be searched before it is complete, and a program may load Python whenever it likes. So the search goes on as long as
 * the process lives. It is repeated soon while the image is new, and then takes at most 1/ABSENT_COST of the profiler's time.
 */
static __u64 next_search(struct target *target, int err, __u64 now, __u64 cpu_ns)
{
	__u64 wait = target->python_tries < STARTING_TRIES ? STARTING_NS : STARTING_LATER_NS;

	target->python_tries++;
	if (err == -EAGAIN || target->python_tries <= SOON_TRIES)
		return now + wait;
	return now + (cpu_ns * ABSENT_COST > ABSENT_NS ? cpu_ns * ABSENT_COST : ABSENT_NS);
}

static void note_late_python(struct session *session, const struct target *target, __u64 now)
{
	if (target->python_absent_ns && now - target->python_absent_ns > LATE_NS)
		notes_add(&session->notes, "process %d had no Python for %.1f s after it was first searched: Python functions that ran before "
			  "second %.1f of the window may be missing", target->pid, (double)(now - target->python_absent_ns) * 1e-9,
			  (double)(now - session->attached_ns) * 1e-9);
}

/* An interpreter that was found late has locks that are not known yet. */
static void use_interpreter(struct session *session, struct target *target, const struct python_layout *layout, bool late)
{
	if (late)
		publish_python(&session->bpf, target);
	if (interpreter_code(target->pid, &target->python_start, &target->python_end))
		target->python_start = target->python_end = 0;
	symbols_refresh(target->symbols, layout);
	bpf_map_update_elem(bpf_map__fd(session->bpf.skel->maps.pythons), &target->index, layout, BPF_ANY);
	target->python_known = layout->minor;
	awaiting_forget(target, clock_now_ns());
}

/* A process without Python needs no note. An interpreter whose stacks cannot be walked does: its functions will be missing. */
static void examine_interpreter(struct session *session, struct target *target, __u64 now)
{
	struct python_layout layout = {};
	char reason[256] = "";
	__u64 cpu_ns = clock_cpu_ns();
	int err = interpreter_find(target->pid, &layout, reason, sizeof(reason));
	bool again = err == -EAGAIN || err == -ENOENT || (err && err != -ENOTSUP && target->python_tries < STARTING_TRIES);

	if (target_is_gone(target)) {
		target->python_due_ns = 0;
		return;
	}
	target->python_due_ns = again ? next_search(target, err, now, clock_cpu_ns() - cpu_ns) : 0;
	if (err == -ENOENT) {
		if (!target->python_absent_ns)
			target->python_absent_ns = now;
		return;
	}
	if (err && !again && !target_ended(target))
		notes_add(&session->notes, "no Python functions of process %d: %s", target->pid, reason);
	if (!err)
		note_late_python(session, target, now);
	use_interpreter(session, target, &layout, target->python_absent_ns);
	if (!again)
		target->python_absent_ns = 0;
}

static void poll_sub_gils(struct session *session, struct target *target)
{
	struct python_layout layout;

	if (target->python_known && !target->ended &&
	    !bpf_map_lookup_elem(bpf_map__fd(session->bpf.skel->maps.pythons), &target->index, &layout))
		sub_gils_poll(target, &session->bpf.processes[target->index], &layout, bpf_map__fd(session->bpf.skel->maps.gils));
}

void sampling_poll(struct session *session)
{
	__u64 now = clock_now_ns();
	size_t i;

	if (!session->sampler)
		return;
	for (i = 0; i < session->targets.nr; i++) {
		struct target *target = &session->targets.list[i];

		if (target->python_due_ns && target->python_due_ns <= now && !target->ended)
			examine_interpreter(session, target, clock_now_ns());
		poll_sub_gils(session, target);
	}
	sampler_poll(session->sampler);
	slow_calls_look(&session->slow_calls, &session->bpf, session->sampler);
}

void sampling_forget_image(struct session *session, struct target *target)
{
	static const struct python_layout none;

	if (!session->sampler)
		return;
	sampler_poll(session->sampler);
	bpf_map_update_elem(bpf_map__fd(session->bpf.skel->maps.pythons), &target->index, &none, BPF_ANY);
	symbols_refresh(target->symbols, &none);
	sub_gils_forget(target, &session->bpf.processes[target->index], bpf_map__fd(session->bpf.skel->maps.gils));
	awaiting_forget(target, 0);
	target->python_known = false;
	target->python_due_ns = 1;
	target->python_absent_ns = 0;
	target->python_tries = 0;
}

static void note_unread_files(struct session *session)
{
	unsigned long long unanswered = target_file_unanswered(), given_up = budget_given_up();

	if (unanswered)
		notes_add(&session->notes, "files of the target did not answer within half a second (%llu tries; a server that is gone, or "
			  "slow): functions in them have no names, and markers in them are not found", unanswered);
	if (given_up)
		notes_add(&session->notes, "%llu look-ups of names were given up: the files of the target ask for more time or memory than a "
			  "profiler may take", given_up);
}

static void note_cut_maps(struct session *session)
{
	size_t i;

	for (i = 0; i < session->targets.nr; i++)
		if (session->targets.list[i].symbols && symbols_generated_cut(session->targets.list[i].symbols))
			notes_add(&session->notes, "process %d lists more functions that it compiled, in its perf map or for debuggers, than are "
				  "kept: some of them have no names", session->targets.list[i].pid);
}

/* "FILE:LINE, FILE:LINE and 3 more" */
static void list_places(const struct sampler *sampler, const struct python_places *places, char *to, size_t size)
{
	size_t i, at = 0;

	*to = 0;
	for (i = 0; i < places->nr && at < size; i++) {
		const struct snapshot_frame *frame = sampler_frame(sampler, places->frames[i]);

		at += (size_t)snprintf(to + at, size - at, "%s%s:%u", i ? ", " : "", frame->file ? frame->file : "?", frame->first_line);
	}
	if (places->all > places->nr && at < size)
		snprintf(to + at, size - at, " and %zu more", places->all - places->nr);
}

/* Notes what a name given for a Python function did not tell apart, and what it did not find. */
static void note_python_section(struct session *session, const struct dcbs_native_section *option)
{
	const struct section_functions *functions = sampler_functions(session->sampler);
	const struct section_function *f = section_functions_find(functions, option->function);
	char places[PLACES_BYTES];

	if (!f)
		return;
	if (f->perhaps.all && !option->preset) {
		list_places(session->sampler, &f->perhaps, places, sizeof(places));
		notes_add(&session->notes, "section %s: Python before 3.11 does not keep the class of a function, and its source does not "
			  "tell, so these functions were not counted: %s. Give the one that is meant by its place, as in --section "
			  "%s=python:FILE:LINE", option->name, places, option->name);
	} else if (!section_functions_has_met(functions, f) && !option->preset) {
		notes_add(&session->notes, "section %s: no sample was in a Python function %s. Functions are named as "
			  "module.function or module.Class.method, or by FILE:LINE; one that takes little time may be on no sample",
			  option->name, option->function);
	}
	if (f->suspends)
		notes_add(&session->notes, "section %s: %s is an `async def`. Samples see it only while it runs, so how long it took with its "
			  "waits is unknown; a marker in it tells: async with profiler.profile_section(\"%s\")", option->name,
			  option->function, option->name);
	if (f->counted.all > 1 && !option->preset) {
		list_places(session->sampler, &f->counted, places, sizeof(places));
		notes_add(&session->notes, "section %s: it is the sum of %zu functions of that name: %s. --section %s=python:FILE:LINE "
			  "picks one", option->name, f->counted.all, places, option->name);
	}
}

/* Names the processes in which no Python was found to the end, if the user has asked for functions of it. */
static void note_no_python(struct session *session)
{
	size_t i;

	for (i = 0; i < session->targets.nr; i++) {
		const struct target *target = &session->targets.list[i];

		if (target->pid && !target->parent && target->python_absent_ns && !target->python_known)
			notes_add(&session->notes, "no Python was seen in process %d up to the end of the window", target->pid);
	}
}

void sampling_note_missing(struct session *session)
{
	size_t i;

	note_unread_files(session);
	note_cut_maps(session);
	for (i = 0; i < session->opts.nr_sections && session->sampler; i++)
		if (section_ids_option_is_python(&session->opts.sections[i])) {
			note_no_python(session);
			note_python_section(session, &session->opts.sections[i]);
		}
	preset_notes_add(session);
}

void sampling_close(struct session *session)
{
	size_t i;

	sampler_close(session->sampler);
	session->sampler = NULL;
	for (i = 0; i < session->targets.nr; i++) {
		awaiting_forget(&session->targets.list[i], 0);
		symbols_close(session->targets.list[i].symbols);
		session->targets.list[i].symbols = NULL;
	}
}
