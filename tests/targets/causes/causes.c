// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * causes.c - programs with one known bottleneck each: a section that takes more than a second for one reason.
 *
 *     causes NAME [--ms MS]
 *
 * NAME is an entry of the table at the end, and the name of the section. The section takes MS ms in all (1500), on each
 * thread. `prepare` runs once, before the gate; `between` runs before every call, outside of the section. healthy has no
 * bottleneck: its sections are short, and it waits for input outside of them.
 */
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>

#include "disk_calls.h"
#include "peer.h"
#include "planted.h"

#define CHUNK_BYTES (4 * MIB)
#define LEAK_BYTES (256 * 1024)
#define GROWTH_BYTES (3072 * MIB)	/* where it ends, however fast memory is */
#define CROWD 4
#define POOL 8

/* ---- cpu, sleep ---- */

static int spin(void)
{
	truth_spin_ns(CALL_NS);
	return 0;
}

static int sleep_once(void)
{
	truth_sleep_ns(CALL_NS);
	measured_waited_until(&measured, measured.begun + CALL_NS);
	return 0;
}

/* ---- run queue: more threads that compute than CPUs they may run on ---- */

static bool crowd_goes_on(void)
{
	bool goes_on;

	pthread_mutex_lock(&account.lock);
	goes_on = account.times.inside.total_ns < CROWD * goal_ms * 1000000;
	pthread_mutex_unlock(&account.lock);
	return goes_on;
}

static void *crowd_member(void *arg)
{
	struct measured_call s;

	while (crowd_goes_on()) {
		measured_begin(&s, &account);
		truth_spin_ns(5 * CALL_NS);
		measured_end(&s);
	}
	return arg;
}

static int pin_to_last_cpu(void)
{
	cpu_set_t set, last;
	int i;

	if (sched_getaffinity(0, sizeof(set), &set))
		return complain("sched_getaffinity");
	for (i = CPU_SETSIZE - 1; !CPU_ISSET(i, &set); i--)
		;
	CPU_ZERO(&last);
	CPU_SET(i, &last);
	return sched_setaffinity(0, sizeof(last), &last) ? complain("sched_setaffinity") : 0;
}

static int run_crowd(void)
{
	pthread_t threads[CROWD];
	int i;

	for (i = 0; i < CROWD; i++)
		if (pthread_create(&threads[i], NULL, crowd_member, NULL))
			return -1;
	for (i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* ---- lock: the holder sleeps, outside of any section ---- */

static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t wanted, held;
static uint64_t released_ns;

static void *hold_lock(void *arg)
{
	for (;;) {
		sem_wait(&wanted);
		pthread_mutex_lock(&held_lock);
		sem_post(&held);
		truth_sleep_ns(CALL_NS);
		released_ns = truth_now_ns();
		pthread_mutex_unlock(&held_lock);
	}
	return arg;
}

static int start_holder(void)
{
	pthread_t holder;

	sem_init(&wanted, 0, 0);
	sem_init(&held, 0, 0);
	return pthread_create(&holder, NULL, hold_lock, NULL);
}

static int wait_held(void)
{
	sem_post(&wanted);
	return sem_wait(&held);
}

static int take_lock(void)
{
	pthread_mutex_lock(&held_lock);
	measured_waited_until(&measured, released_ns);
	pthread_mutex_unlock(&held_lock);
	return 0;
}

/* ---- idle pool: many threads wait for work that never comes, outside of any section ---- */

static pthread_cond_t work = PTHREAD_COND_INITIALIZER;

static void *wait_for_work(void *arg)
{
	pthread_mutex_lock(&held_lock);
	for (;;)
		pthread_cond_wait(&work, &held_lock);
	return arg;
}

static int start_pool(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < POOL; i++)
		if (pthread_create(&thread, NULL, wait_for_work, NULL))
			return -1;
	return 0;
}

/* ---- network and pipe: another process takes its time to answer ---- */

static struct peer peers[2];
static uint64_t nr_peers, asked;

static int start_pipe_peer(void)
{
	return peer_over_pipe(&peers[nr_peers++]) ? complain("pipe") : 0;
}

static int start_socket_peers(void)
{
	if (peer_over_tcp(&peers[nr_peers++]) || peer_over_local_socket(&peers[nr_peers++]))
		return complain("socket");
	return 0;
}

/* Asks the peers in turn. */
static int ask_peer(void)
{
	uint64_t answered_ns = peer_ask(&peers[asked++ % nr_peers]);

	measured_waited_until(&measured, answered_ns);
	return answered_ns ? 0 : complain("peer");
}

/* ---- memory: growth, leak, churn ---- */

static char *map_pages(uint64_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void touch(volatile char *p, uint64_t bytes)
{
	uint64_t i;

	for (i = 0; i < bytes; i += 4096)
		p[i] = 1;
	measured_touched(&measured, bytes);
}

static int grow(void)
{
	char *p = map_pages(CHUNK_BYTES);

	if (!p)
		return complain("mmap");
	touch(p, CHUNK_BYTES);
	enough = account.bytes >= GROWTH_BYTES;
	return 0;
}

static int leak(void)
{
	char *volatile kept = malloc(LEAK_BYTES);

	if (!kept)
		return complain("malloc");
	touch(kept, LEAK_BYTES);
	truth_spin_ns(CALL_NS / 10);
	return 0;
}

static int churn(void)
{
	char *p = map_pages(CHUNK_BYTES);

	if (!p)
		return complain("mmap");
	touch(p, CHUNK_BYTES);
	return munmap(p, CHUNK_BYTES);
}

/* ---- healthy ---- */

static int spin_shortly(void)
{
	truth_spin_ns(CALL_NS / 20);
	enough = account.times.count * CALL_NS >= goal_ms * 1000000;
	return 0;
}

static int wait_input(void)
{
	return peer_ask(&peers[0]) ? 0 : complain("peer");
}

/* ---- the table ---- */

static const struct cause {
	const char *name;
	int (*prepare)(void), (*between)(void), (*call)(void), (*run)(void);
} causes[] = {
	{"cpu", .call = spin},
	{"runqueue", .prepare = pin_to_last_cpu, .run = run_crowd},
	{"lock", .prepare = start_holder, .between = wait_held, .call = take_lock},
	{"disk", .prepare = make_file, .between = be_cold, .call = read_cold},
	{"fsync", .prepare = open_file, .call = sync_once},
	{"socket", .prepare = start_socket_peers, .call = ask_peer},
	{"pipe", .prepare = start_pipe_peer, .call = ask_peer},
	{"sleep", .call = sleep_once},
	{"majorfault", .prepare = make_file, .between = map_cold, .call = touch_mapped},
	{"growth", .call = grow},
	{"leak", .call = leak},
	{"churn", .call = churn},
	{"idlepool", .prepare = start_pool, .call = spin},
	{"healthy", .prepare = start_pipe_peer, .between = wait_input, .call = spin_shortly},
	{0},
};

static int run_calls(const struct cause *c)
{
	int err = 0;

	while (!err && !enough && account.times.inside.total_ns < goal_ms * 1000000) {
		if (c->between && c->between())
			return -1;
		measured_begin(&measured, &account);
		err = c->call();
		measured_end(&measured);
	}
	return err;
}

static const struct cause *find_cause(const char *name)
{
	const struct cause *c;

	for (c = causes; c->name && strcmp(c->name, name); c++)
		;
	return c->name ? c : NULL;
}

int main(int argc, char **argv)
{
	const struct truth_option options[] = {{.name = "--ms", .number = &goal_ms}, {0}};
	const struct cause *c = argc > 1 ? find_cause(argv[1]) : NULL;
	struct account *const accounts[] = {&account};

	if (!c) {
		fprintf(stderr, "usage: causes NAME [--ms MS]\n");
		return 2;
	}
	truth_options(argc - 1, argv + 1, options);
	account.times.name = c->name;
	if (c->prepare && c->prepare())
		return 1;
	truth_gate();
	if (c->run ? c->run() : run_calls(c))
		return 1;
	truth_open();
	measured_print(accounts, 1);
	truth_close();
	return 0;
}
