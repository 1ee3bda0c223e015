/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * python_walk.bpf.h - walks the Python frames of the current thread.
 *
 * The interpreter is neither stopped nor trusted. A thread's own frames do not change while it is interrupted, but
 * it may have been interrupted anywhere. So the type of each code object is checked before a frame is taken, and
 * the walk ends at the first object of another type. There are two reads per frame: the frame, and the head of its
 * code object; up to 3.11 also the hash of its name. User space reads the names. Of a deep stack the innermost and the
 * outermost frames are taken; between them one word is read per frame, the address of the next.
 *
 * CPython keeps the thread's state in a pthread key for PyGILState_Ensure(). It is right there while the thread
 * runs without the GIL, too. glibc tells the kernel where its struct pthread lies, by the list of robust futexes
 * in it.
 */
#ifndef BPF_RULES_PYTHON_WALK_H
#define BPF_RULES_PYTHON_WALK_H

#include "state/maps.bpf.h"

#define PYTHON_INNER	(SAMPLE_PYTHON - SAMPLE_OUTER)
#define PYTHON_VISITED	512	/* innermost frames read, including entries from native code */
#define PYTHON_PASSED	2048	/* frames beyond them */
#define CODE_READ	144

static __always_inline u64 word_of(const u8 *bytes, u32 offset)
{
	return *(const u64 *)(bytes + (offset & (WALK_BYTES - 1)));
}

static __always_inline u32 half_of(const u8 *bytes, u32 offset)
{
	return *(const u32 *)(bytes + (offset & (WALK_BYTES - 1)));
}

static __always_inline u64 read_word(u64 address)
{
	u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (void *)address);
	return word;
}

/* Reads a word without which there is no stack. The kernel may be migrating its page just now. */
static __always_inline u64 need_word(struct walker *w, u64 address)
{
	u64 word = 0;

	if (bpf_probe_read_user(&word, sizeof(word), (void *)address))
		w->sample.flags |= SAMPLE_PYTHON_BROKEN;
	return word;
}

/* Returns the address of the current thread's PyThreadState, or 0 if it has none. */
static __always_inline u64 python_thread(struct walker *w, struct task_struct *task, const struct python_layout *p)
{
	u64 robust_list = robust_list_of(task), key, block, state;	/* key: is it initialised, and its number */

	if (!robust_list)
		return 0;
	key = need_word(w, p->runtime + p->tss_key);
	if (!(u32)key || key >> 32 >= GLIBC_KEYS)
		return 0;
	key >>= 32;
	block = need_word(w, robust_list + GLIBC_ROBUST_TO_KEYS + 8 * (key / GLIBC_BLOCK_KEYS));
	state = block ? need_word(w, block + GLIBC_KEY_BYTES * (key % GLIBC_BLOCK_KEYS) + GLIBC_KEY_VALUE) : 0;
	if (!state || need_word(w, state + p->tstate_thread_id) != robust_list - GLIBC_SELF_TO_ROBUST)
		return 0;
	return state;
}

static __always_inline u64 python_top_frame(struct walker *w, u64 state, const struct python_layout *p)
{
	u64 top = need_word(w, state + p->tstate_frame);

	if (p->minor == 11 || p->minor == 12)
		top = top ? need_word(w, top + p->cframe_frame) : 0;
	return top;
}

/* Returns the offset of the current instruction in the code, in bytes; -1: it has not started. */
static __always_inline s32 instruction_of(const struct walker *w, const struct python_layout *p, u64 code)
{
	s64 offset;

	if (p->minor <= 10) {
		offset = (s32)half_of(w->frame, p->frame_instr);
		return p->minor == 10 && offset > 0 ? offset * 2 : offset;
	}
	offset = word_of(w->frame, p->frame_instr) - code - p->code_adaptive;
	return offset < 0 || offset > 0x7fffffff ? -1 : offset;
}

static __always_inline u32 tag_of(const struct walker *w, const struct python_layout *p)
{
	if (p->minor >= 12)
		return half_of(w->code, p->code_version);
	return python_tag(half_of(w->code, p->code_firstlineno), half_of(w->code, p->code_flags),
			  half_of(w->code, p->code_argcount), half_of(w->code, p->code_kwonly),
			  read_word(word_of(w->code, p->code_name) + PYTHON_STRING_HASH),
			  word_of(w->code, p->code_linetable));
}

enum frame_taken { FRAME_TAKEN, FRAME_IS_ENTRY, FRAME_BROKEN };

/* Takes the frame at w->next, which becomes the address of its caller. */
static __noinline int python_take_frame(struct walker *w, const struct python_layout *p, struct python_frame *to)
{
	u32 bytes;
	u64 code;

	if (!w || !p || !to)
		return FRAME_BROKEN;
	bytes = p->frame_bytes;
	if (bytes > PYTHON_FRAME_BYTES || bpf_probe_read_user(w->frame, bytes, (void *)w->next))
		return FRAME_BROKEN;
	if (p->minor >= 12 && w->frame[p->frame_owner & (WALK_BYTES - 1)] >= PYTHON_OWNER_ENTRY) {
		w->next = word_of(w->frame, p->frame_back);
		return FRAME_IS_ENTRY;
	}
	code = word_of(w->frame, p->frame_code) & ~PYTHON_REF_TAGS;
	if (bpf_probe_read_user(w->code, CODE_READ, (void *)code) || word_of(w->code, p->code_type_offset) != p->code_type)
		return FRAME_BROKEN;
	to->code = code;
	to->offset = instruction_of(w, p, code);
	to->tag = tag_of(w, p);
	w->next = word_of(w->frame, p->frame_back);
	return FRAME_TAKEN;
}

/* Takes one of the innermost frames. Returns 1 if it was the last of them. */
static long python_step(u32 i, struct sample_context *c)
{
	struct walker *w = c->walker;
	u32 n = w->sample.nr_python;

	if (!w->next || n >= PYTHON_INNER)
		return 1;
	switch (python_take_frame(w, c->layout, &w->python[n & (SAMPLE_PYTHON - 1)])) {
	case FRAME_TAKEN:
		w->sample.nr_python = n + 1;
		return 0;
	case FRAME_IS_ENTRY:
		return 0;
	}
	w->sample.flags |= SAMPLE_PYTHON_BROKEN;
	w->next = 0;
	return 1;
}

/* Passes one frame further out: keeps its address in the ring, and reads no more of it than the address of its caller. */
static long python_pass(u32 i, struct sample_context *c)
{
	struct walker *w = c->walker;

	if (!w->next)
		return 1;
	w->python[PYTHON_INNER + (i & (SAMPLE_OUTER - 1))].code = w->next;
	w->passed = i + 1;
	w->next = need_word(w, w->next + c->layout->frame_back);
	return 0;
}

/* Takes a frame whose address is in the ring. An entry from native code, and a frame that cannot be read, become code 0. */
static long python_step_outer(u32 i, struct sample_context *c)
{
	struct walker *w = c->walker;
	struct python_frame *to = &w->python[PYTHON_INNER + (i & (SAMPLE_OUTER - 1))];
	int taken;

	w->next = to->code;
	taken = python_take_frame(w, c->layout, to);
	if (taken == FRAME_BROKEN)
		w->sample.flags |= SAMPLE_PYTHON_BROKEN;
	if (taken != FRAME_TAKEN)
		to->code = 0;
	return 0;
}

/* Goes on where the innermost frames end. The frames in the middle of a deep stack are only counted. */
static __always_inline void python_walk_outer(struct walker *w, struct sample_context *c)
{
	u32 n;

	w->passed = 0;
	bpf_loop(PYTHON_PASSED, python_pass, c, 0);
	if (w->next)
		w->sample.flags |= SAMPLE_PYTHON_ENDLESS;
	n = w->passed;
	if (n > SAMPLE_OUTER) {
		w->sample.flags |= SAMPLE_PYTHON_CUT;
		w->sample.outer_from = n & (SAMPLE_OUTER - 1);
		n = SAMPLE_OUTER;
	}
	bpf_loop(n, python_step_outer, c, 0);
	w->sample.nr_python += n;
}

/* Fills walker->python for the current task. */
static __noinline int python_walk(struct walker *w, struct task_struct *task, struct process *process)
{
	struct sample_context c = {.walker = w};
	u32 index;
	u64 state;

	if (!w || !task || !process)
		return 0;
	index = process->index;
	c.layout = bpf_map_lookup_elem(&pythons, &index);
	if (!c.layout || !c.layout->minor) {
		w->sample.flags |= SAMPLE_PYTHON_UNKNOWN;
		return 0;
	}
	state = python_thread(w, task, c.layout);
	if (!state)
		return 0;
	w->next = python_top_frame(w, state, c.layout);
	bpf_loop(PYTHON_VISITED, python_step, &c, 0);
	if (w->next)
		python_walk_outer(w, &c);
	return 0;
}

#endif
