// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* probe_keeper.c - a child process that attaches probes for the sandboxed profiler: the profiler's side. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "host/probe_keeper.h"
#include "host/probe_orders.h"
#include "host/uprobe_link.h"

#define ANSWER_MS 900	/* a file may lie on a server that does not answer */

static struct probe_places noted;
static pid_t keeper;		/* 0: not started */
static int orders = -1;		/* the socket to the keeper; -1: it is lost, and no probe can be attached any more */

/* ---- noted places ---- */

static bool is_same_place(const struct noted_place *a, const struct noted_place *b)
{
	return a->prog == b->prog && a->dev == b->dev && a->ino == b->ino && a->place.pid == b->place.pid &&
	       a->place.offset == b->place.offset && a->place.semaphore == b->place.semaphore &&
	       a->place.cookie == b->place.cookie && a->place.at_return == b->place.at_return;
}

/* Returns the number of the place, or -1. */
static int find_place(const struct noted_place *place)
{
	size_t i;

	for (i = 0; i < noted.nr; i++)
		if (is_same_place(&noted.list[i], place))
			return (int)i;
	return -1;
}

/* Returns a descriptor of the file that is noted already, or -1. */
static int find_file(const struct noted_place *place)
{
	size_t i;

	for (i = 0; i < noted.nr; i++)
		if (noted.list[i].dev == place->dev && noted.list[i].ino == place->ino)
			return noted.list[i].fd;
	return -1;
}

/* Fills all but fd. */
static int describe_place(struct noted_place *to, const struct bpf_program *prog, const struct uprobe_place *place)
{
	struct stat st;

	if (stat(place->path, &st))
		return -errno;
	*to = (struct noted_place){.prog = prog, .place = *place, .dev = st.st_dev, .ino = st.st_ino, .fd = -1};
	to->place.path = NULL;
	return 0;
}

/* Places of markers are found again by their file, and those in the profiler itself need no permission. */
void probe_keeper_note(const struct bpf_program *prog, const struct uprobe_place *place)
{
	struct noted_place new;

	if (place->semaphore || place->several || place->pid == getpid() || describe_place(&new, prog, place) || find_place(&new) >= 0 ||
	    !array_reserve(noted.list, noted.nr, noted.room, 1))
		return;
	new.fd = find_file(&new);
	if (new.fd < 0)
		new.fd = open(place->path, O_PATH | O_CLOEXEC);
	if (new.fd >= 0)
		noted.list[noted.nr++] = new;
}

static void forget_places(void)
{
	size_t i, j;

	for (i = 0; i < noted.nr; i++) {
		for (j = 0; j < i && noted.list[j].fd != noted.list[i].fd; j++)
			;
		if (j == i)
			close(noted.list[i].fd);
	}
	free(noted.list);
	noted = (struct probe_places){0};
}

/* ---- life ---- */

int probe_keeper_start(const struct probe_rules *rules)
{
	pid_t profiler = getpid();
	int ends[2], pidfd;

	if (keeper)
		return fail(-EBUSY, "a process that attaches probes has been started already");
	pidfd = (int)syscall(SYS_pidfd_open, profiler, 0);
	if (pidfd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return fail(-errno, "cannot start a process that attaches probes: %s", strerror(errno));
	keeper = fork();
	if (!keeper)
		probe_orders_obey(ends[1], pidfd, profiler, rules, &noted);
	close(ends[1]);
	close(pidfd);
	if (keeper > 0) {
		orders = ends[0];
		return 0;
	}
	keeper = 0;
	close(ends[0]);
	return fail(-errno, "cannot start a process that attaches probes: %s", strerror(errno));
}

bool probe_keeper_is_started(void)
{
	return keeper;
}

static void lose_keeper(void)
{
	if (orders >= 0)
		close(orders);
	orders = -1;
}

void probe_keeper_dismiss(void)
{
	lose_keeper();
	uprobe_link_close_together();
}

void probe_keeper_end(void)
{
	probe_keeper_dismiss();
	uprobe_link_await_closers();
	while (keeper && waitpid(keeper, NULL, 0) < 0 && errno == EINTR)
		;
	keeper = 0;
	forget_places();
}

/* ---- orders ---- */

static int receive_answer(void)
{
	struct pollfd answered = {.fd = orders, .events = POLLIN};
	int answer, ready;

	do {
		ready = poll(&answered, 1, ANSWER_MS);
	} while (ready < 0 && errno == EINTR);
	if (ready == 1 && recv(orders, &answer, sizeof(answer), 0) == sizeof(answer))
		return answer;
	lose_keeper();	/* a late answer would be taken for that of the next order */
	return -ETIMEDOUT;
}

static int send_order(const struct probe_order *order)
{
	if (orders >= 0 && send(orders, order, sizeof(*order), MSG_NOSIGNAL) == sizeof(*order))
		return 0;
	lose_keeper();
	return -EPIPE;
}

int probe_keeper_attach(const struct bpf_program *prog, const struct uprobe_place *place)
{
	struct probe_order order = {.kind = PROBE_ATTACH_NOTED, .pid = place->pid, .offset = place->offset,
				    .semaphore = place->semaphore, .cookie = place->cookie};
	struct noted_place same;
	int fd = -1, err = describe_place(&same, prog, place);

	if (err)
		return err;
	order.number = place->several ? -1 : find_place(&same);
	if (order.number < 0) {
		if (place->at_return && !place->several)
			return -EPERM;
		fd = open(place->path, O_PATH | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		order.kind = place->several ? PROBE_ATTACH_GPU : PROBE_ATTACH_NEW;
		order.number = fd;
		order.at_return = place->at_return;
		if (place->several)
			order.places = *place->several;
	}
	err = send_order(&order);
	if (!err)
		err = receive_answer();
	if (fd >= 0)
		close(fd);
	return err;
}

void probe_keeper_detach(int number)
{
	const struct probe_order order = {.kind = PROBE_DETACH, .number = number};

	send_order(&order);
}
