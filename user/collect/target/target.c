// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* target.c - one profiled process, as /proc and its own memory show it. */
#include <elf.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/proc.h"
#include "base/process_memory.h"
#include "base/target_file.h"
#include "collect/target/target.h"
#include "safety/trace_right.h"

#define ENVIRONMENT_START 50	/* the field of /proc/PID/stat with its address, ... */
#define ENVIRONMENT_END 51	/* ... and with that of its end */
#define ENVIRONMENT_BYTES 65536	/* a longer one is not read to its end */
#define RANK_DIGITS 7
#define START_TOLERANCE_S 0.5	/* between the start of a process as BPF saw it and as /proc shows it, in ticks of 10 ms */

bool target_is_gone(const struct target *target)
{
	struct pollfd p = {.fd = target->pidfd, .events = POLLIN};
	const volatile struct process *process = target->process;

	return target->pidfd >= 0 && ((process && process->left) || poll(&p, 1, 0) == 1);
}

/*
 * Called after something was read by the PID, which another process gets once this one has ended and was reaped. A process that
 * has not ended now had the number all the time. What was read of one that has executed a program with more rights since is
 * thrown away as well.
 */
static bool was_ours(const struct target *target)
{
	return target->pidfd >= 0 && !target_is_gone(target);
}

/* Reads /proc/PID/FILE of the target as proc_read() does. Returns -ESRCH if the process has ended. */
static ssize_t read_proc_file(const struct target *target, const char *file, char *buf, size_t size)
{
	ssize_t n = proc_read(target->pid, file, buf, size);

	return was_ours(target) ? n : -ESRCH;
}

/* If the process cannot be read any more, the last facts stay. */
void target_refresh_comm(struct target *target)
{
	struct snapshot_target *f = &target->facts;
	char buf[sizeof(f->comm)];

	if (read_proc_file(target, "comm", buf, sizeof(buf)) > 0)
		snprintf(f->comm, sizeof(f->comm), "%.*s", (int)strcspn(buf, "\n"), buf);
}

/* Returns the number behind "NAME=" in an environment, which may be cut; -1: there is none. */
static int number_in_environment(const char *environment, size_t size, const char *name)
{
	size_t at, len = strlen(name);
	char digits[RANK_DIGITS + 1];

	for (at = 0; at < size; at += strnlen(environment + at, size - at) + 1) {
		if (strncmp(environment + at, name, len) || environment[at + len] != '=')
			continue;
		snprintf(digits, sizeof(digits), "%s", environment + at + len + 1);
		return digits[0] && strspn(digits, "0123456789") == strlen(digits) ? atoi(digits) : -1;
	}
	return -1;
}

/* Launchers of distributed runs tell each process its rank in the environment with which it is executed. */
static void refresh_rank(struct target *target)
{
	static const char *const names[] = {"RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID", "LOCAL_RANK"};
	__u64 start = proc_stat_field(target->pid, ENVIRONMENT_START), end = proc_stat_field(target->pid, ENVIRONMENT_END);
	size_t i, size = end <= start ? 0 : end - start < ENVIRONMENT_BYTES ? end - start : ENVIRONMENT_BYTES;
	char *environment = calloc(1, size + 1);

	target->facts.has_rank = false;
	for (i = 0; environment && i < ARRAY_SIZE(names) && !target->facts.has_rank; i++) {
		if (!i && target_read(target, start, environment, size))
			break;
		target->facts.rank = number_in_environment(environment, size, names[i]);
		target->facts.has_rank = target->facts.rank >= 0;
	}
	free(environment);
}

void target_refresh(struct target *target)
{
	char buf[sizeof(target->command)];
	ssize_t n, i;

	target_refresh_comm(target);
	refresh_rank(target);
	n = read_proc_file(target, "cmdline", buf, sizeof(buf));
	for (i = 0; i + 1 < n; i++)
		if (!buf[i])
			buf[i] = ' ';
	if (n > 0)
		memcpy(target->command, buf, (size_t)n + 1);
}

/* Returns Unix time. Field 22 of stat is the start in clock ticks since boot. */
/* Returns 0 if the process runs a 64-bit program. Kernel threads have no program. */
static int check_program_class(pid_t pid)
{
	unsigned char ident[EI_NIDENT] = "";
	int fd = target_file_open_program(pid);

	if (fd == -ETIMEDOUT || fd == -EAGAIN || fd == -EPIPE)
		return 0;	/* the program lies on a file system that does not answer */
	if (fd == -ENOENT && !access("/proc/self/exe", F_OK))
		return fail(-EINVAL, "process %d has no program of its own (a kernel thread, or it is just ending); give the PID of the evaluation", pid);
	if (fd < 0)
		return fail(fd, "cannot read process %d: %s; run as root, or with CAP_SYS_PTRACE (sudo dcbs-bpfprof -p %d)",
			    pid, strerror(-fd), pid);
	if (read(fd, ident, sizeof(ident)) != sizeof(ident))
		ident[EI_CLASS] = ELFCLASSNONE;
	close(fd);
	if (ident[EI_CLASS] == ELFCLASS32)
		return fail(-ENOEXEC, "process %d is a 32-bit program; only 64-bit ones can be profiled", pid);
	return 0;
}

static bool is_zombie(const char *status)
{
	return strstr(status, "\nState:\tZ");
}

static bool has_other_threads(const char *status)
{
	__u64 threads;

	return proc_number(status, "Threads", 10, &threads) && threads > 1;
}

static int check_process(pid_t pid, bool own)
{
	char buf[PROC_TEXT];
	__u64 tgid;
	int err;

	if (proc_read(pid, "status", buf, sizeof(buf)) <= 0)
		return fail(-ESRCH, "there is no process %d; see `dcbs-bpfprof list` for those that carry markers", pid);
	if (proc_number(buf, "Tgid", 10, &tgid) && (pid_t)tgid != pid)
		return fail(-EINVAL, "%d is a thread of process %d; give the process: -p %d", pid, (pid_t)tgid, (pid_t)tgid);
	if (is_zombie(buf))
		return has_other_threads(buf) ?
			fail(-ESRCH, "process %d cannot be attached to: its main thread has ended, and the kernel ties probes to it", pid) :
			fail(-ESRCH, "process %d has ended already (it is a zombie)", pid);
	err = own ? 0 : trace_right_ask(pid);
	return err && err != -ESRCH ? err : check_program_class(pid);
}

/* The descriptor comes first: what is read afterwards is of the same process if that has not ended by then. */
int target_open(struct target *target, pid_t pid, bool own)
{
	int opened, err;

	memset(target, 0, sizeof(*target));
	target->pid = target->facts.pid = pid;
	target->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	opened = target->pidfd < 0 ? -errno : 0;
	err = check_process(pid, own);
	if (!err && opened)
		err = fail(opened, "cannot open process %d: %s", pid, strerror(-opened));
	if (!err) {
		target->facts.started_at = proc_start_time(pid);
		target_refresh(target);
	}
	if (!err && !was_ours(target))
		err = fail(-ESRCH, "process %d has ended", pid);
	if (err)
		target_close(target);
	return err;
}

int target_open_child(struct target *target)
{
	target->pidfd = (int)syscall(SYS_pidfd_open, target->pid, 0);
	if (target->pidfd < 0)
		return -errno;
	if (fabs(proc_start_time(target->pid) - clock_unix_s(target->born_ns)) < START_TOLERANCE_S)
		return 0;
	target_close(target);
	return -ESRCH;
}

static __u64 time_namespace_id(pid_t pid, const char *which)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, which);
	return stat(path, &st) ? 0 : (__u64)st.st_ino;
}

/* timens_offsets describes the namespace in which its children will be. Mostly that is its own. */
long long target_clock_offset(pid_t pid)
{
	long long seconds = 0, ns = 0;
	char buf[256], *p;

	if (proc_read(pid, "timens_offsets", buf, sizeof(buf)) <= 0 || !(p = strstr(buf, "monotonic")) ||
	    sscanf(p, "monotonic %lld %lld", &seconds, &ns) != 2)
		return 0;
	if (time_namespace_id(pid, "time") != time_namespace_id(pid, "time_for_children"))
		return 0;
	return seconds ? seconds : ns;
}

int target_check_clock(const struct target *target)
{
	char buf[4096];

	if (target_clock_offset(target->pid))
		return fail(-EOPNOTSUPP, "process %d is in a time namespace, where the clock is not the kernel's: its sections cannot "
			    "be timed; start it in the machine's own", target->pid);
	if (read_proc_file(target, "status", buf, sizeof(buf)) > 0 && strstr(buf, "\nSeccomp:\t1\n"))
		return fail(-EOPNOTSUPP, "process %d is in seccomp's strict mode, where reading the clock would end it: its sections cannot "
			    "be timed", target->pid);
	return 0;
}

void target_close(struct target *target)
{
	if (target->pidfd >= 0)
		close(target->pidfd);
	target->pidfd = -1;
}

bool target_ended(struct target *target)
{
	if (!target->pid)
		return true;
	if (!target->ended && !target->born_ns && target_is_gone(target))
		target->ended = true;
	return target->ended;
}

int target_peek(pid_t pid, __u64 address, void *dst, size_t size)
{
	return process_memory_read(pid, address, dst, size);
}

int target_read(const struct target *target, __u64 address, void *dst, size_t size)
{
	int err = target_peek(target->pid, address, dst, size);

	return was_ours(target) ? err : -ESRCH;
}

int target_find_marker(const struct target *target, struct marker *marker)
{
	struct marker copies[MARKER_COPIES];
	int i, n = marker_object_find(target->pid, copies), chosen = -1, err = 0;

	for (i = 0; i < n; i++) {
		struct dcbs_state state;

		if (copies[i].abi != DCBS_ABI) {
			err = fail(-EPROTO, "process %d carries markers of layout %u (%s), this dcbs-bpfprof reads layout %d: use the one "
				   "they were built with", target->pid, copies[i].abi, copies[i].path, DCBS_ABI);
			continue;
		}
		/* The copy that leads has its own address in `leader`. A copy that has not started has 0, and leads if it is alone. */
		if (target_read(target, copies[i].state, &state, offsetof(struct dcbs_state, names)) ||
		    state.magic != DCBS_STATE_MAGIC)
			continue;
		if (state.leader == copies[i].state || (!state.leader && chosen < 0)) {
			chosen = i;
			if (state.leader)
				break;
		}
	}
	for (i = 0; i < n; i++)
		if (i != chosen)
			marker_object_close(&copies[i]);
	if (chosen < 0)
		return err;
	*marker = copies[chosen];
	return 1;
}

int target_each_record(const struct target *target, int (*visit)(void *ctx, __u64 address, const struct dcbs_record *record),
		       void *ctx)
{
	struct dcbs_state state;
	struct dcbs_record r;
	int n, err = 0;
	__u64 at;

	if (!target->state || target_read(target, target->state, &state, offsetof(struct dcbs_state, names)))
		return 0;
	for (at = state.records, n = 0; at && n < TARGET_RECORDS && !err; at = r.next, n++) {
		if (target_read(target, at, &r, sizeof(r)) || r.magic != DCBS_RECORD_MAGIC)
			return n;
		err = visit(ctx, at, &r);
	}
	return err ? err : n;
}

struct mapped_base_search {
	const char *base;
	bool found;
};

static bool note_mapped_base(void *ctx, const struct proc_mapping *map)
{
	struct mapped_base_search *search = ctx;
	const char *last = strrchr(map->path, '/');

	search->found = last && !strncmp(last + 1, search->base, strlen(search->base));
	return !search->found;
}

bool target_maps(const struct target *target, const char *base)
{
	struct mapped_base_search search = {.base = base};

	proc_each_mapping(target->pid, note_mapped_base, &search);
	return search.found && was_ours(target);
}

static __s64 status_bytes(const char *status, const char *name)
{
	__u64 kib;

	return proc_number(status, name, 10, &kib) ? (__s64)(kib * 1024) : DCBS_UNKNOWN;
}

__u64 target_faults(const struct target *target)
{
	__u64 faults = proc_stat_field(target->pid, 10) + proc_stat_field(target->pid, 12);

	return was_ours(target) ? faults : 0;
}

void target_rss(const struct target *target, __s64 *now_bytes, __s64 *peak_bytes)
{
	char buf[4096] = "";

	if (read_proc_file(target, "status", buf, sizeof(buf)) <= 0)
		buf[0] = 0;
	*now_bytes = status_bytes(buf, "VmRSS");
	*peak_bytes = status_bytes(buf, "VmHWM");
}
