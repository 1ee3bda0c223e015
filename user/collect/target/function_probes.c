// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_probes.c - the functions of --section: an entry and a return probe each, all the time or now and then. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "host/kernel_quirks.h"
#include "collect/state.h"
#include "base/error.h"
#include "base/sanitize.h"
#include "symbol/find_function.h"

struct native_section {
	int fd;			/* of the file */
	pid_t pid;
	__u64 offset;
	__u32 section_id;
	bool stepped;		/* see probe_is_stepped() */
	struct uprobe *entry, *leave;	/* NULL: it is not watched */
};

bool attach_is_python(const struct dcbs_native_section *section)
{
	return !strcmp(section->binary, "python");
}

__u32 section_id_of_option(struct session *session, const struct dcbs_native_section *section)
{
	struct section_name key = {.kind = DCBS_NAME_SECTION};
	__u32 section_id;

	snprintf(key.text, sizeof(key.text), "%s", section->name);
	section_id = section_id_reserve(session, &key);
	if (section_id && attach_is_python(section))
		session->stats[section_id].sampled = SAMPLED;
	return section_id;
}

/* The return first: an entry that is seen must not miss its return. */
static int watch(struct session *session, struct native_section *native)
{
	char path[64];
	struct uprobe_place place = {.pid = native->pid, .path = path, .offset = native->offset, .cookie = native->section_id, .at_return = true};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", native->fd);
	native->leave = uprobe_attach(session->skel->progs.on_return, &place);
	if (!native->leave)
		return -errno;
	place.at_return = false;
	native->entry = uprobe_attach(session->skel->progs.on_call, &place);
	return native->entry ? 0 : -errno;
}

static void leave(struct native_section *native)
{
	uprobe_detach(native->entry);
	uprobe_detach(native->leave);
	native->leave = native->entry = NULL;
}

static struct native_section *new_native(struct session *session)
{
	struct native_section *grown = realloc(session->native, (session->nr_native + 1) * sizeof(*grown));

	if (!grown)
		return NULL;
	session->native = grown;
	grown += session->nr_native++;
	*grown = (struct native_section){.fd = -1};
	return grown;
}

static int attach_native(struct session *session, struct target *target, const struct dcbs_native_section *section)
{
	struct native_function function;
	struct native_section *native;
	unsigned char code[2];
	int err;

	err = kernel_quirks_check_return(target->pid);
	if (err)
		return err;
	err = native_function_find(&function, target->pid, section->binary, section->function);
	if (err)
		return err;
	native = new_native(session);
	if (!native) {
		close(function.fd);
		return fail(-ENOMEM, "out of memory");
	}
	*native = (struct native_section){
		.fd = function.fd, .pid = target->pid, .offset = kernel_quirks_behind_nop(function.fd, function.offset),
		.section_id = section_id_of_option(session, section),
	};
	native->stepped = pread(native->fd, code, sizeof(code), (off_t)native->offset) == sizeof(code) && probe_is_stepped(code);
	if (!native->section_id)
		return fail(-E2BIG, "--section: more than %d sections", BPFPROF_SECTIONS - 2);
	err = watch(session, native);
	return err ? fail(err, "cannot attach to %s: %s%s", section->function, strerror(-err), attach_hint(-err)) : 0;
}

int attach_native_sections(struct session *session, struct target *target)
{
	size_t i;
	int err = 0;

	for (i = 0; i < session->opts.nr_sections && !err; i++)
		if (!attach_is_python(&session->opts.sections[i]))
			err = attach_native(session, target, &session->opts.sections[i]);
	if (session->has_function_probes && !err && target_maps(target, "libstdc++.so"))
		session_note(session, "process %d runs C++: an exception that passes through a --section function ends it", target->pid);
	return err;
}

static void leave_all(struct session *session)
{
	size_t i;

	for (i = 0; i < session->nr_native; i++)
		leave(&session->native[i]);
}

int native_watch(struct session *session)
{
	volatile struct throttle *t = &session->skel->bss->throttle;
	int err = 0;
	size_t i;

	t->calls_generation++;
	t->calls_off = 0;
	for (i = 0; i < session->nr_native && !err; i++)
		err = watch(session, &session->native[i]);
	return err;
}

/* The end of the trap at its entry, stepping included, and the beginning of the one at its return: about as much as one hit. */
static double probe_ns(const struct session *session, const struct native_section *native)
{
	return native->stepped ? session->step_ns : session->trap_ns;
}

bool native_are_stepped(const struct session *session)
{
	size_t i;

	for (i = 0; i < session->nr_native && !session->native[i].stepped; i++)
		;
	return i < session->nr_native;
}

bool native_are_long(const struct session *session)
{
	size_t i;

	for (i = 0; i < session->nr_native; i++) {
		const struct native_section *native = &session->native[i];
		const struct section_stat *stat = &session->stats[native->section_id];

		if (!((double)stat->sum_ns >= SNAPSHOT_LONG_CALL * probe_ns(session, native) * (double)stat->count))
			return false;
	}
	return true;
}

void native_note_probes(struct session *session)
{
	size_t i;

	for (i = 0; i < session->nr_native; i++) {
		const struct native_section *native = &session->native[i];
		const struct section_stat *stat = &session->stats[native->section_id];
		double add_ns = probe_ns(session, native);
		struct section_name name;
		char *text;

		if (!stat->count || !((double)stat->sum_ns < SNAPSHOT_LONG_CALL * add_ns * (double)stat->count) ||
		    bpf_map_lookup_elem(bpf_map__fd(session->skel->maps.section_names), &native->section_id, &name))
			continue;
		text = sanitize(name.text, sizeof(name.text));
		session_note(session, "%s: its probes make each call, and what is told of it, about %.1f us longer", text ? text : "--section",
			     add_ns * 1e-3);
		free(text);
	}
}

double native_probe_ns(const struct session *session, __u32 section_id)
{
	double most = 0;
	size_t i;

	for (i = 0; i < session->nr_native; i++)
		if (session->native[i].section_id == section_id && !(probe_ns(session, &session->native[i]) <= most))
			most = probe_ns(session, &session->native[i]);
	return most;
}

void native_are_sampled(struct session *session)
{
	size_t i;

	for (i = 0; i < session->nr_native; i++)
		session->stats[session->native[i].section_id].sampled = SAMPLED;
}

void native_rest(struct session *session)
{
	session->skel->bss->throttle.calls_off = 1;
	leave_all(session);
}

void native_close(struct session *session)
{
	size_t i;

	leave_all(session);
	for (i = 0; i < session->nr_native; i++)
		close(session->native[i].fd);
	free(session->native);
	session->native = NULL;
	session->nr_native = 0;
}
