// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * blocked.c - sections that are blocked when something else happens, one edge case each.
 *
 *     blocked MODE [--ms MS]
 *
 * asleep    A thread has "asleep" open and sleeps, from before "ready" until the input of the process ends.
 * spinning  The same, but the thread computes.
 * woken     A thread has "woken" open and reads from a pipe, from before "ready" on. MS after the go it gets its line,
 *           computes for MS and ends its section.
 * stopped   The main thread computes in "computing" until it has had MS of CPU time, and another thread sleeps in
 *           "waiting" until then. The process prints "open" once both are open; the test stops it meanwhile.
 * fork      "parent" waits for a child that sleeps MS and then runs another program. The child inherits the section.
 * exit      While a thread sleeps in "asleep", the main thread computes for MS in "main" and exits within it.
 * exec      The same, but the process executes another program, which sleeps MS.
 */
#include <sys/wait.h>

#include "measured_call.h"

static uint64_t ms = 500;
static struct account first = ACCOUNT(""), second = ACCOUNT("");
static struct measured_call other;
static int line[2];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void settle(void)
{
	truth_sleep_ns(50000000);
}

/* Starts a thread; returns when it is in its section and blocked there. */
static pthread_t start(void *(*run)(void *), const char *section)
{
	pthread_t thread;

	second.times.name = section;
	if (pthread_create(&thread, NULL, run, NULL))
		fail("pthread_create");
	settle();
	return thread;
}

static void spin_cpu_ns(uint64_t ns)
{
	uint64_t end = truth_cpu_ns() + ns;

	while (truth_cpu_ns() < end)
		;
}

static void print_accounts(void)
{
	struct account *all[] = {&first, &second};
	size_t from = !first.times.count, to = second.times.count ? 2 : 1;

	measured_print(all + from, to - from);
}

/* ---- a section that is open the whole time ---- */

static void *sleep_in_section(void *arg)
{
	measured_begin(&other, &second);
	for (;;)
		truth_sleep_ns(3600 * 1000000000ULL);
	return arg;
}

static void *spin_in_section(void *arg)
{
	measured_begin(&other, &second);
	for (;;)
		truth_spin_ns(1000000);
	return arg;
}

static int run_asleep(void)
{
	start(sleep_in_section, "asleep");
	truth_gate();
	truth_wait_line();
	return 0;
}

static int run_spinning(void)
{
	start(spin_in_section, "spinning");
	truth_gate();
	truth_wait_line();
	return 0;
}

/* ---- blocked at attach, woken later ---- */

static void *read_in_section(void *arg)
{
	uint64_t sent_ns;

	measured_begin(&other, &second);
	if (read(line[0], &sent_ns, sizeof(sent_ns)) != (ssize_t)sizeof(sent_ns))
		fail("read");
	measured_waited_until(&other, sent_ns);
	spin_cpu_ns(ms * 1000000);
	measured_end(&other);
	return arg;
}

static int run_woken(void)
{
	pthread_t reader;
	uint64_t go_ns, now;

	if (pipe(line))
		fail("pipe");
	reader = start(read_in_section, "woken");
	truth_gate();
	go_ns = truth_now_ns();
	truth_sleep_ns(ms * 1000000);
	now = truth_now_ns();
	if (write(line[1], &now, sizeof(now)) != (ssize_t)sizeof(now))
		fail("write");
	pthread_join(reader, NULL);
	truth_open();
	truth_number("waited_since_go_ns", now - go_ns);
	print_accounts();
	truth_close();
	return 0;
}

/* ---- stopped by another process ---- */

static void *wait_for_line(void *arg)
{
	uint64_t sent_ns;

	measured_begin(&other, &second);
	if (read(line[0], &sent_ns, sizeof(sent_ns)) != (ssize_t)sizeof(sent_ns))
		fail("read");
	measured_end(&other);
	return arg;
}

static int run_stopped(void)
{
	pthread_t waiter;
	struct measured_call s;

	if (pipe(line))
		fail("pipe");
	first.times.name = "computing";
	truth_gate();
	waiter = start(wait_for_line, "waiting");
	measured_begin(&s, &first);
	puts("open");
	fflush(stdout);
	spin_cpu_ns(ms * 1000000);
	measured_end(&s);
	if (write(line[1], &s.begun, sizeof(s.begun)) != (ssize_t)sizeof(s.begun))
		fail("write");
	pthread_join(waiter, NULL);
	truth_open();
	print_accounts();
	truth_close();
	return 0;
}

/* ---- fork, exit and exec while blocked ---- */

static void be_child(void)
{
	truth_sleep_ns(ms * 1000000);
	execl("/bin/true", "true", (char *)NULL);
	_exit(0);
}

static int run_fork(void)
{
	struct measured_call s;
	pid_t child;
	int status;

	first.times.name = "parent";
	truth_gate();
	measured_begin(&s, &first);
	child = fork();
	if (!child)
		be_child();
	if (child < 0 || waitpid(child, &status, 0) != child)
		fail("fork");
	measured_end(&s);
	truth_open();
	print_accounts();
	truth_close();
	return status;
}

/* Both sections are open at the end, and the truth is how long they have been until it was printed. */
static void leave_open(struct measured_call *s)
{
	first.times.name = "main";
	truth_gate();
	start(sleep_in_section, "asleep");
	measured_begin(s, &first);
	spin_cpu_ns(ms * 1000000);
	truth_open();
	truth_number("main_ns", truth_now_ns() - s->begun);
	truth_number("main_cpu_ns", truth_cpu_ns() - s->cost_begun.cpu_ns);
	truth_number("asleep_ns", truth_now_ns() - other.begun);
	truth_close();
}

static int run_exit(void)
{
	struct measured_call s;

	leave_open(&s);
	exit(0);
}

static int run_exec(void)
{
	char seconds[32];
	struct measured_call s;

	leave_open(&s);
	snprintf(seconds, sizeof(seconds), "%.3f", (double)ms / 1000);
	execlp("sleep", "sleep", seconds, (char *)NULL);
	fail("exec");
	return 1;
}

static const struct mode {
	const char *name;
	int (*run)(void);
} modes[] = {
	{"asleep", run_asleep}, {"spinning", run_spinning}, {"woken", run_woken}, {"stopped", run_stopped},
	{"fork", run_fork}, {"exit", run_exit}, {"exec", run_exec}, {0},
};

int main(int argc, char **argv)
{
	const struct truth_option options[] = {{.name = "--ms", .number = &ms}, {0}};
	const struct mode *m = modes;

	while (argc > 1 && m->name && strcmp(m->name, argv[1]))
		m++;
	if (argc < 2 || !m->name) {
		fprintf(stderr, "usage: blocked MODE [--ms MS]\n");
		return 2;
	}
	truth_options(argc - 1, argv + 1, options);
	return m->run();
}
