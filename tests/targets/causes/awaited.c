// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * awaited.c - waits of every kind, each in a section of its own, and what each of them is a wait for.
 *
 *     awaited [--calls N]
 *
 * The table at the end lists the kinds. A wait takes WAIT_NS: a helper thread, a child, or a limit of time ends it. The JSON line
 * has, besides the sections, "causes": {"NAME": the entry of the ledger or its part that the wait belongs to}. A kind that this
 * kernel lacks has no section, and neither has a device without the right to make one.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "awaited_files.h"
#include "measured_call.h"
#include "uring.h"

#define WAIT_NS 10000000ULL
#define WAIT_MS ((int)(WAIT_NS / 1000000))

static struct ring ring;
static int semaphores;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char lock_path[] = "/tmp/awaited-XXXXXX";

/* ---- the helper ---- */

static const int *helped;
static sem_t begun;

static void *write_later(void *arg)
{
	truth_sleep_ns(WAIT_NS);
	make_ready(helped);
	return arg;
}

/* Makes the file ready in a while. */
static pthread_t help(const int *files)
{
	struct itimerspec in = {.it_value.tv_nsec = (long)WAIT_NS};
	pthread_t thread;

	helped = files;
	if (files == timer_files)
		timerfd_settime(timer_files[0], 0, &in, NULL);
	if (pthread_create(&thread, NULL, write_later, NULL))
		exit(1);
	return thread;
}

/* ---- ways to wait for a file ---- */

static void wait_by_read(const int *files)
{
	take_input(files);
}

static void wait_by_poll(const int *files)
{
	struct pollfd set[2] = {{.fd = idle_pipe[0]}, {.fd = files[0], .events = POLLIN}};

	poll(files == pipe_files ? set : set + 1, files == pipe_files ? 2 : 1, -1);
	take_input(files);
}

static void wait_by_select(const int *files)
{
	struct timeval limit = {.tv_sec = 10};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(files[0], &set);
	select(files[0] + 1, &set, NULL, NULL, &limit);
	take_input(files);
}

/* The set has another file besides, as those of event loops do. */
static void wait_by_epoll(const int *files)
{
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(0);

	epoll_ctl(set, EPOLL_CTL_ADD, files[0], &event);
	epoll_ctl(set, EPOLL_CTL_ADD, idle_pipe[0], &event);
	epoll_wait(set, &event, 1, 10000);
	close(set);
	take_input(files);
}

static void read_by_ring(const int *files, uint8_t flags)
{
	static uint64_t bytes;

	*ring.request = (struct io_uring_sqe) {
		.opcode = IORING_OP_READ, .flags = flags, .fd = files[0], .addr = (uint64_t)(uintptr_t)&bytes, .len = sizeof(bytes),
	};
	ring_wait_request(&ring);
}

static void wait_by_ring(const int *files)
{
	read_by_ring(files, 0);
}

/* A worker of the kernel has the request. It is a thread of this process, and stays for some seconds. */
static void wait_by_worker(const int *files)
{
	read_by_ring(files, IOSQE_ASYNC);
}

/* ---- limits of time ---- */

static void poll_until_limit(void)
{
	struct pollfd set = {.fd = pipe_files[0], .events = POLLIN};

	poll(&set, 1, WAIT_MS);
}

static void ppoll_until_limit(void)
{
	struct pollfd set = {.fd = socket_files[0], .events = POLLIN};
	struct timespec limit = {.tv_nsec = (long)WAIT_NS};

	ppoll(&set, 1, &limit, NULL);
}

static void select_until_limit(void)
{
	struct timeval limit = {.tv_usec = (long)WAIT_NS / 1000};

	select(0, NULL, NULL, NULL, &limit);
}

static void epoll_until_limit(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(0);

	epoll_ctl(set, EPOLL_CTL_ADD, socket_files[0], &event);
	epoll_ctl(set, EPOLL_CTL_ADD, local_files[0], &event);
	epoll_wait(set, &event, 1, WAIT_MS);
	close(set);
}

static void ring_until_limit(void)
{
	ring_wait_limit(&ring, WAIT_NS);
}

static void ring_timer(void)
{
	static struct __kernel_timespec after = {.tv_nsec = (long long)WAIT_NS};

	*ring.request = (struct io_uring_sqe) {
		.opcode = IORING_OP_TIMEOUT, .fd = -1, .addr = (uint64_t)(uintptr_t)&after, .len = 1,
	};
	ring_wait_request(&ring);
}

static void sleep_once(void)
{
	truth_sleep_ns(WAIT_NS);
}

/* ---- locks, which the helper holds ---- */

static void (*lock_of_helper)(bool take);

static void use_mutex(bool take)
{
	take ? pthread_mutex_lock(&mutex) : pthread_mutex_unlock(&mutex);
}

/* Each thread opens the file by itself: the locks are those of the open files. */
static __thread int lock_file = -1;

static void open_lock_file(bool take)
{
	if (take)
		lock_file = open(lock_path, O_RDWR | O_CLOEXEC);
	else
		close(lock_file);
}

static void use_flock(bool take)
{
	open_lock_file(take);
	if (take)
		flock(lock_file, LOCK_EX);
}

static void use_file_lock(bool take)
{
	struct flock all = {.l_type = F_WRLCK};

	open_lock_file(take);
	if (take)
		fcntl(lock_file, F_OFD_SETLKW, &all);
}

static void use_semaphore(bool take)
{
	struct sembuf change = {.sem_op = take ? -1 : 1};

	semop(semaphores, &change, 1);
}

static void *hold_lock(void *arg)
{
	lock_of_helper(true);
	sem_post(&begun);
	truth_sleep_ns(WAIT_NS);
	lock_of_helper(false);
	return arg;
}

/* ---- children ---- */

static void wait_for_child(void)
{
	pid_t child = fork();

	if (!child) {
		truth_sleep_ns(WAIT_NS);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void poll_child(void)
{
	pid_t child = fork();
	struct pollfd set = {.events = POLLIN};

	if (!child) {
		truth_sleep_ns(WAIT_NS);
		_exit(0);
	}
	set.fd = (int)syscall(SYS_pidfd_open, child, 0);
	poll(&set, 1, -1);
	close(set.fd);
	waitpid(child, NULL, 0);
}

static void wait_for_device(void)
{
	poll_device(WAIT_NS);
}

/* ---- the table ---- */

static const struct kind {
	const char *name, *cause;
	const int *files;			/* the helper makes this ready, and wait_for waits for it */
	void (*wait_for)(const int *files);
	void (*lock)(bool take);		/* the helper holds this lock */
	void (*alone)(void);			/* waits without a helper */
	const char *device;			/* the name of a device that is polled */
	bool ring;
} kinds[] = {
	{"read_pipe", "pipe_s", .files = pipe_files, .wait_for = wait_by_read},
	{"poll_pipe", "pipe_s", .files = pipe_files, .wait_for = wait_by_poll},
	{"select_pipe", "pipe_s", .files = pipe_files, .wait_for = wait_by_select},
	{"epoll_pipe", "pipe_s", .files = pipe_files, .wait_for = wait_by_epoll},
	{"ring_worker_pipe", NULL, .files = pipe_files, .wait_for = wait_by_worker, .ring = true},
	{"ring_pipe", "pipe_s", .files = pipe_files, .wait_for = wait_by_ring, .ring = true},
	{"read_socket", "network_s", .files = socket_files, .wait_for = wait_by_read},
	{"poll_socket", "network_s", .files = socket_files, .wait_for = wait_by_poll},
	{"select_socket", "network_s", .files = socket_files, .wait_for = wait_by_select},
	{"epoll_socket", "network_s", .files = socket_files, .wait_for = wait_by_epoll},
	{"ring_socket", "network_s", .files = socket_files, .wait_for = wait_by_ring, .ring = true},
	{"read_eventfd", "lock_s", .files = event_files, .wait_for = wait_by_read},
	{"poll_eventfd", "lock_s", .files = event_files, .wait_for = wait_by_poll},
	{"select_eventfd", "lock_s", .files = event_files, .wait_for = wait_by_select},
	{"epoll_eventfd", "lock_s", .files = event_files, .wait_for = wait_by_epoll},
	{"ring_eventfd", "lock_s", .files = event_files, .wait_for = wait_by_ring, .ring = true},
	{"poll_own_socket", "lock_s", .files = local_files, .wait_for = wait_by_poll},
	{"epoll_own_socket", "lock_s", .files = local_files, .wait_for = wait_by_epoll},
	{"read_timerfd", "sleep_s", .files = timer_files, .wait_for = wait_by_read},
	{"poll_timerfd", "sleep_s", .files = timer_files, .wait_for = wait_by_poll},
	{"epoll_timerfd", "sleep_s", .files = timer_files, .wait_for = wait_by_epoll},
	{"ring_timerfd", "sleep_s", .files = timer_files, .wait_for = wait_by_ring, .ring = true},
	{"read_signalfd", "sleep_s", .files = signal_files, .wait_for = wait_by_read},
	{"poll_until_limit", "sleep_s", .alone = poll_until_limit},
	{"ppoll_until_limit", "sleep_s", .alone = ppoll_until_limit},
	{"select_until_limit", "sleep_s", .alone = select_until_limit},
	{"epoll_until_limit", "sleep_s", .alone = epoll_until_limit},
	{"ring_until_limit", "sleep_s", .alone = ring_until_limit, .ring = true},
	{"ring_timer", "sleep_s", .alone = ring_timer, .ring = true},
	{"nanosleep", "sleep_s", .alone = sleep_once},
	{"mutex", "lock_s", .lock = use_mutex},
	{"flock", "lock_s", .lock = use_flock},
	{"file_lock", "lock_s", .lock = use_file_lock},
	{"semaphore", "lock_s", .lock = use_semaphore},
	{"waitpid", "child_s", .alone = wait_for_child},
	{"pidfd", "child_s", .alone = poll_child},
	{"device_nvidia", "gpu_s", .alone = wait_for_device, .device = "nvidia0"},
	{"device_kfd", "gpu_s", .alone = wait_for_device, .device = "kfd"},
	{"device_render", "gpu_s", .alone = wait_for_device, .device = "renderD128"},
	{"device_dxg", "gpu_s", .alone = wait_for_device, .device = "dxg"},
	{"device_other", "pipe_s", .alone = wait_for_device, .device = "kfd2"},
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static struct account accounts[KINDS];

static void call_kind(const struct kind *k, struct account *account)
{
	struct measured_call call;
	pthread_t helper;

	lock_of_helper = k->lock;
	if (k->files)
		helper = help(k->files);
	else if (k->lock && pthread_create(&helper, NULL, hold_lock, NULL))
		exit(1);
	if (k->lock)
		sem_wait(&begun);
	measured_begin(&call, account);
	if (k->files)
		k->wait_for(k->files);
	else if (k->lock)
		k->lock(true);
	else
		k->alone();
	measured_end(&call);
	if (k->lock)
		k->lock(false);
	if (!k->alone)
		pthread_join(helper, NULL);
}

static void print_causes(void)
{
	const char *comma = "";
	size_t i;

	printf(",\"causes\":{");
	for (i = 0; i < KINDS; i++) {
		if (!kinds[i].cause)
			continue;
		printf("%s\"%s\":\"%s\"", comma, kinds[i].name, kinds[i].cause);
		comma = ",";
	}
	printf("}");
}

int main(int argc, char **argv)
{
	struct account *used[KINDS];
	uint64_t calls = 12, n;
	const struct truth_option options[] = {{.name = "--calls", .number = &calls}, {0}};
	bool has_ring;
	size_t i, nr = 0;

	truth_options(argc, argv, options);
	main_thread = pthread_self();
	sem_init(&begun, 0, 0);
	open_files();
	semaphores = semget(IPC_PRIVATE, 1, 0600);
	semctl(semaphores, 0, SETVAL, 1);
	close(mkstemp(lock_path));
	has_ring = ring_open(&ring);
	truth_gate();
	for (i = 0; i < KINDS; i++) {
		if ((kinds[i].ring && !has_ring) || (kinds[i].device && !open_device(kinds[i].device)))
			continue;
		accounts[i] = (struct account)ACCOUNT(kinds[i].name);
		for (n = 0; n < calls; n++)
			call_kind(&kinds[i], &accounts[i]);
		used[nr++] = &accounts[i];
	}
	unlink(lock_path);
	semctl(semaphores, 0, IPC_RMID);
	truth_open();
	print_causes();
	measured_print(used, nr);
	truth_close();
	return 0;
}
