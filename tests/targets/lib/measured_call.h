/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * measured_call.h - the cost of a call of a section, by the kernel's own account of the thread, for reports with ledgers.
 *
 * Besides the duration of a call (truth.h) it measures the thread's CPU time (CLOCK_THREAD_CPUTIME_ID) and page faults
 * (getrusage), just inside the section and just around it. Around it, it also measures how long the thread was runnable
 * without a CPU (/proc/thread-self/schedstat, if the kernel has it):
 *
 *     "accounts": {"name": {"cpu_ns", "minor_faults", "major_faults", "around": {the same},
 *                           "system_ns", "runqueue_ns", "waited_ns", "bytes"}}
 *
 * waited_ns is how long the other side (a peer, the holder of a lock) made the section wait, by its own account. bytes is
 * how much memory the section has touched. Both are left out if they are unknown. system_ns is the time of the whole process in
 * the kernel so far: the kernel's account of it is too coarse for single calls. Several threads may use one account.
 */
#ifndef TARGETS_MEASURED_CALL_H
#define TARGETS_MEASURED_CALL_H

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

#include "dcbs/markers.h"
#include "truth.h"

struct call_cost {
	uint64_t cpu_ns, minor_faults, major_faults;
};

struct account {
	struct truth times;
	dcbs_id id;
	struct call_cost inside, around;
	uint64_t runqueue_ns, waited_ns, bytes;
	bool runqueue_unknown, waited_known, bytes_known;
	pthread_mutex_t lock;
};

#define ACCOUNT(section) {.times = {.name = section}, .lock = PTHREAD_MUTEX_INITIALIZER}

struct measured_call {
	struct account *account;
	dcbs_token token;
	uint64_t before, begun;
	struct call_cost cost_before, cost_begun;
	int64_t runqueue_ns;
};

/* The thread's account so far. */
static inline struct call_cost measured_cost(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (struct call_cost){truth_cpu_ns(), (uint64_t)usage.ru_minflt, (uint64_t)usage.ru_majflt};
}

static inline void measured_add_cost(struct call_cost *sum, const struct call_cost *from, const struct call_cost *to)
{
	sum->cpu_ns += to->cpu_ns - from->cpu_ns;
	sum->minor_faults += to->minor_faults - from->minor_faults;
	sum->major_faults += to->major_faults - from->major_faults;
}

/* How long the thread has been runnable and not running; -1 if the kernel does not report it. */
static inline int64_t measured_runqueue_ns(void)
{
	static __thread int fd = -2;
	char text[96];
	ssize_t n;
	uint64_t waited_ns;

	if (fd == -2)
		fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return -1;
	text[n] = 0;
	return sscanf(text, "%*u %" SCNu64, &waited_ns) == 1 ? (int64_t)waited_ns : -1;
}

static inline void measured_begin(struct measured_call *s, struct account *account)
{
	if (!account->id)
		account->id = dcbs_section_name(account->times.name);
	s->account = account;
	s->runqueue_ns = measured_runqueue_ns();
	s->cost_before = measured_cost();
	s->before = truth_now_ns();
	s->token = dcbs_section_begin(account->id);
	s->begun = truth_now_ns();
	s->cost_begun = measured_cost();
}

static inline void measured_account(struct measured_call *s, uint64_t ending, const struct call_cost *inside)
{
	uint64_t after = truth_now_ns();
	struct call_cost around = measured_cost();
	int64_t runqueue_ns = measured_runqueue_ns();
	struct account *a = s->account;

	pthread_mutex_lock(&a->lock);
	truth_add(&a->times, s->before, s->begun, ending, after);
	measured_add_cost(&a->inside, &s->cost_begun, inside);
	measured_add_cost(&a->around, &s->cost_before, &around);
	a->runqueue_ns += (uint64_t)(runqueue_ns - s->runqueue_ns);
	a->runqueue_unknown |= runqueue_ns < 0;
	pthread_mutex_unlock(&a->lock);
}

static inline void measured_end(struct measured_call *s)
{
	struct call_cost inside = measured_cost();
	uint64_t ending = truth_now_ns();

	dcbs_section_end(s->token);
	measured_account(s, ending, &inside);
}

/* The other side released the section at that time: until then it could only wait. */
static inline void measured_waited_until(struct measured_call *s, uint64_t released_ns)
{
	pthread_mutex_lock(&s->account->lock);
	s->account->waited_known = true;
	if (released_ns > s->begun)
		s->account->waited_ns += released_ns - s->begun;
	pthread_mutex_unlock(&s->account->lock);
}

static inline void measured_touched(struct measured_call *s, uint64_t bytes)
{
	pthread_mutex_lock(&s->account->lock);
	s->account->bytes_known = true;
	s->account->bytes += bytes;
	pthread_mutex_unlock(&s->account->lock);
}

static inline void measured_print_cost(const struct call_cost *c)
{
	printf("\"cpu_ns\":%" PRIu64 ",\"minor_faults\":%" PRIu64 ",\"major_faults\":%" PRIu64, c->cpu_ns, c->minor_faults,
	       c->major_faults);
}

static inline uint64_t measured_system_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_stime.tv_sec * 1000000000ULL + (uint64_t)usage.ru_stime.tv_usec * 1000;
}

static inline void measured_print_account(const struct account *a)
{
	printf("\"%s\":{", a->times.name);
	measured_print_cost(&a->inside);
	printf(",\"around\":{");
	measured_print_cost(&a->around);
	printf("}");
	truth_number("system_ns", measured_system_ns());
	if (!a->runqueue_unknown)
		truth_number("runqueue_ns", a->runqueue_ns);
	if (a->waited_known)
		truth_number("waited_ns", a->waited_ns);
	if (a->bytes_known)
		truth_number("bytes", a->bytes);
	printf("}");
}

/* Both the sections' durations and their accounts, as members of the JSON object. */
static inline void measured_print(struct account *const *accounts, size_t n)
{
	size_t i;

	printf(",\"sections\":{");
	for (i = 0; i < n; i++) {
		printf("%s", i ? "," : "");
		truth_print_section(&accounts[i]->times);
	}
	printf("},\"accounts\":{");
	for (i = 0; i < n; i++) {
		printf("%s", i ? "," : "");
		measured_print_account(accounts[i]);
	}
	printf("}");
}

#endif
