// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * verify.c - tries the offsets of an interpreter on the threads of a running process.
 *
 * A thread's state is where the BPF programs look for it: in the thread-specific slot whose key _PyRuntime names.
 * Nothing stops the process meanwhile, so a thread may change its stack between two reads: what fails once is
 * tried again. A wrong offset fails every time.
 */
#include <errno.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/proc.h"
#include "collect/python/layout.h"
#include "collect/target/target.h"

#define TRIES 20	/* a stack in 3.14 that always changes is whole every other time */
#define PAUSE_NS 100000
#define THREADS 64
#define FRAMES 256		/* of all threads, their innermost; those further out are like them */
#define FRAMES_EACH 24		/* of one */
#define STATES 2048
#define INTERPRETERS 16

/* The same in every version of a default build. */
#define VAR_SIZE 16		/* of a variable-size object: ob_size */
#define TYPE_NAME 24		/* of a type: tp_name */
#define TYPE_SIZE 32		/* of a type: tp_basicsize */
#define CODE_BYTES 48		/* of a code object of 3.8 to 3.10: co_code */
#define CODE_OBJECT_10 176	/* size of that */
#define CODE_HEAD 56		/* as much of a code object as has these */

enum verdict { RIGHT, NOT_PYTHON, WRONG };

struct thread {
	pid_t tid;
	enum verdict verdict;
	const char *why;	/* WRONG: what does not fit */
};

struct state {
	__u64 address;
	__u64 thread_id;
};

struct check {
	pid_t pid;
	const struct python_layout *layout;
	const struct python_offsets *offsets;
	__u64 code_type;
	bool code_type_known;	/* and it is a type of code objects */
	size_t frame_bytes;
	__u32 key;
	struct thread threads[THREADS];
	size_t nr_threads;
	size_t nr_glibc;	/* threads with a list of robust mutexes */
	size_t nr_frames;	/* that were right */
	struct state states[STATES];
	size_t nr_states;
};

static int peek(const struct check *check, __u64 address, __u64 *word)
{
	return target_peek(check->pid, address, word, sizeof(*word));
}

int python_refuse(int err, char *reason, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, size, fmt, args);
	va_end(args);
	return err;
}

/* ---- what the interpreter knows of threads ---- */

/* The states of one interpreter. The list may change under our eyes: the next try will do. */
static int list_interpreter(struct check *check, __u64 interpreter)
{
	const struct python_offsets *o = check->offsets;
	__u64 tstate, owner;

	if (peek(check, interpreter + o->interpreter_threads, &tstate))
		return -EPROTO;
	for (; tstate && check->nr_states < STATES; check->nr_states++) {
		struct state *state = &check->states[check->nr_states];

		state->address = tstate;
		if (peek(check, tstate + o->tstate_interpreter, &owner) || owner != interpreter ||
		    peek(check, tstate + o->layout.tstate_thread_id, &state->thread_id) ||
		    peek(check, tstate + o->tstate_next, &tstate))
			return -EPROTO;
	}
	return 0;
}

static int list_states(struct check *check)
{
	const struct python_offsets *o = check->offsets;
	__u64 interpreter;
	int i, err;

	check->nr_states = 0;
	err = peek(check, o->layout.runtime + o->interpreters_head, &interpreter);
	for (i = 0; !err && interpreter && i < INTERPRETERS; i++) {
		err = list_interpreter(check, interpreter);
		if (!err)
			err = peek(check, interpreter + o->interpreter_next, &interpreter);
	}
	return err;
}

static const struct state *find_state(const struct check *check, __u64 address)
{
	size_t i;

	for (i = 0; i < check->nr_states; i++)
		if (check->states[i].address == address)
			return &check->states[i];
	return NULL;
}

/* ---- the stack of a thread ---- */

/* The type calls itself so, and its objects are of the size that they have in this version. */
static bool looks_like_code_type(const struct check *check, __u64 type)
{
	__u64 expected = check->layout->minor >= 11 ? check->layout->code_adaptive : CODE_OBJECT_10, at, size;
	char name[5] = "";

	return !peek(check, type + TYPE_SIZE, &size) && size == expected && !peek(check, type + TYPE_NAME, &at) &&
	       !target_peek(check->pid, at, name, sizeof(name)) && !memcmp(name, "code", sizeof(name));
}

/* Where no symbol gives the address of PyCode_Type, the first code object's type is it. */
static bool is_code_type(struct check *check, __u64 type)
{
	if (!check->code_type_known) {
		if ((check->code_type && type != check->code_type) || !looks_like_code_type(check, type))
			return false;
		check->code_type = type;
		check->code_type_known = true;
	}
	return type == check->code_type;
}

static __u64 word_of(const unsigned char *bytes, size_t offset)
{
	__u64 word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

/* Bytes of code that a code object has; 0 if it cannot be told. */
static __u64 code_bytes(const struct check *check, const unsigned char *code)
{
	bool is_inline = check->layout->minor >= 11;
	__u64 size = word_of(code, VAR_SIZE);

	if ((!is_inline && peek(check, word_of(code, CODE_BYTES) + VAR_SIZE, &size)) || size > INT32_MAX)
		return 0;
	return is_inline ? 2 * size : size;
}

/* Where the frame is in its code, bytes; negative: not started. */
static __s64 instruction_offset(const struct python_layout *layout, const unsigned char *frame, __u64 code)
{
	__s32 last;

	if (layout->minor >= 11)
		return (__s64)(word_of(frame, layout->frame_instr) - code - layout->code_adaptive);
	memcpy(&last, frame + layout->frame_instr, sizeof(last));
	return layout->minor == 10 ? 2 * (__s64)last : last;
}

/* Is there an instruction? No call is the first one, but in the interpreter's own code from 3.13 on. */
static bool is_inside(const struct check *check, const unsigned char *code, __s64 offset, bool calls)
{
	if (offset < 0)
		return !calls && offset >= -2;
	if (!offset && calls && check->layout->minor < 13)
		return false;
	return !(offset & 1) && offset < (__s64)code_bytes(check, code);
}

/* Stacks begin where native code calls into the interpreter, which 3.11 and later mark. */
static bool is_entry(const struct python_layout *layout, const unsigned char *frame)
{
	if (layout->minor == 11)
		return frame[layout->frame_is_entry] == 1;
	return layout->minor >= 12 && frame[layout->frame_owner] >= PYTHON_OWNER_ENTRY;
}

/* The code object of a frame. */
static const char *check_code(struct check *check, const unsigned char *frame, bool calls)
{
	const struct python_layout *layout = check->layout;
	__u64 address = word_of(frame, layout->frame_code) & ~PYTHON_REF_TAGS;	/* 3.14 has tags there */
	unsigned char code[CODE_HEAD];

	if (layout->code_type_offset > sizeof(code) - 8 || target_peek(check->pid, address, code, sizeof(code)) ||
	    !is_code_type(check, word_of(code, layout->code_type_offset)))
		return "a frame has no code";
	if (!is_inside(check, code, instruction_offset(layout, frame, address), calls))
		return "a frame is not in its code";
	check->nr_frames++;
	return NULL;
}

/* A frame in one read, so that it is unlikely to change between its fields. */
static const char *check_frame(struct check *check, __u64 address, bool calls, __u64 *next)
{
	const struct python_layout *layout = check->layout;
	unsigned char frame[PYTHON_FRAME_BYTES];

	if (target_peek(check->pid, address, frame, check->frame_bytes))
		return "a frame cannot be read";
	*next = word_of(frame, layout->frame_back);
	if (layout->minor >= 11 && !*next && !is_entry(layout, frame))
		return "it begins in the middle";
	if (layout->minor >= 12 && is_entry(layout, frame))	/* which has an object for its code, but none of its own */
		return word_of(frame, layout->frame_code) >> 12 ? NULL : "an entry is no frame";
	return check_code(check, frame, calls);
}

static const char *check_stack(struct check *check, __u64 tstate)
{
	const struct python_layout *layout = check->layout;
	size_t i, share = FRAMES / check->nr_threads, most = share < FRAMES_EACH ? share : FRAMES_EACH;
	const char *why = NULL;
	__u64 frame;

	if (peek(check, tstate + layout->tstate_frame, &frame))
		return "its state cannot be read";
	if ((layout->minor == 11 || layout->minor == 12) && peek(check, frame + layout->cframe_frame, &frame))
		return "its innermost frame cannot be read";
	for (i = 0; frame && !why && i < most; i++)
		why = check_frame(check, frame, i > 0, &frame);
	return why;
}

/* ---- threads ---- */

static int thread_slot(const struct check *check, __u64 robust, __u64 *tstate)
{
	__u64 block;
	int err = peek(check, robust + GLIBC_ROBUST_TO_KEYS + 8 * (check->key / GLIBC_BLOCK_KEYS), &block);

	*tstate = 0;
	return err || !block ? err : peek(check, block + GLIBC_KEY_BYTES * (check->key % GLIBC_BLOCK_KEYS) + GLIBC_KEY_VALUE, tstate);
}

static enum verdict check_thread(struct check *check, struct thread *thread)
{
	const struct state *state;
	__u64 robust, tstate;
	size_t length;

	if (syscall(SYS_get_robust_list, thread->tid, &robust, &length) || !robust)
		return NOT_PYTHON;
	check->nr_glibc++;
	if (thread_slot(check, robust, &tstate)) {
		thread->why = "its slot cannot be read";
		return WRONG;
	}
	if (!tstate)
		return NOT_PYTHON;
	state = find_state(check, tstate);
	if (!state && check->nr_states == STATES)
		return NOT_PYTHON;	/* or one of the many that were not listed */
	if (!state)
		thread->why = "its slot holds no thread state";
	else if (state->thread_id != robust - GLIBC_SELF_TO_ROBUST)
		thread->why = "its slot holds another thread's state";
	else
		thread->why = check_stack(check, tstate);
	return thread->why ? WRONG : RIGHT;
}

static bool list_thread(void *ctx, pid_t tid)
{
	struct check *check = ctx;

	if (check->nr_threads < THREADS)
		check->threads[check->nr_threads++] = (struct thread){.tid = tid, .verdict = WRONG};
	return check->nr_threads < THREADS;
}

static int list_threads(struct check *check)
{
	return proc_each_thread(check->pid, list_thread, check);
}

/* Those that were wrong are tried again; returns one that still is, NULL if none. */
static const struct thread *check_threads(struct check *check)
{
	const struct thread *wrong = NULL;
	size_t i;

	for (i = 0; i < check->nr_threads; i++) {
		struct thread *thread = &check->threads[i];

		if (thread->verdict == WRONG)
			thread->verdict = check_thread(check, thread);
		if (thread->verdict == WRONG)
			wrong = thread;
	}
	return wrong;
}

/* ---- all of it ---- */

/* Key 0 is a good one: whether there is a key at all is told by the word in front of it. */
static int read_key(struct check *check)
{
	__u32 key[2];
	int err = target_peek(check->pid, check->layout->runtime + check->layout->tss_key, key, sizeof(key));

	if (err)
		return err;
	if (key[0] > 1 || key[1] >= GLIBC_KEYS)
		return -EPROTO;
	check->key = key[1];
	return key[0] ? 0 : -EAGAIN;
}

static int try_once(struct check *check, const struct thread **wrong)
{
	int err = read_key(check);

	*wrong = NULL;
	if (!err)
		err = list_states(check);
	if (!err)
		*wrong = check_threads(check);
	return *wrong || err == -EFAULT ? -EPROTO : err;
}

static int try_often(struct check *check, const struct thread **wrong)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int i, err = try_once(check, wrong);

	for (i = 1; err == -EPROTO && i < TRIES; i++) {
		nanosleep(&pause, NULL);
		err = try_once(check, wrong);
	}
	return err;
}

static int judge(const struct check *check, int err, const struct thread *wrong, char *reason, size_t size)
{
	unsigned int minor = check->layout->minor;

	if (wrong)
		return python_refuse(err, reason, size, "the stack of its thread %d is not as Python 3.%u has it (%s): sections only",
			      wrong->tid, minor, wrong->why);
	if (err == -EAGAIN || (!err && !check->nr_states))
		return python_refuse(-EAGAIN, reason, size, "its Python 3.%u has not started yet", minor);
	if (err == -EPROTO)
		return python_refuse(err, reason, size, "its threads are not as Python 3.%u has them: sections only", minor);
	if (err)
		return python_refuse(err, reason, size, "its Python 3.%u cannot be read (%s): sections only", minor, strerror(-err));
	if (!check->nr_glibc)
		return python_refuse(-ENOTSUP, reason, size, "its threads are not those of glibc: sections only");
	if (!check->nr_frames)
		return python_refuse(-EAGAIN, reason, size, "none of its threads runs Python now");
	return 0;
}

int python_check(pid_t pid, struct python_offsets *offsets, char *reason, size_t size)
{
	const struct thread *wrong = NULL;
	struct check *check = calloc(1, sizeof(*check));
	int err;

	if (!check)
		return python_refuse(-ENOMEM, reason, size, "not enough memory to look at its Python");
	check->pid = pid;
	check->offsets = offsets;
	check->layout = &offsets->layout;
	check->code_type = offsets->layout.code_type;
	check->frame_bytes = python_layout_frame(check->layout);
	err = check->frame_bytes <= PYTHON_FRAME_BYTES ? list_threads(check) : -EPROTO;
	if (!err)
		err = try_often(check, &wrong);
	err = judge(check, err, wrong, reason, size);
	if (!err)
		offsets->layout.code_type = check->code_type;
	free(check);
	return err;
}
