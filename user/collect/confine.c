// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* confine.c - what a process of ours may still do once it has what it needs. */
#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "collect/confine.h"
#include "collect/confine_calls.h"
#include "collect/privilege.h"
#include "collect/uprobe.h"
#include "fail.h"
#include "invoker.h"

static __u64 bit(cap_value_t cap)
{
	return 1ULL << cap;
}

/* ---- capabilities ---- */

static int fill(cap_t caps, __u64 keep)
{
	cap_value_t cap;

	for (cap = 0; cap < cap_max_bits(); cap++)
		if (keep & bit(cap) && (cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET) ||
					cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET)))
			return -errno;
	return 0;
}

/* The bounding set needs CAP_SETPCAP; without it, no_new_privs alone keeps the door shut. */
static void empty_outer_sets(void)
{
	cap_value_t cap;

	cap_reset_ambient();
	for (cap = 0; cap < cap_max_bits(); cap++)
		cap_drop_bound(cap);
}

int confine_capabilities(__u64 keep)
{
	cap_t caps = cap_init();
	int err;

	if (!caps)
		return fail(-ENOMEM, "out of memory");
	empty_outer_sets();
	err = fill(caps, keep & privilege_capabilities());
	if (!err)
		err = invoker_become();
	if (!err && (cap_set_proc(caps) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)))
		err = fail(-errno, "cannot give up capabilities: %s", strerror(errno));
	cap_free(caps);
	return err;
}

/* ---- system calls ---- */

static int allow(scmp_filter_ctx filter, const struct confine_call *call)
{
	const struct scmp_arg_cmp only = {.arg = (unsigned int)call->argument, .op = SCMP_CMP_MASKED_EQ,
					  .datum_a = call->mask, .datum_b = call->value};

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call->number, call->argument >= 0, &only);
}

int confine_system_calls(const struct confine_call *calls, size_t nr)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	size_t i;
	int err = 0;

	if (!filter)
		return fail(-ENOMEM, "out of memory");
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (i = 0; i < nr && (!err || err == -EDOM); i++)	/* -EDOM: this machine's kind has no such call */
		err = allow(filter, &calls[i]);
	if (!err || err == -EDOM)
		err = seccomp_load(filter);
	seccomp_release(filter);
	if (err == -EINVAL || err == -ENOSYS)	/* a kernel without filters; `check` tells */
		return 0;
	return err ? fail(err, "cannot give up system calls: %s", strerror(-err)) : 0;
}

/* ---- the profiler ---- */

/* Of a process: the number behind a field of its status, in that base. */
static bool status_number(pid_t pid, const char *field, int base, __u64 *number)
{
	char path[64], line[256];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		found = !strncmp(line, field, strlen(field));
		if (found)
			*number = strtoull(line + strlen(field), NULL, base);
	}
	if (f)
		fclose(f);
	return found;
}

/* Does it read files that are closed to us? Its programs and libraries lie among them, and some come later. */
static bool reads_more_than_we(pid_t pid)
{
	__u64 uid, caps;

	return !status_number(pid, "Uid:", 10, &uid) || uid != invoker_uid() || !status_number(pid, "CapEff:", 16, &caps) ||
	       caps & (bit(CAP_DAC_READ_SEARCH) | bit(CAP_DAC_OVERRIDE));
}

/* What comes after the attach: a target's memory and files, and a probe on markers that are loaded later. */
static __u64 needed_later(const pid_t *pids, size_t nr_pids)
{
	__u64 keep = bit(CAP_SYS_PTRACE) | bit(CAP_CHECKPOINT_RESTORE);	/* the latter for mapped files that were replaced */
	size_t i;

	for (i = 0; i < nr_pids; i++)
		if (reads_more_than_we(pids[i]))
			keep |= bit(CAP_DAC_READ_SEARCH);
	if (!uprobe_has_links())
		keep |= bit(CAP_PERFMON) | (privilege_probes_want_admin() ? bit(CAP_SYS_ADMIN) : 0);
	if (!kernel_at_least(5, 19))	/* before, all calls of bpf() want it */
		keep |= bit(CAP_BPF);
	return keep;
}

int confine_profiler(const pid_t *pids, size_t nr_pids)
{
	int err = confine_capabilities(needed_later(pids, nr_pids));

#ifndef __SANITIZE_ADDRESS__	/* whose own system calls are many */
	if (!err)
		err = confine_system_calls(confine_calls, confine_nr_calls);
#endif
	return err;
}
