// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * probe_orders.c - the keeper's side: obeys the profiler's orders as far as the rules permit.
 *
 * The profiler may have been taken over, so an order may hold anything. The rules and the noted places are this process's own
 * copies, made before the profiler read data of a target.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/array.h"
#include "host/probe_orders.h"
#include "host/uprobe_link.h"
#include "safety/helper.h"
#include "safety/sandbox.h"
#include "safety/sandbox_calls.h"
#include "safety/trace_right.h"

#define KEEPER_NAME "bpfprof-probes"

struct keeper {
	int socket, profiler_fd;
	pid_t profiler;
	const struct probe_rules *rules;
	const struct probe_places *places;
	int *pidfds;			/* one for each of the rules' pids */
	struct uprobe_link **links;	/* by number; NULL: detached */
	size_t nr, room;
};

/* ---- rights ---- */

#define ANY(name) {.number = SCMP_SYS(name), .argument = -1}
#define ONLY(name, nr, v) {.number = SCMP_SYS(name), .argument = nr, .mask = 0xffffffff, .value = v}
#define NONE_OF(name, nr, bits) {.number = SCMP_SYS(name), .argument = nr, .mask = bits, .value = 0}

static const struct sandbox_call calls[] = {
	ONLY(bpf, 0, BPF_LINK_CREATE), ANY(perf_event_open), ONLY(ioctl, 1, PERF_EVENT_IOC_SET_BPF),
	ONLY(ioctl, 1, PERF_EVENT_IOC_ENABLE), ONLY(ioctl, 1, PERF_EVENT_IOC_DISABLE),
	ANY(pidfd_getfd), NONE_OF(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC), ANY(read), ANY(pread64), ANY(close), ANY(fstat),
	ANY(newfstatat), SANDBOX_DESCRIPTORS, ANY(lseek), ANY(recvfrom), ANY(sendto), ANY(poll), ANY(ppoll),
	ANY(brk), ANY(munmap), ANY(mremap), ANY(madvise), NONE_OF(mmap, 2, PROT_EXEC), ANY(getpid), ANY(getuid), ANY(getgid), ANY(clock_gettime), ANY(futex),
	ANY(write), ANY(wait4), ANY(rt_sigreturn), ANY(exit), ANY(exit_group),
};

static int limit_rights(const struct keeper *keeper)
{
	int err = sandbox_capabilities(keeper->rules->capabilities);

	if (!err && !helper_end_with(keeper->profiler))
		err = -ESRCH;
	if (!err)
		err = sandbox_system_calls(calls, ARRAY_SIZE(calls));
	return err;
}

/* Links of the profiler that stayed open here would stay attached when the profiler closes them. */
static int close_others(const struct keeper *keeper)
{
	size_t i, nr = 0, most = 3 + keeper->rules->nr_pids + 2 * keeper->places->nr + 2;
	int *keep = calloc(most, sizeof(*keep));

	if (!keep)
		return -ENOMEM;
	keep[nr++] = keeper->socket;
	keep[nr++] = keeper->profiler_fd;
	keep[nr++] = bpf_program__fd(keeper->rules->marker_program);
	for (i = 0; i < ARRAY_SIZE(keeper->rules->gpu_programs); i++)
		keep[nr++] = bpf_program__fd(keeper->rules->gpu_programs[i]);
	for (i = 0; i < keeper->rules->nr_pids; i++)
		keep[nr++] = keeper->pidfds[i];
	for (i = 0; i < keeper->places->nr; i++) {
		keep[nr++] = keeper->places->list[i].fd;
		keep[nr++] = bpf_program__fd(keeper->places->list[i].prog);
	}
	helper_keep_only(keep, nr);
	free(keep);
	return 0;
}

/* ---- what the rules permit ---- */

static int open_targets(struct keeper *keeper)
{
	size_t i;

	keeper->pidfds = calloc(keeper->rules->nr_pids + 1, sizeof(*keeper->pidfds));
	if (!keeper->pidfds)
		return -ENOMEM;
	for (i = 0; i < keeper->rules->nr_pids; i++)
		keeper->pidfds[i] = (int)syscall(SYS_pidfd_open, keeper->rules->pids[i], 0);
	return 0;
}

/* Returns true if the target lives, else a process with its PID is another one, and the user may still trace it. */
static bool is_target(const struct keeper *keeper, pid_t pid)
{
	size_t i;

	for (i = 0; i < keeper->rules->nr_pids; i++) {
		struct pollfd p = {.fd = keeper->pidfds[i], .events = POLLIN};

		if (keeper->rules->pids[i] == pid)
			return trace_right_holds(pid) && p.fd >= 0 && !poll(&p, 1, 0);
	}
	return false;
}

static bool may_probe_process(const struct keeper *keeper, pid_t pid)
{
	return keeper->rules->every_process || is_target(keeper, pid);
}

static bool is_marker(const struct keeper *keeper, const char *path, const struct probe_order *order)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	bool is;

	if (fd < 0)
		return false;
	is = !fstat(fd, &st) && S_ISREG(st.st_mode) && keeper->rules->is_marker(fd, order->offset, order->semaphore);
	close(fd);
	return is;
}

/* ---- orders ---- */

/* Returns the number of the new link, or -errno. */
static int attach_place(struct keeper *keeper, const struct bpf_program *prog, const struct uprobe_place *place)
{
	struct uprobe_link *link;
	size_t i;

	for (i = 0; i < keeper->nr && keeper->links[i]; i++)
		;
	if (i == keeper->nr && !array_reserve(keeper->links, keeper->nr, keeper->room, 1))
		return -ENOMEM;
	link = uprobe_link_attach(prog, place);
	if (!link)
		return -errno;
	keeper->links[i] = link;
	keeper->nr += i == keeper->nr;
	return (int)i;
}

static void detach_link(struct keeper *keeper, __s32 number)
{
	if (number < 0 || (size_t)number >= keeper->nr)
		return;
	uprobe_link_detach(keeper->links[number]);
	keeper->links[number] = NULL;
}

/* The process may have ended since the place was checked, and another one may have its PID. */
static int attach_checked(struct keeper *keeper, const struct bpf_program *prog, const struct uprobe_place *place)
{
	int number = attach_place(keeper, prog, place);

	if (number < 0 || place->pid == UPROBE_EVERY_PROCESS || keeper->rules->every_process || is_target(keeper, place->pid))
		return number;
	detach_link(keeper, number);
	return -ESRCH;
}

static int attach_noted(struct keeper *keeper, __s32 number)
{
	const struct noted_place *noted;
	struct uprobe_place place;
	char path[32];

	if (number < 0 || (size_t)number >= keeper->places->nr)
		return -EPERM;
	noted = &keeper->places->list[number];
	if (!is_target(keeper, noted->place.pid))
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", noted->fd);
	place = noted->place;
	place.path = path;
	return attach_checked(keeper, noted->prog, &place);
}

/* The file is this process's own descriptor by now: the profiler cannot replace it after the check. */
static int attach_new(struct keeper *keeper, int fd, const struct probe_order *order)
{
	char path[32];
	const struct uprobe_place place = {.pid = order->pid, .path = path, .offset = order->offset, .semaphore = order->semaphore,
					   .cookie = order->cookie};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (order->pid == keeper->profiler && !order->semaphore)
		return attach_place(keeper, keeper->rules->marker_program, &place);
	if (!may_probe_process(keeper, order->pid) || order->cookie || !is_marker(keeper, path, order))
		return -EPERM;
	return attach_checked(keeper, keeper->rules->marker_program, &place);
}

/* The same for the functions of a GPU's driver. */
static int attach_gpu(struct keeper *keeper, int fd, const struct probe_order *order)
{
	char path[32];
	const struct uprobe_place place = {.pid = order->pid, .path = path, .several = &order->places, .at_return = order->at_return};
	const struct bpf_program *prog = keeper->rules->gpu_programs[!!order->at_return];
	int file, number = -EPERM;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	if (may_probe_process(keeper, order->pid) && keeper->rules->are_gpu_functions(file, &order->places))
		number = attach_checked(keeper, prog, &place);
	close(file);
	return number;
}

static int attach_descriptor(struct keeper *keeper, const struct probe_order *order)
{
	int fd = (int)syscall(SYS_pidfd_getfd, keeper->profiler_fd, order->number, 0), number;

	if (fd < 0)
		return -errno;
	number = order->kind == PROBE_ATTACH_GPU ? attach_gpu(keeper, fd, order) : attach_new(keeper, fd, order);
	close(fd);
	return number;
}

static void obey_order(struct keeper *keeper, const struct probe_order *order)
{
	int answer = -EINVAL;

	if (order->kind == PROBE_DETACH) {
		detach_link(keeper, order->number);
		return;
	}
	if (order->kind == PROBE_ATTACH_NOTED)
		answer = attach_noted(keeper, order->number);
	if (order->kind == PROBE_ATTACH_NEW || order->kind == PROBE_ATTACH_GPU)
		answer = attach_descriptor(keeper, order);
	send(keeper->socket, &answer, sizeof(answer), MSG_NOSIGNAL);
}

static void detach_all(struct keeper *keeper)
{
	size_t i;

	uprobe_link_close_together();
	for (i = 0; i < keeper->nr; i++)
		detach_link(keeper, (__s32)i);
	uprobe_link_await_closers();
}

void probe_orders_obey(int socket, int profiler_fd, pid_t profiler, const struct probe_rules *rules, const struct probe_places *places)
{
	struct keeper keeper = {.socket = socket, .profiler_fd = profiler_fd, .profiler = profiler, .rules = rules, .places = places};
	struct probe_order order;

	helper_begin(KEEPER_NAME);
	uprobe_link_forget_closers();
	if (open_targets(&keeper) || close_others(&keeper))
		_exit(1);
	if (places->nr)
		uprobe_link_start_closers();
	if (limit_rights(&keeper))
		_exit(1);
	while (recv(socket, &order, sizeof(order), 0) == sizeof(order))
		obey_order(&keeper, &order);
	detach_all(&keeper);
	_exit(0);
}
