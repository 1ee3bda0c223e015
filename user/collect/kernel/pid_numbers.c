// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* pid_numbers.c - finds the number of a process in the initial PID namespace. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "collect/kernel/pid_numbers.h"

/* The kernel takes long to release the link, so that is left to programs_unload(). */
static int visit_tasks(const struct programs *bpf)
{
	struct bpf_link **link = &bpf->skel->links.on_iter_pid;
	char none[64];
	ssize_t n;
	int fd;

	if (!*link)
		*link = bpf_program__attach_iter(bpf->skel->progs.on_iter_pid, NULL);
	if (!*link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(*link));
	if (fd < 0)
		return fd;
	do {
		n = read(fd, none, sizeof(none));
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

int pid_numbers_find(const struct programs *bpf, pid_t pid, __u32 *tgid)
{
	volatile struct pid_space *space = &bpf->skel->bss->pid_space;
	int err;

	*tgid = (__u32)pid;
	if (!bpf_program__autoload(bpf->skel->progs.on_iter_pid))
		return 0;
	space->wanted = (__u32)pid;
	space->found = 0;
	err = visit_tasks(bpf);
	if (err)
		return fail(err, "cannot find process %d in the kernel's list: %s", pid, strerror(-err));
	if (!space->found)
		return fail(-ESRCH, "process %d has ended", pid);
	*tgid = space->found;
	return 0;
}
