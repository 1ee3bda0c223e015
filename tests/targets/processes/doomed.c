// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * doomed.c - sections whose account outlives their process, however it ends.
 *
 *     doomed --account FILE [--threads N] [--fork-ms MS] [--exec-ms MS --execs K]
 *
 * N threads run "doomed" until standard input ends, or until they are killed. --fork-ms: a child is forked every MS ms,
 * and runs "child" CHILD_SECTIONS times. --exec-ms: the main thread executes the program again after MS ms, K times.
 * All processes map FILE: its first word is the number of slots in use, one for each thread or child. Each slot is a line
 * of 64 bytes that begins with the number of sections that have ended there. It is incremented a moment after the end of
 * a section, so the truth lies between the sum of the slots and that plus their number.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "dcbs/markers.h"
#include "truth.h"

#define SLOTS 65536
#define THREADS_MAX 64
#define CHILD_SECTIONS 200

struct slot {
	volatile uint64_t count;
	uint64_t child;		/* 1: of "child" */
	uint64_t pad[6];
};

static struct slot *slots;	/* the first slot counts them */
static uint64_t threads = 1, fork_ms, exec_ms, execs, forked, failed;
static const char *file;
static volatile bool input_ended;

static struct slot *take_slot(bool child)
{
	uint64_t i = __atomic_add_fetch(&slots->count, 1, __ATOMIC_RELAXED);

	if (i >= SLOTS)
		_exit(3);
	slots[i].child = child;
	return &slots[i];
}

static void one(dcbs_id id, struct slot *slot, uint64_t *sequence)
{
	dcbs_token token = dcbs_section_begin(id);

	*sequence = *sequence * TRUTH_LCG_MUL + TRUTH_LCG_ADD;
	dcbs_section_end(token);
	slot->count++;
}

/* Returns true if the value is that of the sequence after that many steps. */
static bool is_right(uint64_t sequence, uint64_t count)
{
	uint64_t x = 1;

	while (count--)
		x = x * TRUTH_LCG_MUL + TRUTH_LCG_ADD;
	return x == sequence;
}

static void *work(void *arg)
{
	dcbs_id id = dcbs_section_name("doomed");
	struct slot *slot = take_slot(false);
	uint64_t sequence = 1;

	while (!input_ended)
		one(id, slot, &sequence);
	if (!is_right(sequence, slot->count))
		__atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
	return arg;
}

static void __attribute__((noreturn)) child(void)
{
	dcbs_id id = dcbs_section_name("child");
	struct slot *slot = take_slot(true);
	uint64_t sequence = 1;

	while (slot->count < CHILD_SECTIONS)
		one(id, slot, &sequence);
	_exit(!is_right(sequence, CHILD_SECTIONS));
}

static void fork_one(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		child();
	forked++;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		__atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
}

static void exec_again(void)
{
	char number[3][24];

	snprintf(number[0], sizeof(number[0]), "%" PRIu64, threads);
	snprintf(number[1], sizeof(number[1]), "%" PRIu64, exec_ms);
	snprintf(number[2], sizeof(number[2]), "%" PRIu64, execs - 1);
	execl("/proc/self/exe", "doomed", "--account", file, "--threads", number[0], "--exec-ms", number[1], "--execs", number[2],
	      "--again", (char *)NULL);
	_exit(4);
}

static int map_account(void)
{
	int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || ftruncate(fd, SLOTS * sizeof(*slots)))
		return -1;
	slots = mmap(NULL, SLOTS * sizeof(*slots), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return slots == MAP_FAILED ? -1 : 0;
}

/* Runs until standard input ends; forks and execs happen here, on the main thread. */
static void wait_input(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	int ms = execs ? (int)exec_ms : fork_ms ? (int)fork_ms : -1, n;
	char byte;

	for (;;) {
		n = poll(&in, 1, ms);
		if (n > 0 && read(STDIN_FILENO, &byte, 1) != 1)
			break;
		if (!n && execs)
			exec_again();
		if (!n)
			fork_one();
	}
	input_ended = true;
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS_MAX];
	bool again = false;
	const struct truth_option options[] = {
		{.name = "--account", .text = &file},
		{.name = "--threads", .number = &threads},
		{.name = "--fork-ms", .number = &fork_ms},
		{.name = "--exec-ms", .number = &exec_ms},
		{.name = "--execs", .number = &execs},
		{.name = "--again", .flag = &again},
		{0},
	};
	uint64_t i;

	truth_options(argc, argv, options);
	if (threads > THREADS_MAX || map_account())
		return 2;
	if (!again)
		truth_gate();
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, NULL))
			return 1;
	wait_input();
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	truth_open();
	truth_number("forked", forked);
	truth_number("failed", failed);
	truth_close();
	return failed ? 1 : 0;
}
