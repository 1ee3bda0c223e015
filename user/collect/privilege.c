// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* privilege.c - may we, and can this kernel? One table of needs serves the check before a run and the command `check`. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "collect/privilege.h"
#include "collect/uprobe.h"
#include "fail.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

#define BTF_PATH "/sys/kernel/btf/vmlinux"

enum verdict { OK, DEGRADED, MISSING };

struct need {
	const char *name;
	enum verdict (*look)(void);
	const char *otherwise;	/* what is lost, or how to fix it */
	bool optional;		/* never missing, only degraded */
};

static bool have_cap(cap_value_t cap)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (caps)
		cap_get_flag(caps, cap, CAP_EFFECTIVE, &value);
	cap_free(caps);
	return value == CAP_SET;
}

/* CAP_SYS_ADMIN stands for the finer ones, which are split off from it. */
static enum verdict look_cap_bpf(void) { return have_cap(CAP_BPF) || have_cap(CAP_SYS_ADMIN) ? OK : MISSING; }
static enum verdict look_cap_perfmon(void) { return have_cap(CAP_PERFMON) || have_cap(CAP_SYS_ADMIN) ? OK : MISSING; }
static enum verdict look_cap_ptrace(void) { return have_cap(CAP_SYS_PTRACE) ? OK : MISSING; }
static enum verdict look_btf(void) { return access(BTF_PATH, R_OK) ? MISSING : OK; }

bool kernel_at_least(int major, int minor)
{
	struct utsname u;
	int a = 0, b = 0;

	return !uname(&u) && sscanf(u.release, "%d.%d", &a, &b) == 2 && (a > major || (a == major && b >= minor));
}

static enum verdict look_kernel(void) { return kernel_at_least(5, 17) ? OK : MISSING; }
static enum verdict look_last_words(void) { return kernel_at_least(6, 16) ? OK : DEGRADED; }

static enum verdict look_waking(void) { return libbpf_find_vmlinux_btf_id("sched_waking", BPF_TRACE_RAW_TP) > 0 ? OK : DEGRADED; }
static enum verdict look_rss(void) { return libbpf_find_vmlinux_btf_id("rss_stat", BPF_TRACE_RAW_TP) > 0 ? OK : DEGRADED; }

#define UPROBE_TYPE "/sys/bus/event_source/devices/uprobe/type"

static enum verdict look_uprobes(void) { return access(UPROBE_TYPE, R_OK) ? MISSING : OK; }

/* Some releases want CAP_SYS_ADMIN for a uprobe. They say so before they look at what is to be probed, here nothing. */
static enum verdict look_may_probe(void)
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
	return !uprobe_has_links() && fd < 0 && (errno == EACCES || errno == EPERM) ? MISSING : OK;
}

static enum verdict look_ticks(void)
{
	struct perf_event_attr attr = {.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return MISSING;
	close(fd);
	return OK;
}

static const struct need needs[] = {
	{"capability CAP_BPF", look_cap_bpf, "run as root: sudo dcbs-bpfprof ...", false},
	{"capability CAP_PERFMON", look_cap_perfmon, "run as root: sudo dcbs-bpfprof ...", false},
	{"capability CAP_SYS_PTRACE", look_cap_ptrace, "run as root: sudo dcbs-bpfprof ...", false},
	{"kernel 5.17 or later", look_kernel, "boot a newer kernel (bpf_loop and task storage are needed)", false},
	{"kernel type information (BTF)", look_btf, "use a kernel built with CONFIG_DEBUG_INFO_BTF=y; it shows as " BTF_PATH, false},
	{"uprobes", look_uprobes, "use a kernel built with CONFIG_UPROBE_EVENTS=y", false},
	{"permission for uprobes", look_may_probe, "this kernel wants CAP_SYS_ADMIN for them; run as root: sudo dcbs-bpfprof ...", false},
	{"CPU clock events", look_ticks, "needs CAP_PERFMON and CONFIG_PERF_EVENTS=y", false},
	{"scheduler events", look_waking, "without the trace point sched_waking it is unknown why sections wait", true},
	{"memory events", look_rss, "without the trace point rss_stat it is unknown what sections do to memory", true},
	{"last sections of killed threads", look_last_words, "before Linux 6.16, where kernel functions cannot be traced, up to 1 ms of sections a thread is lost when it is killed", true},
};

#define NR_NEEDS (sizeof(needs) / sizeof(needs[0]))

int privilege_check(void)
{
	size_t i;

	for (i = 0; i < NR_NEEDS; i++)
		if (!needs[i].optional && needs[i].look() == MISSING)
			return fail(-EPERM, "missing: %s; %s", needs[i].name, needs[i].otherwise);
	return 0;
}

int privilege_explain(int err, const char *what)
{
	if (err == -EPERM || err == -EACCES)
		return fail(err, "%s: %s; run as root, and see `dcbs-bpfprof check`", what, strerror(-err));
	return fail(err, "%s: %s; see `dcbs-bpfprof check`, DCBS_BPFPROF_DEBUG=1 shows the kernel's words", what, strerror(-err));
}

int privilege_report(FILE *out)
{
	static const char *const words[] = {"ok", "degraded", "missing"};
	int err = 0;
	size_t i;

	for (i = 0; i < NR_NEEDS; i++) {
		enum verdict v = needs[i].look();

		fprintf(out, "%-9s %s%s%s\n", words[v], needs[i].name, v == OK ? "" : ": ", v == OK ? "" : needs[i].otherwise);
		if (v == MISSING)
			err = fail(-EPERM, "this machine cannot profile: %s is missing", needs[i].name);
	}
	return err;
}
