// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* file_keeper.c - a child process that creates and names the output files of the sandboxed profiler. */
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "safety/capabilities.h"
#include "safety/file_keeper.h"
#include "safety/helper.h"
#include "safety/invoker.h"
#include "safety/sandbox.h"
#include "safety/sandbox_calls.h"
#include "safety/sandbox_folders.h"

#define KEEPER_NAME "bpfprof-files"
#define FOLDERS_MOST 128
#define SPARES_MOST 4
#define ANY(name) {.number = SCMP_SYS(name), .argument = -1}

struct order {
	__u32 file, order;
};

/* It opens files, names them, and hands them over. */
static const struct sandbox_call calls[] = {
	ANY(openat), ANY(close), ANY(fstat), ANY(newfstatat), ANY(statx), ANY(linkat), ANY(renameat), ANY(renameat2), ANY(unlinkat),
	ANY(fsync), ANY(getrandom), ANY(recvfrom), ANY(sendmsg), ANY(getpid), ANY(geteuid), ANY(brk), ANY(munmap),
	{.number = SCMP_SYS(mmap), .argument = 2, .mask = PROT_EXEC, .value = 0}, ANY(rt_sigreturn), ANY(exit_group),
};

/* Room for one descriptor beside an answer. */
union descriptor_room {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* ---- the keeper ---- */

static void send_answer(int socket, struct keeper_answer *answer)
{
	struct iovec part = {answer, sizeof(*answer)};
	union descriptor_room room = {0};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (answer->fd >= 0) {
		message.msg_control = room.bytes;
		message.msg_controllen = sizeof(room.bytes);
		*CMSG_FIRSTHDR(&message) = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
							    .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &answer->fd, sizeof(int));
	}
	sendmsg(socket, &message, MSG_NOSIGNAL);
}

static int obey_order(struct owned_file *file, __u32 order, struct keeper_answer *answer)
{
	int err = -EINVAL;

	if (order == KEEPER_COMMIT)
		return file->fd < 0 ? -EBADF : owned_file_commit(file);
	if (order == KEEPER_RENEW)
		err = owned_file_renew(file);
	if (order == KEEPER_ELSEWHERE)
		err = owned_file_elsewhere(file);
	if (!err)
		answer->fd = file->fd;
	return err;
}

static void __attribute__((noreturn)) obey_orders(int socket, struct owned_file *files, size_t nr)
{
	struct order order;
	size_t i;

	while (recv(socket, &order, sizeof(order), 0) == sizeof(order) && order.file < nr) {
		struct owned_file *file = &files[order.file];
		struct keeper_answer answer = {.file = order.file, .fd = -1};

		answer.err = obey_order(file, order.order, &answer);
		answer.moved = file->moved;
		owned_file_where(file, answer.where, sizeof(answer.where));
		send_answer(socket, &answer);
	}
	for (i = 0; i < nr; i++)
		owned_file_close(&files[i]);
	_exit(0);
}

/* Lets the keeper write in the folders of its files and in the spare ones alone. */
static void limit_to_folders(const struct owned_file *files, size_t nr)
{
	int folders[FOLDERS_MOST];
	size_t i, first, n = owned_file_spares(folders, SPARES_MOST);

	first = n;
	for (i = 0; i < nr && n < FOLDERS_MOST; i++)
		if (files[i].dir >= 0)
			folders[n++] = files[i].dir;
	if (i == nr)
		sandbox_folders(folders, n);
	for (i = 0; i < first; i++)
		close(folders[i]);
}

/* Root itself may write to folders of other users, as before. */
static __u64 kept_capabilities(void)
{
	return geteuid() || invoker_is_other() ? 0 : CAPABILITY_BIT(CAP_DAC_OVERRIDE);
}

/* ---- the profiler ---- */

int file_keeper_start(struct file_keeper *keeper, struct owned_file *files, size_t nr)
{
	int ends[2];
	size_t i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return fail(-errno, "cannot make a socket: %s", strerror(errno));
	keeper->pid = fork();
	if (!keeper->pid) {
		close(ends[0]);
		helper_begin(KEEPER_NAME);
		if (sandbox_capabilities(kept_capabilities()))
			_exit(1);
		limit_to_folders(files, nr);
		if (sandbox_system_calls(calls, ARRAY_SIZE(calls)))
			_exit(1);
		obey_orders(ends[1], files, nr);
	}
	close(ends[1]);
	if (keeper->pid < 0) {
		close(ends[0]);
		keeper->pid = 0;
		return fail(-errno, "cannot start a process for the output files: %s", strerror(errno));
	}
	keeper->socket = ends[0];
	for (i = 0; i < nr; i++) {	/* the keeper has these now */
		files[i].temporary[0] = 0;
		if (files[i].dir >= 0)
			close(files[i].dir);
		files[i].dir = -1;
	}
	return 0;
}

int file_keeper_order(const struct file_keeper *keeper, size_t file, enum keeper_order order)
{
	const struct order words = {(__u32)file, order};

	return send(keeper->socket, &words, sizeof(words), MSG_NOSIGNAL) == sizeof(words) ? 0 : -ECHILD;
}

int file_keeper_answer(const struct file_keeper *keeper, struct keeper_answer *answer, bool wait)
{
	struct iovec part = {answer, sizeof(*answer)};
	union descriptor_room room = {0};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof(room.bytes)};
	const struct cmsghdr *extra;
	ssize_t n;

	do {
		n = recvmsg(keeper->socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (n != sizeof(*answer))
		return -ECHILD;
	answer->where[sizeof(answer->where) - 1] = 0;
	answer->fd = -1;
	extra = CMSG_FIRSTHDR(&message);
	if (extra && extra->cmsg_type == SCM_RIGHTS)
		memcpy(&answer->fd, CMSG_DATA(extra), sizeof(int));
	return 0;
}

void file_keeper_end(struct file_keeper *keeper)
{
	if (!keeper->pid)
		return;
	close(keeper->socket);
	while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	keeper->pid = 0;
}
