// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* check_stack.c - checks that the stack of a thread state consists of frames, and that their code is in code objects. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "collect/python/check_stack.h"
#include "collect/target/target.h"

/* The same in every version of a default build. */
#define VAR_SIZE 16		/* of a variable-size object: ob_size */
#define TYPE_NAME 24		/* of a type: tp_name */
#define TYPE_SIZE 32		/* of a type: tp_basicsize */
#define CODE_BYTES 48		/* of a code object of 3.8 to 3.10: co_code */
#define CODE_OBJECT_10 176	/* size of that */
#define CODE_HEAD 56		/* as much of a code object as has these */

int check_stack_init(struct stack_check *check, pid_t pid, const struct python_layout *layout)
{
	*check = (struct stack_check){
		.pid = pid, .layout = layout, .code_type = layout->code_type, .frame_bytes = layout_frame_bytes(layout),
	};
	return check->frame_bytes <= PYTHON_FRAME_BYTES ? 0 : -EPROTO;
}

/* ---- code objects ---- */

/* The type's name is "code", and its objects have the size that they have in this version. */
static bool looks_like_code_type(const struct stack_check *check, __u64 type)
{
	__u64 expected = check->layout->minor >= 11 ? check->layout->code_adaptive : CODE_OBJECT_10, at, size;
	char name[5] = "";

	return !target_peek_word(check->pid, type + TYPE_SIZE, &size) && size == expected &&
	       !target_peek_word(check->pid, type + TYPE_NAME, &at) && !target_peek(check->pid, at, name, sizeof(name)) &&
	       !memcmp(name, "code", sizeof(name));
}

/* The type of the first code object is taken for PyCode_Type if no symbol gives the address of that. */
static bool is_code_type(struct stack_check *check, __u64 type)
{
	if (!check->code_type_known) {
		if ((check->code_type && type != check->code_type) || !looks_like_code_type(check, type))
			return false;
		check->code_type = type;
		check->code_type_known = true;
	}
	return type == check->code_type;
}

static __u64 word_at(const unsigned char *bytes, size_t offset)
{
	__u64 word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

/* Returns the bytes of instructions that a code object has; 0: unknown. */
static __u64 instruction_bytes(const struct stack_check *check, const unsigned char *code)
{
	bool is_inline = check->layout->minor >= 11;
	__u64 size = word_at(code, VAR_SIZE);

	if ((!is_inline && target_peek_word(check->pid, word_at(code, CODE_BYTES) + VAR_SIZE, &size)) || size > INT32_MAX)
		return 0;
	return is_inline ? 2 * size : size;
}

/* Returns the offset in bytes of a frame's instruction in its code; negative: the frame has not started. */
static __s64 instruction_offset(const struct python_layout *layout, const unsigned char *frame, __u64 code)
{
	__s32 last;

	if (layout->minor >= 11)
		return (__s64)(word_at(frame, layout->frame_instr) - code - layout->code_adaptive);
	memcpy(&last, frame + layout->frame_instr, sizeof(last));
	return layout->minor == 10 ? 2 * (__s64)last : last;
}

/*
 * Returns true if there is an instruction at that offset. calls: it is a call. The first instruction is never a call, except in
 * the interpreter's own code from 3.13 on.
 */
static bool is_instruction(const struct stack_check *check, const unsigned char *code, __s64 offset, bool calls)
{
	if (offset < 0)
		return !calls && offset >= -2;
	if (!offset && calls && check->layout->minor < 13)
		return false;
	return !(offset & 1) && offset < (__s64)instruction_bytes(check, code);
}

/* ---- frames ---- */

/* Returns true if native code called into the interpreter here. Stacks begin there; 3.11 and later mark such frames. */
static bool is_entry_frame(const struct python_layout *layout, const unsigned char *frame)
{
	return layout->minor == 11 ? frame[layout->frame_is_entry] == 1 : layout->minor >= 12 && frame[layout->frame_owner] >= PYTHON_OWNER_ENTRY;
}

static const char *check_frame_code(struct stack_check *check, const unsigned char *frame, bool calls)
{
	const struct python_layout *layout = check->layout;
	__u64 address = word_at(frame, layout->frame_code) & ~PYTHON_REF_TAGS;	/* 3.14 keeps tags in the low bits */
	unsigned char code[CODE_HEAD];

	if (layout->code_type_offset > sizeof(code) - 8 || target_peek(check->pid, address, code, sizeof(code)) ||
	    !is_code_type(check, word_at(code, layout->code_type_offset)))
		return "a frame has no code";
	if (!is_instruction(check, code, instruction_offset(layout, frame, address), calls))
		return "a frame is not in its code";
	check->nr_frames++;
	return NULL;
}

/* A frame is read by one system call, so that it is unlikely to change between its fields. */
static const char *check_frame(struct stack_check *check, __u64 address, bool calls, __u64 *next)
{
	const struct python_layout *layout = check->layout;
	unsigned char frame[PYTHON_FRAME_BYTES];

	if (target_peek(check->pid, address, frame, check->frame_bytes))
		return "a frame cannot be read";
	*next = word_at(frame, layout->frame_back);
	if (layout->minor >= 11 && !*next && !is_entry_frame(layout, frame))
		return "it begins in the middle";
	if (layout->minor >= 12 && is_entry_frame(layout, frame))	/* it has an object for its code, but no code of its own */
		return word_at(frame, layout->frame_code) >> 12 ? NULL : "an entry is no frame";
	return check_frame_code(check, frame, calls);
}

const char *check_stack(struct stack_check *check, __u64 tstate, size_t most)
{
	const struct python_layout *layout = check->layout;
	const char *why = NULL;
	__u64 frame;
	size_t i;

	if (target_peek_word(check->pid, tstate + layout->tstate_frame, &frame))
		return "its state cannot be read";
	if ((layout->minor == 11 || layout->minor == 12) && target_peek_word(check->pid, frame + layout->cframe_frame, &frame))
		return "its innermost frame cannot be read";
	for (i = 0; frame && !why && i < most; i++)
		why = check_frame(check, frame, i > 0, &frame);
	return why;
}
