// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * verify.c - tries the offsets of an interpreter on the threads of a running process.
 *
 * The process is not stopped, so a thread may change its stack between two reads: a check that fails is tried again. A wrong
 * offset fails every time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/proc.h"
#include "collect/python/check_stack.h"
#include "collect/python/thread_states.h"
#include "collect/python/verify.h"

#define TRIES 20	/* in 3.14, a stack that always changes is read whole every other time */
#define PAUSE_NS 100000
#define THREADS 64
#define FRAMES 256		/* of all threads: their innermost; the outer ones are like them */
#define FRAMES_EACH 24		/* of one thread */

enum thread_verdict { RIGHT, NOT_PYTHON, WRONG };

struct checked_thread {
	pid_t tid;
	enum thread_verdict verdict;
	const char *why;	/* WRONG: words for what does not fit */
};

struct verification {
	struct checked_thread threads[THREADS];
	size_t nr_threads;
	size_t nr_glibc;	/* threads with a list of robust mutexes */
	struct stack_check stacks;
	struct thread_states states;
};

/* ---- threads ---- */

static bool add_checked_thread(void *ctx, pid_t tid)
{
	struct verification *v = ctx;

	if (v->nr_threads < THREADS)
		v->threads[v->nr_threads++] = (struct checked_thread){.tid = tid, .verdict = WRONG};
	return v->nr_threads < THREADS;
}

static const char *check_thread_stack(struct verification *v, __u64 tstate)
{
	size_t most = FRAMES / v->nr_threads;

	return check_stack(&v->stacks, tstate, most < FRAMES_EACH ? most : FRAMES_EACH);
}

static enum thread_verdict check_thread(struct verification *v, struct checked_thread *thread)
{
	const struct thread_state *state;
	__u64 robust, tstate;
	size_t length;

	if (syscall(SYS_get_robust_list, thread->tid, &robust, &length) || !robust)
		return NOT_PYTHON;
	v->nr_glibc++;
	if (thread_states_slot(&v->states, robust, &tstate)) {
		thread->why = "its slot cannot be read";
		return WRONG;
	}
	if (!tstate)
		return NOT_PYTHON;
	state = thread_states_find(&v->states, tstate);
	if (!state && v->states.nr == THREAD_STATES_MAX)
		return NOT_PYTHON;	/* or its state is one of those that did not fit into the list */
	if (!state)
		thread->why = "its slot holds no thread state";
	else if (!thread_states_is_own(state, robust))
		thread->why = "its slot holds another thread's state";
	else
		thread->why = check_thread_stack(v, tstate);
	return thread->why ? WRONG : RIGHT;
}

/* Checks the threads that were wrong so far. Returns one that still is, or NULL. */
static const struct checked_thread *check_wrong_threads(struct verification *v)
{
	const struct checked_thread *wrong = NULL;
	size_t i;

	for (i = 0; i < v->nr_threads; i++) {
		struct checked_thread *thread = &v->threads[i];

		if (thread->verdict == WRONG)
			thread->verdict = check_thread(v, thread);
		if (thread->verdict == WRONG)
			wrong = thread;
	}
	return wrong;
}

/* ---- the process ---- */

static int try_offsets_once(struct verification *v, const struct checked_thread **wrong)
{
	int err = thread_states_read(&v->states);

	*wrong = err ? NULL : check_wrong_threads(v);
	return *wrong || err == -EFAULT ? -EPROTO : err;
}

static int try_offsets(struct verification *v, const struct checked_thread **wrong)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int i, err = try_offsets_once(v, wrong);

	for (i = 1; err == -EPROTO && i < TRIES; i++) {
		nanosleep(&pause, NULL);
		err = try_offsets_once(v, wrong);
	}
	return err;
}

static int report_verdict(const struct verification *v, int err, const struct checked_thread *wrong, char *reason, size_t size)
{
	unsigned int minor = v->stacks.layout->minor;

	if (wrong)
		return layout_refuse(err, reason, size, "the stack of its thread %d is not as Python 3.%u has it (%s): sections only",
				     wrong->tid, minor, wrong->why);
	if (err == -EAGAIN || (!err && !v->states.nr))
		return layout_refuse(-EAGAIN, reason, size, "its Python 3.%u has not started yet", minor);
	if (err == -EPROTO)
		return layout_refuse(err, reason, size, "its threads are not as Python 3.%u has them: sections only", minor);
	if (err)
		return layout_refuse(err, reason, size, "its Python 3.%u cannot be read (%s): sections only", minor, strerror(-err));
	if (!v->nr_glibc)
		return layout_refuse(-ENOTSUP, reason, size, "its threads are not those of glibc: sections only");
	if (!v->stacks.nr_frames)
		return layout_refuse(-EAGAIN, reason, size, "none of its threads runs Python now");
	return 0;
}

int verify_offsets(pid_t pid, struct python_offsets *offsets, char *reason, size_t size)
{
	const struct checked_thread *wrong = NULL;
	struct verification *v = calloc(1, sizeof(*v));
	int err;

	if (!v)
		return layout_refuse(-ENOMEM, reason, size, "not enough memory to check its Python");
	v->states.pid = pid;
	v->states.offsets = offsets;
	err = check_stack_init(&v->stacks, pid, &offsets->layout);
	if (!err)
		err = proc_each_thread(pid, add_checked_thread, v);
	if (!err)
		err = try_offsets(v, &wrong);
	err = report_verdict(v, err, wrong, reason, size);
	if (!err)
		offsets->layout.code_type = v->stacks.code_type;
	free(v);
	return err;
}
