// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* requirements.c - what profiling needs of this kernel and of our rights. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/error.h"
#include "base/proc.h"
#include "host/kernel_quirks.h"
#include "host/kernel_release.h"
#include "host/requirements.h"
#include "host/uprobe.h"
#include "safety/capabilities.h"
#include "safety/invoker.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

/* CAP_SYS_ADMIN stands for the finer ones, which are split off from it. */
static enum requirement_state look_cap(cap_value_t cap, bool admin_will_do, enum requirement_state otherwise)
{
	__u64 wanted = CAPABILITY_BIT(cap) | (admin_will_do ? CAPABILITY_BIT(CAP_SYS_ADMIN) : 0);

	return capabilities_held() & wanted ? REQUIREMENT_OK : otherwise;
}

static enum requirement_state look_cap_bpf(void) { return look_cap(CAP_BPF, true, REQUIREMENT_MISSING); }
static enum requirement_state look_cap_perfmon(void) { return look_cap(CAP_PERFMON, true, REQUIREMENT_MISSING); }
static enum requirement_state look_cap_ptrace(void) { return look_cap(CAP_SYS_PTRACE, false, REQUIREMENT_MISSING); }
static enum requirement_state look_cap_search(void)
{
	return look_cap(CAP_DAC_OVERRIDE, false, look_cap(CAP_DAC_READ_SEARCH, false, REQUIREMENT_DEGRADED));
}

static enum requirement_state look_cap_restore(void) { return look_cap(CAP_CHECKPOINT_RESTORE, true, REQUIREMENT_DEGRADED); }
static enum requirement_state look_cap_admin(void) { return look_cap(CAP_SYS_ADMIN, false, REQUIREMENT_DEGRADED); }
static enum requirement_state look_btf(void) { return access(BTF_PATH, R_OK) ? REQUIREMENT_MISSING : REQUIREMENT_OK; }

static enum requirement_state look_kernel(void) { return kernel_release_at_least(5, 17) ? REQUIREMENT_OK : REQUIREMENT_MISSING; }

/* With CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS; up to 6.2 the name has an end. */
static bool functions_can_be_traced(void)
{
	char line[512], name[64];
	bool found = false;
	FILE *f = fopen("/proc/kallsyms", "re");

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %*c %63s", name) == 1 &&
			(!strcmp(name, "register_ftrace_direct") || !strcmp(name, "register_ftrace_direct_multi"));
	if (f)
		fclose(f);
	return found;
}

static enum requirement_state look_last_words(void) { return kernel_release_at_least(6, 16) || functions_can_be_traced() ? REQUIREMENT_OK : REQUIREMENT_DEGRADED; }
static enum requirement_state look_single_faults(void) { return kernel_release_at_least(6, 2) ? REQUIREMENT_OK : REQUIREMENT_DEGRADED; }

static enum requirement_state look_waking(void) { return libbpf_find_vmlinux_btf_id("sched_waking", BPF_TRACE_RAW_TP) > 0 ? REQUIREMENT_OK : REQUIREMENT_DEGRADED; }
static enum requirement_state look_rss(void) { return libbpf_find_vmlinux_btf_id("rss_stat", BPF_TRACE_RAW_TP) > 0 ? REQUIREMENT_OK : REQUIREMENT_DEGRADED; }

#define UPROBE_TYPE "/sys/bus/event_source/devices/uprobe/type"

static enum requirement_state look_uprobes(void) { return access(UPROBE_TYPE, R_OK) ? REQUIREMENT_MISSING : REQUIREMENT_OK; }

/* They say so before they look at what is to be probed, here nothing. */
static bool probe_is_refused(void)
{
	struct perf_event_attr attr = {.size = sizeof(attr)};
	FILE *f = fopen(UPROBE_TYPE, "re");
	int fd = -1;

	if (f && fscanf(f, "%u", &attr.type) == 1)
		fd = (int)syscall(SYS_perf_event_open, &attr, getpid(), -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0)
		close(fd);
	if (f)
		fclose(f);
	return fd < 0 && (errno == EACCES || errno == EPERM);
}

/* Returns true if this kernel wants CAP_SYS_ADMIN for a perf event that is a uprobe: it is tried without, for a moment. */
static bool probes_want_admin(void)
{
	cap_value_t admin = CAP_SYS_ADMIN;
	cap_t before = cap_get_proc(), without = cap_get_proc();
	bool refused = true;

	if (before && without && !cap_set_flag(without, CAP_EFFECTIVE, 1, &admin, CAP_CLEAR) && !cap_set_proc(without)) {
		refused = probe_is_refused();
		cap_set_proc(before);
	}
	cap_free(before);
	cap_free(without);
	return refused;
}

static enum requirement_state look_may_probe(void) { return !uprobe_has_links() && probe_is_refused() ? REQUIREMENT_MISSING : REQUIREMENT_OK; }

static enum requirement_state look_ticks(void)
{
	struct perf_event_attr attr = {.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return REQUIREMENT_MISSING;
	close(fd);
	return REQUIREMENT_OK;
}

/* 3 and above mean something in Debian's kernels and its kin alone: without CAP_SYS_ADMIN, CAP_PERFMON does not count. */
bool requirements_are_paranoid(void)
{
	FILE *f = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	int level = 0;

	if (f && fscanf(f, "%d", &level) != 1)
		level = 0;
	if (f)
		fclose(f);
	return level > 2;
}

static enum requirement_state look_paranoid(void)
{
	return requirements_are_paranoid() && look_cap_perfmon() == REQUIREMENT_OK && look_ticks() == REQUIREMENT_MISSING ? REQUIREMENT_MISSING : REQUIREMENT_OK;
}

/* Above what a capability permits there may be rules for everybody. */
static bool file_says(const char *path, const char *word)
{
	char line[256] = "";
	FILE *f = fopen(path, "re");
	bool found = f && fgets(line, sizeof(line), f) && strstr(line, word);

	if (f)
		fclose(f);
	return found;
}

static enum requirement_state look_lockdown(void)
{
	return file_says("/sys/kernel/security/lockdown", "[confidentiality]") ? REQUIREMENT_MISSING : REQUIREMENT_OK;
}

static enum requirement_state look_yama(void) { return file_says("/proc/sys/kernel/yama/ptrace_scope", "3") ? REQUIREMENT_MISSING : REQUIREMENT_OK; }
static enum requirement_state look_filters(void) { return access("/proc/sys/kernel/seccomp/actions_avail", F_OK) ? REQUIREMENT_DEGRADED : REQUIREMENT_OK; }

static enum requirement_state look_return_probes(void)
{
	struct utsname u;

	return !uname(&u) && kernel_quirks_kill_at_return(u.release) ? REQUIREMENT_DEGRADED : REQUIREMENT_OK;
}

static enum requirement_state look_avoided(void) { return REQUIREMENT_OK; }	/* whatever the kernel is, see kernel_quirks.h */

#define AS_ROOT "run as root: sudo dcbs-bpfprof ..., or see `dcbs-bpfprof check`"

const struct requirement requirements[] = {
	{"capability CAP_BPF", look_cap_bpf, "without it no BPF program can be loaded; " AS_ROOT, false},
	{"capability CAP_PERFMON", look_cap_perfmon, "without it no program may look at the scheduler or sit on a function; " AS_ROOT, false},
	{"capability CAP_SYS_PTRACE", look_cap_ptrace, "without it the memory of a process cannot be read, so no sections are found; " AS_ROOT, false},
	{"kernel 5.17 or later", look_kernel, "boot a newer kernel (bpf_loop and task storage are needed)", false},
	{"kernel type information (BTF)", look_btf, "use a kernel built with CONFIG_DEBUG_INFO_BTF=y; it shows as " BTF_PATH, false},
	{"kernel memory for BPF (lockdown)", look_lockdown, "the kernel is locked down for confidentiality, which denies it to everybody; boot with lockdown=integrity, or none", false},
	{"memory of processes (Yama)", look_yama, "kernel.yama.ptrace_scope is 3, which denies it to everybody until the machine is booted with another", false},
	{"uprobes", look_uprobes, "use a kernel built with CONFIG_UPROBE_EVENTS=y", false},
	{"permission for uprobes", look_may_probe, "this kernel wants CAP_SYS_ADMIN for them; run as root: sudo dcbs-bpfprof ...", false},
	{"permission for events", look_paranoid, "kernel.perf_event_paranoid is above 2, where this kernel wants CAP_SYS_ADMIN; run as root, or: sudo sysctl kernel.perf_event_paranoid=2", false},
	{"CPU clock events", look_ticks, "needs CAP_PERFMON and CONFIG_PERF_EVENTS=y", false},
	{"scheduler events", look_waking, "without the trace point sched_waking it is unknown why sections wait", true},
	{"memory events", look_rss, "without the trace point rss_stat it is unknown what sections do to memory", true},
	{"memory events one by one", look_single_faults, "before Linux 6.2 a thread's faults are counted 64 at a time: the last of a section may count for the next one, and growth of single calls is coarse", true},
	{"last sections of killed threads", look_last_words, "before Linux 6.16, where kernel functions cannot be traced, up to 1 ms of sections a thread is lost when it is killed", true},
	{"files of other users", look_cap_search, "without CAP_DAC_READ_SEARCH programs and libraries in folders closed to this user are not read: sections in them are not found, functions not named", true},
	{"files that were replaced", look_cap_restore, "without CAP_CHECKPOINT_RESTORE a program or library that was replaced while it runs is not read: the same is lost for it", true},
	{"cost of the profiler itself", look_cap_admin, "without CAP_SYS_ADMIN the kernel does not measure our programs: it is unknown", true},
	{"system call filters", look_filters, "without CONFIG_SECCOMP_FILTER the profiler keeps its right to all system calls while it runs", true},
	{"return probes beside system call filters", look_return_probes, "before Linux 6.12.14 or 6.13.3 they end a process with a filter (CVE-2025-21834): --section is refused for it", true},
	{"probes that become calls, in forked children (none of ours does)", look_avoided, "", true},
	{"stacks of preempted programs (ours share none)", look_avoided, "", true},
};

const size_t nr_requirements = sizeof(requirements) / sizeof(requirements[0]);

int requirements_check(void)
{
	size_t i;

	for (i = 0; i < nr_requirements; i++)
		if (!requirements[i].optional && requirements[i].look() == REQUIREMENT_MISSING)
			return fail(-EPERM, "missing: %s; %s", requirements[i].name, requirements[i].otherwise);
	return 0;
}

int requirements_explain(int err, const char *what)
{
	if (err == -EPERM || err == -EACCES)
		return fail(err, "%s: %s; run as root, and see `dcbs-bpfprof check`", what, strerror(-err));
	return fail(err, "%s: %s; see `dcbs-bpfprof check`, DCBS_BPFPROF_DEBUG=1 shows the kernel's words", what, strerror(-err));
}

/* Returns true if the process may read files that are closed to us. Its programs and libraries lie among them, and some are loaded later. */
static bool reads_more_than_we(pid_t pid)
{
	char status[PROC_TEXT];
	__u64 uid, caps;

	return proc_read(pid, "status", status, sizeof(status)) <= 0 || !proc_number(status, "Uid", 10, &uid) || uid != invoker_uid() ||
	       !proc_number(status, "CapEff", 16, &caps) ||
	       caps & (CAPABILITY_BIT(CAP_DAC_READ_SEARCH) | CAPABILITY_BIT(CAP_DAC_OVERRIDE));
}

/* CAP_CHECKPOINT_RESTORE opens mapped files that were replaced. */
__u64 requirements_after_attach(const pid_t *pids, size_t nr_pids)
{
	__u64 keep = CAPABILITY_BIT(CAP_SYS_PTRACE) | CAPABILITY_BIT(CAP_CHECKPOINT_RESTORE);
	size_t i;

	for (i = 0; i < nr_pids; i++)
		if (reads_more_than_we(pids[i]))
			keep |= CAPABILITY_BIT(CAP_DAC_READ_SEARCH);
	if (!uprobe_has_links())
		keep |= CAPABILITY_BIT(CAP_PERFMON) | (probes_want_admin() ? CAPABILITY_BIT(CAP_SYS_ADMIN) : 0);
	if (!kernel_release_at_least(5, 19))	/* before, every call of bpf() wants it */
		keep |= CAPABILITY_BIT(CAP_BPF);
	return keep;
}
