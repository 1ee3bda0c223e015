// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * probe_orders.c - the keeper of probes refuses the orders of a profiler that was taken over.
 *
 * The programs are not loaded here, so an order that the rules permit fails in the kernel, with another error than EPERM. The
 * files are the program itself, which has the markers in it, and one that has not. As the oracle for places serves what the
 * library of markers says of itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpfprof/abi.h"

#include "bpfprof.skel.h"
#include "collect/target/marker_object.h"
#include "dcbs/markers.h"
#include "host/probe_orders.h"
#include "safety/capabilities.h"

#define EVERY (-1)

struct keeper_case {
	struct bpfprof *skel;
	struct marker marker;
	pid_t target, keeper;
	int socket;
};

static pid_t start_sleeper(void)
{
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(0);
	}
	return child;
}

/* Starts a keeper with one target and one noted place. */
static void start_keeper(struct keeper_case *c, bool every_process)
{
	struct noted_place place = {.prog = c->skel->progs.on_call, .place = {.pid = c->target, .offset = 64}, .fd = c->marker.fd};
	const struct probe_places places = {.list = &place, .nr = 1};
	const struct probe_rules rules = {
		.marker_program = c->skel->progs.on_flush, .pids = &c->target, .nr_pids = 1, .every_process = every_process,
		.is_marker = marker_object_has_place, .capabilities = CAPABILITY_BIT(CAP_SYS_PTRACE) | CAPABILITY_BIT(CAP_DAC_READ_SEARCH),
	};
	pid_t profiler = getpid();
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	c->keeper = fork();
	if (!c->keeper) {
		close(ends[0]);
		probe_orders_obey(ends[1], (int)syscall(SYS_pidfd_open, profiler, 0), profiler, &rules, &places);
	}
	close(ends[1]);
	c->socket = ends[0];
}

static void end_keeper(struct keeper_case *c)
{
	int status;

	close(c->socket);
	assert_int_equal(waitpid(c->keeper, &status, 0), c->keeper);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
}

static int answer_to(const struct keeper_case *c, struct probe_order order)
{
	int answer = 0;

	assert_int_equal(send(c->socket, &order, sizeof(order), 0), sizeof(order));
	assert_int_equal(recv(c->socket, &answer, sizeof(answer), 0), sizeof(answer));
	assert_true(answer < 0);	/* nothing is attached: no program is loaded */
	return -answer;
}

static struct probe_order marker_order(const struct keeper_case *c)
{
	return (struct probe_order){.kind = PROBE_ATTACH_NEW, .number = c->marker.fd, .pid = c->target,
				    .offset = c->marker.flush_offset, .semaphore = c->marker.semaphore_offset};
}

static void test_marker(void **state)
{
	struct keeper_case *c = *state;
	struct probe_order order;

	start_keeper(c, false);
	order = marker_order(c);
	assert_int_not_equal(answer_to(c, order), EPERM);
	order.offset++;
	assert_int_equal(answer_to(c, order), EPERM);
	order = marker_order(c);
	order.semaphore += 2;		/* any other word of the file */
	assert_int_equal(answer_to(c, order), EPERM);
	order.semaphore = 0;
	assert_int_equal(answer_to(c, order), EPERM);
	order = marker_order(c);
	order.cookie = 1;
	assert_int_equal(answer_to(c, order), EPERM);
	end_keeper(c);
}

static void test_other_files(void **state)
{
	struct keeper_case *c = *state;
	struct probe_order order;
	int fd = open("/proc/self/exe", O_RDONLY), libc = open("/bin/sh", O_RDONLY), pipes[2];

	assert_int_equal(pipe(pipes), 0);
	start_keeper(c, false);
	order = marker_order(c);
	order.number = fd;		/* the same file */
	assert_int_not_equal(answer_to(c, order), EPERM);
	order.number = libc;
	assert_int_equal(answer_to(c, order), EPERM);
	order.number = pipes[0];
	assert_int_equal(answer_to(c, order), EPERM);
	order.number = 12345;
	assert_int_equal(answer_to(c, order), EBADF);
	end_keeper(c);
	close(fd);
	close(libc);
	close(pipes[0]);
	close(pipes[1]);
}

static void test_other_processes(void **state)
{
	struct keeper_case *c = *state;
	pid_t other = start_sleeper();
	struct probe_order order;

	start_keeper(c, false);
	order = marker_order(c);
	order.pid = other;
	assert_int_equal(answer_to(c, order), EPERM);
	order.pid = EVERY;
	assert_int_equal(answer_to(c, order), EPERM);
	order.pid = 0;
	assert_int_equal(answer_to(c, order), EPERM);
	end_keeper(c);
	start_keeper(c, true);
	order.pid = EVERY;
	assert_int_not_equal(answer_to(c, order), EPERM);
	order.semaphore += 2;
	assert_int_equal(answer_to(c, order), EPERM);
	end_keeper(c);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

/* The profiler may probe itself, but with no counter. */
static void test_itself(void **state)
{
	struct keeper_case *c = *state;
	struct probe_order order;

	start_keeper(c, false);
	order = marker_order(c);
	order.pid = getpid();
	order.offset = 64;
	assert_int_equal(answer_to(c, order), EPERM);
	order.semaphore = 0;
	assert_int_not_equal(answer_to(c, order), EPERM);
	end_keeper(c);
}

static void test_noted_places(void **state)
{
	struct keeper_case *c = *state;
	struct probe_order order = {.kind = PROBE_ATTACH_NOTED, .number = 0, .offset = 4711, .semaphore = 4711};

	start_keeper(c, false);
	assert_int_not_equal(answer_to(c, order), EPERM);
	order.number = 1;
	assert_int_equal(answer_to(c, order), EPERM);
	order.number = -1;
	assert_int_equal(answer_to(c, order), EPERM);
	order.kind = 77;
	assert_int_equal(answer_to(c, order), EINVAL);
	end_keeper(c);
}

static void test_target_that_has_ended(void **state)
{
	struct keeper_case *c = *state;
	struct probe_order order;

	start_keeper(c, false);
	kill(c->target, SIGKILL);
	waitpid(c->target, NULL, 0);
	assert_int_equal(answer_to(c, (struct probe_order){.kind = PROBE_ATTACH_NOTED}), ESRCH);
	order = marker_order(c);
	assert_int_equal(answer_to(c, order), EPERM);
	end_keeper(c);
	c->target = start_sleeper();
}

static int set_up(void **state)
{
	static struct keeper_case c;
	struct marker markers[MARKER_COPIES];

	dcbs_section_end(dcbs_section_begin(dcbs_section_name("markers of the test itself")));
	c.skel = bpfprof__open();
	if (!c.skel || marker_object_find(getpid(), markers) < 1)
		return -1;
	c.marker = markers[0];
	c.target = start_sleeper();
	*state = &c;
	return 0;
}

static int tear_down(void **state)
{
	struct keeper_case *c = *state;

	kill(c->target, SIGKILL);
	waitpid(c->target, NULL, 0);
	marker_object_close(&c->marker);
	bpfprof__destroy(c->skel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marker), cmocka_unit_test(test_other_files), cmocka_unit_test(test_other_processes),
		cmocka_unit_test(test_itself), cmocka_unit_test(test_noted_places), cmocka_unit_test(test_target_that_has_ended),
	};

	if (geteuid())	/* taking a descriptor of another process needs a right */
		return 0;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
