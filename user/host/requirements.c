// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* requirements.c - features of the kernel and rights that profiling needs. */
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
#include "safety/pid_namespace.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

/* CAP_SYS_ADMIN includes the finer capabilities that were split off from it. */
static enum requirement_state check_capability(cap_value_t cap, bool admin_will_do, enum requirement_state otherwise)
{
	__u64 wanted = CAPABILITY_BIT(cap) | (admin_will_do ? CAPABILITY_BIT(CAP_SYS_ADMIN) : 0);

	return capabilities_held() & wanted ? REQUIREMENT_OK : otherwise;
}

static enum requirement_state check_cap_bpf(void)
{
	return check_capability(CAP_BPF, true, REQUIREMENT_MISSING);
}

static enum requirement_state check_cap_perfmon(void)
{
	return check_capability(CAP_PERFMON, true, REQUIREMENT_MISSING);
}

static enum requirement_state check_cap_ptrace(void)
{
	return check_capability(CAP_SYS_PTRACE, false, REQUIREMENT_MISSING);
}

static enum requirement_state check_cap_search(void)
{
	return check_capability(CAP_DAC_OVERRIDE, false, check_capability(CAP_DAC_READ_SEARCH, false, REQUIREMENT_DEGRADED));
}

static enum requirement_state check_cap_restore(void)
{
	return check_capability(CAP_CHECKPOINT_RESTORE, true, REQUIREMENT_DEGRADED);
}

static enum requirement_state check_cap_admin(void)
{
	return check_capability(CAP_SYS_ADMIN, false, REQUIREMENT_DEGRADED);
}

static enum requirement_state check_btf(void)
{
	return access(BTF_PATH, R_OK) ? REQUIREMENT_MISSING : REQUIREMENT_OK;
}

static bool kernel_has_function(const char *name)
{
	return libbpf_find_vmlinux_btf_id(name, BPF_TRACE_FENTRY) > 0;
}

/* Older kernels of a distribution may have what Linux 5.18 has. */
static enum requirement_state check_helpers(void)
{
	bool found = kernel_release_at_least(5, 18) || (kernel_has_function("bpf_loop") && kernel_has_function("bpf_copy_from_user_task"));

	return found ? REQUIREMENT_OK : REQUIREMENT_MISSING;
}

/* Needs CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS. Up to 6.2 the symbol ends in _multi. */
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

static enum requirement_state check_thread_exit(void)
{
	return kernel_release_at_least(6, 16) || functions_can_be_traced() ? REQUIREMENT_OK : REQUIREMENT_DEGRADED;
}

static enum requirement_state check_single_faults(void)
{
	return kernel_release_at_least(6, 2) ? REQUIREMENT_OK : REQUIREMENT_DEGRADED;
}

static enum requirement_state check_waking(void)
{
	return libbpf_find_vmlinux_btf_id("sched_waking", BPF_TRACE_RAW_TP) > 0 ? REQUIREMENT_OK : REQUIREMENT_DEGRADED;
}

static enum requirement_state check_rss(void)
{
	return libbpf_find_vmlinux_btf_id("rss_stat", BPF_TRACE_RAW_TP) > 0 ? REQUIREMENT_OK : REQUIREMENT_DEGRADED;
}

#define UPROBE_TYPE "/sys/bus/event_source/devices/uprobe/type"

static enum requirement_state check_uprobes(void)
{
	return access(UPROBE_TYPE, R_OK) ? REQUIREMENT_MISSING : REQUIREMENT_OK;
}

/* The kernel checks the permission before the probed file, which is missing here. */
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

/* Returns true if this kernel requires CAP_SYS_ADMIN for a perf event that is a uprobe. Tries it without, for a moment. */
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

static enum requirement_state check_may_probe(void)
{
	return !uprobe_has_links() && probe_is_refused() ? REQUIREMENT_MISSING : REQUIREMENT_OK;
}

static enum requirement_state check_ticks(void)
{
	struct perf_event_attr attr = {.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return REQUIREMENT_MISSING;
	close(fd);
	return REQUIREMENT_OK;
}

/* Only Debian's kernels and related ones have levels of 3 and above: there CAP_PERFMON has no effect without CAP_SYS_ADMIN. */
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

static enum requirement_state check_paranoid(void)
{
	bool refused = requirements_are_paranoid() && check_cap_perfmon() == REQUIREMENT_OK && check_ticks() == REQUIREMENT_MISSING;

	return refused ? REQUIREMENT_MISSING : REQUIREMENT_OK;
}

/* Returns true if the first line of the file contains the word. Such settings restrict even processes with capabilities. */
static bool file_contains(const char *path, const char *word)
{
	char line[256] = "";
	FILE *f = fopen(path, "re");
	bool found = f && fgets(line, sizeof(line), f) && strstr(line, word);

	if (f)
		fclose(f);
	return found;
}

static enum requirement_state check_lockdown(void)
{
	return file_contains("/sys/kernel/security/lockdown", "[confidentiality]") ? REQUIREMENT_MISSING : REQUIREMENT_OK;
}

static enum requirement_state check_yama(void)
{
	return file_contains("/proc/sys/kernel/yama/ptrace_scope", "3") ? REQUIREMENT_MISSING : REQUIREMENT_OK;
}

static enum requirement_state check_filters(void)
{
	return access("/proc/sys/kernel/seccomp/actions_avail", F_OK) ? REQUIREMENT_DEGRADED : REQUIREMENT_OK;
}

static enum requirement_state check_return_probes(void)
{
	struct utsname u;

	return !uname(&u) && kernel_quirks_kill_at_return(u.release) ? REQUIREMENT_DEGRADED : REQUIREMENT_OK;
}

static enum requirement_state check_pid_numbers(void)
{
	return pid_namespace_has_proc() ? REQUIREMENT_OK : REQUIREMENT_MISSING;
}

static enum requirement_state check_pids_of_children(void)
{
	return pid_namespace_has_children() ? REQUIREMENT_OK : REQUIREMENT_MISSING;
}

/* On every kernel, see kernel_quirks.h. */
static enum requirement_state check_avoided(void) { return REQUIREMENT_OK; }

#define AS_ROOT "run as root: sudo dcbs-bpfprof ..., or as the end of `dcbs-bpfprof check` says"

const struct requirement requirements[] = {
	{"capability CAP_BPF", check_cap_bpf, "without it no BPF program can be loaded; " AS_ROOT, false},
	{"capability CAP_PERFMON", check_cap_perfmon,
	 "without it no program can trace the scheduler or probe a function; " AS_ROOT, false},
	{"capability CAP_SYS_PTRACE", check_cap_ptrace,
	 "without it the memory of a process cannot be read, so no sections are found; " AS_ROOT, false},
	{"BPF helpers of Linux 5.18", check_helpers, "bpf_loop and bpf_copy_from_user_task are needed; boot a newer kernel", false},
	{"kernel type information (BTF)", check_btf,
	 "use a kernel built with CONFIG_DEBUG_INFO_BTF=y; it shows as " BTF_PATH, false},
	{"kernel memory for BPF (lockdown)", check_lockdown,
	 "the kernel is locked down for confidentiality, which denies it to every process; boot with "
	 "lockdown=integrity, or none", false},
	{"memory of processes (Yama)", check_yama,
	 "kernel.yama.ptrace_scope is 3, which denies it to every process until the machine boots with another value", false},
	{PID_NAMESPACE_NUMBERS, check_pid_numbers, PID_NAMESPACE_NO_NUMBERS, false},
	{PID_NAMESPACE_HELPERS, check_pids_of_children, PID_NAMESPACE_NO_HELPERS, false},
	{"uprobes", check_uprobes, "use a kernel built with CONFIG_UPROBE_EVENTS=y", false},
	{"permission for uprobes", check_may_probe,
	 "this kernel requires CAP_SYS_ADMIN for them; run as root: sudo dcbs-bpfprof ...", false},
	{"permission for events", check_paranoid,
	 "kernel.perf_event_paranoid is above 2, where this kernel requires CAP_SYS_ADMIN; run as root, or: sudo "
	 "sysctl kernel.perf_event_paranoid=2", false},
	{"CPU clock events", check_ticks, "needs CAP_PERFMON and CONFIG_PERF_EVENTS=y", false},
	{"scheduler events", check_waking, "without the trace point sched_waking the causes of waits are unknown", true},
	{"memory events", check_rss, "without the trace point rss_stat the memory of sections is unknown", true},
	{"memory events one by one", check_single_faults,
	 "before Linux 6.2 a thread's faults are counted 64 at a time: the last of a section may count for the "
	 "next one, and growth of single calls is coarse", true},
	{"last sections of killed threads", check_thread_exit,
	 "before Linux 6.16, where kernel functions cannot be traced, up to 1 ms of sections a thread is lost "
	 "when it is killed", true},
	{"files of other users", check_cap_search,
	 "without CAP_DAC_READ_SEARCH programs and libraries in folders closed to this user are not read: "
	 "sections in them are not found, functions not named", true},
	{"files that were replaced", check_cap_restore,
	 "without CAP_CHECKPOINT_RESTORE a program or library that was replaced while it runs is not read: its "
	 "sections are not found, its functions not named", true},
	{"cost of the profiler itself", check_cap_admin,
	 "without CAP_SYS_ADMIN the kernel does not measure the profiler's programs: their cost is unknown", true},
	{"system call filters", check_filters,
	 "without CONFIG_SECCOMP_FILTER the profiler keeps its right to all system calls while it runs", true},
	{"return probes beside system call filters", check_return_probes,
	 "before Linux 6.12.14 or 6.13.3 they end a process with a filter (CVE-2025-21834): --section is refused for it", true},
	{"probes that become calls, in forked children (the profiler makes none)", check_avoided, "", true},
	{"stacks of preempted programs (the profiler's share none)", check_avoided, "", true},
};

const size_t nr_requirements = sizeof(requirements) / sizeof(requirements[0]);

int requirements_check(void)
{
	size_t i;

	for (i = 0; i < nr_requirements; i++)
		if (!requirements[i].optional && requirements[i].check() == REQUIREMENT_MISSING)
			return fail(-EPERM, "missing: %s; %s", requirements[i].name, requirements[i].otherwise);
	return 0;
}

int requirements_explain(int err, const char *action)
{
	if (err == -EPERM || err == -EACCES)
		return fail(err, "%s: %s; run as root, and see `dcbs-bpfprof check`", action, strerror(-err));
	return fail(err, "%s: %s; see `dcbs-bpfprof check`, DCBS_BPFPROF_DEBUG=1 shows the kernel's messages", action, strerror(-err));
}

/* Returns true if the process may read files that are closed to the invoker: its programs and libraries may be such. */
static bool may_read_more(pid_t pid)
{
	char status[PROC_TEXT];
	__u64 uid, caps;

	return proc_read(pid, "status", status, sizeof(status)) <= 0 || !proc_number(status, "Uid", 10, &uid) || uid != invoker_uid() ||
	       !proc_number(status, "CapEff", 16, &caps) ||
	       caps & (CAPABILITY_BIT(CAP_DAC_READ_SEARCH) | CAPABILITY_BIT(CAP_DAC_OVERRIDE));
}

/* Before Linux 5.19 every bpf() call needs a capability. */
static __u64 bpf_call_capability(void)
{
	return kernel_release_at_least(5, 19) ? 0 : CAPABILITY_BIT(CAP_BPF);
}

/* CAP_CHECKPOINT_RESTORE opens mapped files that were replaced. */
__u64 requirements_after_attach(const pid_t *pids, size_t nr_pids)
{
	__u64 keep = CAPABILITY_BIT(CAP_SYS_PTRACE) | CAPABILITY_BIT(CAP_CHECKPOINT_RESTORE);
	size_t i;

	for (i = 0; i < nr_pids; i++)
		if (may_read_more(pids[i]))
			keep |= CAPABILITY_BIT(CAP_DAC_READ_SEARCH);
	return keep | bpf_call_capability();
}

/* CAP_SYS_PTRACE takes a descriptor of the profiler, which has another user's rights or none that others may read. */
__u64 requirements_of_probes(void)
{
	__u64 keep = CAPABILITY_BIT(CAP_SYS_PTRACE) | CAPABILITY_BIT(CAP_DAC_READ_SEARCH);

	if (!uprobe_has_links())
		keep |= CAPABILITY_BIT(CAP_PERFMON) | (probes_want_admin() ? CAPABILITY_BIT(CAP_SYS_ADMIN) : 0);
	return keep | bpf_call_capability();
}
