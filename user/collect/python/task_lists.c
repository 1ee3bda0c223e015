// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* task_lists.c - see task_lists.h. All that is read may change meanwhile and may be anything: each read and each list is bounded. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/elf_file.h"
#include "base/mapped_files.h"
#include "collect/python/task_lists.h"
#include "collect/python/interpreter.h"
#include "host/isolate.h"
#include "symbol/find_object.h"

#define INTERPRETERS 16
#define THREADS 2048		/* of an interpreter */
#define OBJECT_BYTES 512	/* of a coroutine, up to the fields of its frame that are read */
#define TYPES 4			/* of coroutines and generators */
#define TYPE_NAME 24		/* of a type: tp_name */
#define OBJECT_TYPE 8		/* of an object: ob_type */

/* Values of gi_frame_state. */
#define STATE_AWAITS (-1)	/* suspended in an await or a yield from: the awaited object is on top of its stack */
#define STATE_SUSPENDED (-2)

/* ---- the offsets ---- */

struct asyncio_search {
	pid_t pid;
	__u64 address;		/* of _AsyncioDebug; 0: not found */
};

/* Most interpreters have asyncio's C part in a file of its own. */
static bool may_hold_asyncio(void *ctx, const struct mapped_file *map)
{
	const char *slash = strrchr(map->path, '/'), *name = slash ? slash + 1 : map->path;

	(void)ctx;
	return !strncmp(name, "_asyncio.", 9) || !strncmp(name, "libpython", 9) || !strncmp(name, "python", 6);
}

static bool take_asyncio_file(void *ctx, int fd, const struct mapped_file *map)
{
	struct elf_object object = {.name = "_AsyncioDebug", .section = ".AsyncioDebug"};
	struct asyncio_search *search = ctx;
	struct elf_file elf;
	__u64 bias;

	if (!elf_file_open(&elf, fd) && !elf_file_bias(&elf, map->start, map->offset, &bias) && !find_objects(fd, &object, 1))
		search->address = object.address + bias;
	close(fd);
	return !search->address;
}

static void search_files(void *ctx, void *result)
{
	struct asyncio_search *search = result;

	*search = (struct asyncio_search){.pid = *(const pid_t *)ctx};
	mapped_files_each(search->pid, may_hold_asyncio, take_asyncio_file, search);
}

/* The bytes of a coroutine that are read: up to the field of its frame that lies last. */
static size_t object_bytes(const struct task_layout *layout)
{
	size_t frame_bytes = layout->python.frame_bytes, stack = layout->objects.frame_stack + sizeof(__u64);

	return layout->objects.frame + (stack > frame_bytes ? stack : frame_bytes);
}

int task_lists_find(struct task_layout *layout, const struct target *target, const struct python_layout *python)
{
	struct asyncio_search search = {0};
	struct asyncio_debug asyncio;
	struct python_debug debug;
	pid_t pid = target->pid;

	memset(layout, 0, sizeof(*layout));
	if (python->minor != 14 || layout_from_table(python->minor, &layout->threads))
		return -ENOTSUP;
	if (isolate_call(search_files, &pid, &search, sizeof(search)) || !search.address)
		return -EAGAIN;
	if (target_read(target, python->runtime, &debug, sizeof(debug)) || target_read(target, search.address, &asyncio, sizeof(asyncio)))
		return -EAGAIN;
	layout->python = *python;
	if (layout_from_debug(&debug, &layout->threads) || layout_coroutines(&debug, &layout->objects) ||
	    layout_asyncio(&asyncio, &layout->asyncio) || object_bytes(layout) > OBJECT_BYTES ||
	    layout->objects.state >= object_bytes(layout))
		return -EPROTO;
	layout->threads.layout.runtime = python->runtime;
	return 0;
}

/* ---- one task ---- */

struct task_walk {
	const struct task_layout *layout;
	const struct target *target;
	void (*visit)(void *ctx, const struct suspended_task *task);
	void *ctx;
	__u64 types[TYPES];	/* that are known to be those of coroutines and generators */
	__u32 nr_types;
	__u32 left;		/* reads that may yet be made */
};

static bool read_bytes(struct task_walk *w, __u64 address, void *to, size_t size)
{
	return w->left && w->left-- && !target_read(w->target, address, to, size);
}

static bool read_word(struct task_walk *w, __u64 address, __u64 *word)
{
	return read_bytes(w, address, word, sizeof(*word));
}

static bool is_suspendable(struct task_walk *w, __u64 type)
{
	char name[10] = "";
	__u64 at;
	__u32 i;

	for (i = 0; i < w->nr_types; i++)
		if (w->types[i] == type)
			return true;
	if (!read_word(w, type + TYPE_NAME, &at) || !read_bytes(w, at, name, sizeof(name)) ||
	    (memcmp(name, "coroutine", sizeof("coroutine")) && memcmp(name, "generator", sizeof("generator"))))
		return false;
	if (w->nr_types < TYPES)
		w->types[w->nr_types++] = type;
	return true;
}

static __u64 word_at(const unsigned char *bytes, size_t offset)
{
	__u64 word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

/* Adds the frame of a coroutine. Returns the object that it awaits; 0: none, or it is not suspended. */
static __u64 add_coroutine(struct task_walk *w, struct suspended_task *task, __u64 address)
{
	const struct task_layout *l = w->layout;
	const unsigned char *frame;
	unsigned char object[OBJECT_BYTES];
	struct python_frame *to = &task->frames[task->nr_frames];
	__u64 code, awaited = 0;
	__s8 state;

	if (!read_bytes(w, address, object, object_bytes(l)) ||
	    !is_suspendable(w, word_at(object, OBJECT_TYPE)))
		return 0;
	frame = object + l->objects.frame;
	state = (__s8)object[l->objects.state];
	code = word_at(frame, l->python.frame_code) & ~PYTHON_REF_TAGS;
	if ((state != STATE_AWAITS && state != STATE_SUSPENDED) ||
	    !read_bytes(w, code + l->python.code_version, &to->tag, sizeof(to->tag)))
		return 0;
	to->code = code;
	to->offset = (__s32)(word_at(frame, l->python.frame_instr) - code - l->python.code_adaptive);
	task->nr_frames++;
	if (state == STATE_AWAITS && !read_word(w, word_at(frame, l->objects.frame_stack) - 8, &awaited))
		return 0;
	return awaited & ~PYTHON_REF_TAGS;
}

static void visit_task(struct task_walk *w, __u64 task_address)
{
	struct suspended_task task = {0};
	__u64 object;
	__u32 i;

	if (!read_word(w, task_address + w->layout->asyncio.task_coro, &object))
		return;
	while (object && task.nr_frames < TASK_LISTS_DEPTH)
		object = add_coroutine(w, &task, object);
	for (i = 0; i < task.nr_frames / 2; i++) {	/* innermost first */
		struct python_frame outer = task.frames[i];

		task.frames[i] = task.frames[task.nr_frames - 1 - i];
		task.frames[task.nr_frames - 1 - i] = outer;
	}
	if (task.nr_frames)
		w->visit(w->ctx, &task);
}

/* ---- all tasks ---- */

/* Both directions must agree: the memory of a task that ended meanwhile may belong to another one, at another place. */
static int visit_list(struct task_walk *w, __u64 head)
{
	struct { __u64 next, prev; } node;
	__u64 at, before = head;

	if (!read_word(w, head, &at))
		return -EAGAIN;
	while (at != head) {
		if (!at || !read_bytes(w, at, &node, sizeof(node)) || node.prev != before)
			return -EAGAIN;
		visit_task(w, at - w->layout->asyncio.task_node);
		before = at;
		at = node.next;
	}
	return 0;
}

static int visit_threads(struct task_walk *w, __u64 interpreter)
{
	const struct task_layout *l = w->layout;
	int i, err = visit_list(w, interpreter + l->asyncio.interpreter_tasks);
	__u64 tstate;

	if (!err && !read_word(w, interpreter + l->threads.interpreter_threads, &tstate))
		err = -EAGAIN;
	for (i = 0; !err && tstate && i < THREADS; i++) {
		err = visit_list(w, tstate + l->asyncio.thread_tasks);
		if (!read_word(w, tstate + l->threads.tstate_next, &tstate))
			return -EAGAIN;
	}
	return err;
}

int task_lists_each(const struct task_layout *layout, const struct target *target,
		    void (*visit)(void *ctx, const struct suspended_task *task), void *ctx, bool *more)
{
	struct task_walk w = {.layout = layout, .target = target, .visit = visit, .ctx = ctx, .left = TASK_LISTS_READS};
	const struct python_layout *python = &layout->threads.layout;
	__u64 interpreter;
	int i, err = 0;

	if (!read_word(&w, python->runtime + python->interpreters_head, &interpreter))
		return -EAGAIN;
	for (i = 0; interpreter && i < INTERPRETERS && !err; i++) {
		err = visit_threads(&w, interpreter);
		if (!err && !read_word(&w, interpreter + python->interpreter_next, &interpreter))
			err = -EAGAIN;
	}
	if (w.left)
		return err;
	*more = true;
	return 0;
}
