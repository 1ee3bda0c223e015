// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* uprobe_link.c - makes the kernel's link between a BPF program and a function of a file. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/array.h"
#include "host/kernel_release.h"
#include "host/uprobe_link.h"
#include "safety/helper.h"
#include "safety/sandbox.h"
#include "safety/sandbox_calls.h"

#define CLOSERS 8
#define CLOSER_NAME "bpfprof-close"
#define UPROBE_MULTI_RETURN 1	/* of the kernel's <linux/bpf.h> */

/* The part of union bpf_attr for BPF_LINK_CREATE. */
struct link_create {
	__u32 prog_fd, target_fd, attach_type, flags;
	__u64 path, offsets, semaphores, cookies;
	__u32 nr, multi_flags, pid, pad;
};

struct uprobe_link {
	struct bpf_link *link;	/* of a perf event; NULL: it is a uprobe_multi link */
	int fd;			/* of a uprobe_multi link; -1: it is a perf event */
};

bool uprobe_has_links(void)
{
	return kernel_release_at_least(6, 12);
}

static int attach_link(const struct bpf_program *prog, const struct uprobe_place *place)
{
	const struct uprobe_places *several = place->several;
	struct link_create attr = {
		.prog_fd = (__u32)bpf_program__fd(prog),
		.attach_type = UPROBE_MULTI_TYPE,
		.path = (uintptr_t)place->path,
		.offsets = (uintptr_t)(several ? several->offsets : &place->offset),
		.semaphores = place->semaphore && !several ? (uintptr_t)&place->semaphore : 0,
		.cookies = (uintptr_t)(several ? several->cookies : &place->cookie),
		.nr = several ? several->nr : 1,
		.multi_flags = place->at_return ? UPROBE_MULTI_RETURN : 0,
		.pid = place->pid == UPROBE_EVERY_PROCESS ? 0 : (__u32)place->pid,
	};

	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

static struct bpf_link *attach_event(const struct bpf_program *prog, const struct uprobe_place *place)
{
	const struct uprobe_places *several = place->several;	/* of which there is one */
	DECLARE_LIBBPF_OPTS(bpf_uprobe_opts, opts, .ref_ctr_offset = several ? 0 : place->semaphore,
			    .bpf_cookie = several ? several->cookies[0] : place->cookie, .retprobe = place->at_return);

	return bpf_program__attach_uprobe_opts(prog, place->pid, place->path, several ? several->offsets[0] : place->offset, &opts);
}

struct uprobe_link *uprobe_link_attach(const struct bpf_program *prog, const struct uprobe_place *place)
{
	struct uprobe_link *probe = calloc(1, sizeof(*probe));
	int err;

	if (!probe)
		return NULL;
	probe->fd = -1;
	if (bpf_program__get_expected_attach_type(prog) == UPROBE_MULTI_TYPE)
		probe->fd = attach_link(prog, place);
	else
		probe->link = attach_event(prog, place);
	if (probe->fd >= 0 || probe->link)
		return probe;
	err = errno;
	free(probe);
	errno = err;
	return NULL;
}

/* ---- removal ---- */

static pid_t closers[CLOSERS];
static size_t nr_closers;
static int to_closers = -1;	/* numbers of descriptors to close; -1: there are no closers */
static int from_starter = -1;	/* the other end, which all share */
static bool closes_together;

static void __attribute__((noreturn)) close_links(int orders, pid_t starter)
{
	static const struct sandbox_call calls[] = {
		{.number = SCMP_SYS(read), .argument = -1}, {.number = SCMP_SYS(close), .argument = -1},
		{.number = SCMP_SYS(exit_group), .argument = -1},
	};
	int fd;

	helper_hide(CLOSER_NAME);
	if (sandbox_capabilities(0) || !helper_end_with(starter) || sandbox_system_calls(calls, ARRAY_SIZE(calls)))
		_exit(1);
	while (read(orders, &fd, sizeof(fd)) == sizeof(fd))
		close(fd);
	_exit(0);
}

void uprobe_link_start_closers(void)
{
	pid_t self = getpid();
	int ends[2];

	if (nr_closers || !uprobe_has_links() || pipe2(ends, O_CLOEXEC))
		return;
	while (nr_closers < CLOSERS) {
		pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

		if (!pid)
			close_links(ends[0], self);
		if (pid < 0)
			break;
		closers[nr_closers++] = pid;
	}
	if (nr_closers) {
		to_closers = ends[1];
		from_starter = ends[0];
		return;
	}
	close(ends[0]);
	close(ends[1]);
}

void uprobe_link_forget_closers(void)
{
	nr_closers = 0;
	to_closers = from_starter = -1;
}

void uprobe_link_close_together(void)
{
	closes_together = true;
}

/* If all closers have ended before their time, their work is left in the pipe. */
void uprobe_link_await_closers(void)
{
	int fd;

	closes_together = false;
	if (to_closers < 0)
		return;
	close(to_closers);
	while (nr_closers) {
		if (waitpid(closers[nr_closers - 1], NULL, 0) < 0 && errno == EINTR)
			continue;
		nr_closers--;
	}
	while (read(from_starter, &fd, sizeof(fd)) == sizeof(fd))
		close(fd);
	close(from_starter);
	to_closers = from_starter = -1;
}

void uprobe_link_close(int fd)
{
	if (!closes_together || to_closers < 0 || write(to_closers, &fd, sizeof(fd)) != sizeof(fd))
		close(fd);
}

void uprobe_link_detach(struct uprobe_link *probe)
{
	if (!probe)
		return;
	bpf_link__destroy(probe->link);
	if (probe->fd >= 0)
		uprobe_link_close(probe->fd);
	free(probe);
}
