// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* load.c - the BPF programs and maps, as many as this kernel takes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "host/kernel_release.h"
#include "host/requirements.h"
#include "collect/state.h"
#include "base/error.h"

/* What libbpf says when a load fails is for the developer; the user gets one line from us. */
static int libbpf_quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level == LIBBPF_WARN && getenv("DCBS_BPFPROF_DEBUG"))
		return vfprintf(stderr, fmt, args);
	return 0;
}

static size_t processes_bytes(const struct session *session)
{
	return bpf_map__max_entries(session->skel->maps.processes) * sizeof(struct process);
}

static int map_processes(struct session *session)
{
	void *at = mmap(NULL, processes_bytes(session), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(session->skel->maps.processes), 0);

	if (at == MAP_FAILED)
		return fail(-errno, "cannot map the processes: %s", strerror(errno));
	session->processes = at;
	return 0;
}

static void reserve_sections(struct session *session)
{
	struct section_name other = {.text = "(other)", .kind = DCBS_NAME_SECTION};
	__u32 section_id = SECTION_OTHER;

	bpf_map_update_elem(bpf_map__fd(session->skel->maps.section_ids), &other, &section_id, BPF_ANY);
	bpf_map_update_elem(bpf_map__fd(session->skel->maps.section_names), &section_id, &other, BPF_ANY);
	session->skel->bss->counters.section_ids_used = SECTION_FIRST;
	session->skel->bss->rss_locals_fd = bpf_map__fd(session->skel->maps.rss_locals);
}

static int load_programs(struct session *session, size_t nr_targets, pid_t only, const struct choice *choice)
{
	int err;

	session->skel = bpfprof__open();
	if (!session->skel)
		return -errno;
	configure(session, nr_targets, only, choice);
	err = bpfprof__load(session->skel);
	if (!err)
		return 0;
	bpfprof__destroy(session->skel);
	session->skel = NULL;
	return err;
}

/* All that this kernel lets us load: what is given up first is missed least. Nearly always the first try is the last. */
int session_load(struct session *session, size_t nr_targets, pid_t only)
{
	const bool old = !kernel_release_at_least(6, 16);	/* later ones tell by a trace point what we want of functions */
	const struct choice choices[] = {
		{.fentry = old, .memory = true, .waking = true},
		{.fentry = false, .memory = true, .waking = true},
		{.fentry = old, .memory = false, .waking = true},
		{.fentry = false, .memory = false, .waking = true},
		{.fentry = false, .memory = false, .waking = false},
	};
	size_t i;
	int err;

	libbpf_set_print(libbpf_quiet);
	for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		err = load_programs(session, nr_targets, only, &choices[i]);
		if (!err || err == -EPERM)
			break;
	}
	if (err)
		return requirements_explain(err, "cannot load the BPF programs");
	reserve_sections(session);
	err = map_processes(session);
	return err ? err : stat_maps_open(session);
}

void session_unload(struct session *session)
{
	if (session->processes)
		munmap(session->processes, processes_bytes(session));
	session->processes = NULL;
	stat_maps_close(session);
	bpfprof__destroy(session->skel);
	session->skel = NULL;
}
