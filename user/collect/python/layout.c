// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * layout.c - the offsets of fields in CPython's structures, for each version.
 *
 * They are taken from the headers of each version (offsetof under Py_BUILD_CORE) and tried on running interpreters, see
 * tests/system/test_pythons.py. They are those of default builds, 64 bit. Patch releases have not moved any of them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "collect/python/layout.h"

/* Up to 3.11 the lock of the interpreter, with two pthread_mutex_t, lies in front: each is 8 bytes larger on arm64. */
#ifdef __aarch64__
#define PAST_LOCK(bytes) ((bytes) + 16)
#else
#define PAST_LOCK(bytes) (bytes)
#endif

/* 3.8 to 3.10: frames are objects, chained by f_back. */
#define FRAME_OBJECTS	.tstate_thread_id = 176, .tstate_frame = 24, .frame_code = 32, .frame_back = 24
#define CODE_8		.code_type_offset = 8, .code_firstlineno = 40, .code_flags = 36, .code_argcount = 16, .code_kwonly = 24, \
			.code_name = 112, .code_filename = 104, .code_linetable = 120

/* From 3.11 on: frames lie on a stack of their own, and a frame holds the address of its instruction. */
#define CODE_11		.code_type_offset = 8, .code_firstlineno = 72, .code_flags = 48, .code_argcount = 56, .code_kwonly = 64, \
			.code_name = 120, .code_qualname = 128, .code_filename = 112, .code_linetable = 136
#define FRAMES_12	.frame_code = 0, .frame_back = 8, .frame_instr = 56
#define CODE_12		.code_type_offset = 8, .code_firstlineno = 68, .code_flags = 48, .code_argcount = 52, .code_kwonly = 60, \
			.code_version = 92, .code_name = 120, .code_qualname = 128, .code_filename = 112, .code_linetable = 136

#define STRINGS_8	.unicode_ascii = 48, .unicode_compact = 72
#define STRINGS_12	.unicode_ascii = 40, .unicode_compact = 56

static const struct python_offsets offsets_table[PYTHON_MINORS] = {
	{	/* 3.8 */
		.layout = {.tss_key = PAST_LOCK(1392), FRAME_OBJECTS, .frame_instr = 104, CODE_8, STRINGS_8,
			   .interpreters_head = 32, .interpreter_next = 0},
		.interpreter_threads = 8,
	}, {	/* 3.9 */
		.layout = {.tss_key = PAST_LOCK(584), FRAME_OBJECTS, .frame_instr = 104, CODE_8, STRINGS_8,
			   .interpreters_head = 32, .interpreter_next = 0},
		.interpreter_threads = 8,
	}, {	/* 3.10 */
		.layout = {.tss_key = PAST_LOCK(584), FRAME_OBJECTS, .frame_instr = 96, CODE_8, STRINGS_8,
			   .interpreters_head = 32, .interpreter_next = 0},
		.interpreter_threads = 8,
	}, {	/* 3.11 */
		.layout = {.tss_key = PAST_LOCK(592), .tstate_thread_id = 152, .tstate_frame = 56, .cframe_frame = 8,
			   .frame_code = 32, .frame_back = 48, .frame_instr = 56, .frame_owner = 69, .frame_is_entry = 68,
			   CODE_11, .code_adaptive = 184, STRINGS_8,
			   .interpreters_head = 40, .interpreter_next = 0},
		.interpreter_threads = 16,
	}, {	/* 3.12 */
		.layout = {.tss_key = 1544, .tstate_thread_id = 136, .tstate_frame = 56, .cframe_frame = 0,
			   FRAMES_12, .frame_owner = 70, CODE_12, .code_adaptive = 192, STRINGS_12,
			   .interpreters_head = 40, .interpreter_next = 0, .interpreter_gil = 384},
		.interpreter_threads = 72,
	}, {	/* 3.13 */
		.layout = {.tss_key = 2160, .tstate_thread_id = 152, .tstate_frame = 72,
			   FRAMES_12, .frame_owner = 70, CODE_12, .code_adaptive = 200, STRINGS_12,
			   .interpreters_head = 632, .interpreter_next = 7264, .interpreter_gil = 16},
		.interpreter_threads = 7344,
	}, {	/* 3.14 */
		.layout = {.tss_key = 2336, .tstate_thread_id = 152, .tstate_frame = 72,
			   FRAMES_12, .frame_owner = 74, CODE_12, .code_adaptive = 208, STRINGS_12,
			   .interpreters_head = 808, .interpreter_next = 7272, .interpreter_gil = 16},
		.interpreter_threads = 7344,
	},
};

int layout_from_table(unsigned int minor, struct python_offsets *offsets)
{
	if (minor < 8 || minor >= 8 + PYTHON_MINORS)
		return -ENOTSUP;
	*offsets = offsets_table[minor - 8];
	offsets->layout.minor = minor;
	/* These are the same in all versions. */
	offsets->tstate_next = 8;
	offsets->tstate_interpreter = 16;
	return 0;
}

/* 3.8 to 3.11 do not change any more. 3.12 has the size of its first releases. Later versions hold their version themselves. */
unsigned int layout_minor_by_size(__u64 size)
{
	static const struct { __u64 size; unsigned int minor; } sizes[] = {
		{PAST_LOCK(1464), 8}, {PAST_LOCK(656), 9}, {PAST_LOCK(672), 10}, {PAST_LOCK(166688), 11}, {PAST_LOCK(459944), 12},
	};
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (sizes[i].size == size)
			return sizes[i].minor;
	return 0;
}

size_t layout_frame_bytes(const struct python_layout *layout)
{
	size_t ends[] = {layout->frame_code + 8, layout->frame_back + 8, layout->frame_instr + (layout->minor < 11 ? 4 : 8),
			 layout->frame_owner + 1, layout->frame_is_entry + 1}, end = 0, i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		end = ends[i] > end ? ends[i] : end;
	return end;
}

int layout_refuse(int err, char *reason, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, size, fmt, args);
	va_end(args);
	return err;
}

bool layout_debug_is_valid(const struct python_debug *debug)
{
	return !memcmp(debug->cookie, "xdebugpy", sizeof(debug->cookie));
}

/* The places in _Py_DebugOffsets of 3.13 and of 3.14 that hold an offset, and the size of the structure that the offset is in. */
struct debug_field {
	__u16 to;
	struct { __u16 size, offset; } at[2];
};

#define OF(field) offsetof(struct python_offsets, field)

static const struct debug_field debug_fields[] = {
	{OF(layout.interpreters_head),	{{ 24,  40}, { 24,  40}}},
	{OF(layout.interpreter_next),	{{ 48,  64}, { 48,  64}}},
	{OF(layout.interpreter_gil),	{{ 48, 112}, { 48, 120}}},
	{OF(interpreter_threads),	{{ 48,  72}, { 48,  72}}},
	{OF(tstate_next),		{{152, 168}, {176, 192}}},
	{OF(tstate_interpreter),	{{152, 176}, {176, 200}}},
	{OF(layout.tstate_frame),	{{152, 184}, {176, 208}}},
	{OF(layout.tstate_thread_id),	{{152, 192}, {176, 216}}},
	{OF(layout.frame_back),		{{224, 232}, {248, 256}}},
	{OF(layout.frame_code),		{{224, 240}, {248, 264}}},
	{OF(layout.frame_instr),	{{224, 248}, {248, 272}}},
	{OF(layout.frame_owner),	{{224, 264}, {248, 288}}},
	{OF(layout.code_filename),	{{272, 280}, {312, 320}}},
	{OF(layout.code_name),		{{272, 288}, {312, 328}}},
	{OF(layout.code_qualname),	{{272, 296}, {312, 336}}},
	{OF(layout.code_linetable),	{{272, 304}, {312, 344}}},
	{OF(layout.code_firstlineno),	{{272, 312}, {312, 352}}},
	{OF(layout.code_argcount),	{{272, 320}, {312, 360}}},
	{OF(layout.code_adaptive),	{{272, 344}, {312, 384}}},
	{OF(layout.code_type_offset),	{{352, 360}, {400, 408}}},
	{OF(layout.unicode_ascii),	{{536, 560}, {616, 640}}},
};

static __u64 debug_word(const struct python_debug *debug, __u16 at)
{
	return debug->words[(at - offsetof(struct python_debug, words)) / sizeof(__u64)];
}

int layout_from_debug(const struct python_debug *debug, struct python_offsets *offsets)
{
	int version = offsets->layout.minor == 13 ? 0 : 1;
	size_t i;
	for (i = 0; i < sizeof(debug_fields) / sizeof(*debug_fields); i++) {
		const struct debug_field *field = &debug_fields[i];
		__u64 size = debug_word(debug, field->at[version].size), offset = debug_word(debug, field->at[version].offset);

		/* If the fields had another order, some offset would be beyond its structure. */
		if (offset >= size || offset > UINT16_MAX)
			return -EPROTO;
		*(__u16 *)((char *)offsets + field->to) = (__u16)offset;
	}
	return layout_frame_bytes(&offsets->layout) <= PYTHON_FRAME_BYTES ? 0 : -EPROTO;
}

/* The places in _Py_DebugOffsets of 3.14. */
int layout_coroutines(const struct python_debug *debug, struct python_coroutines *to)
{
	__u64 size = debug_word(debug, 664), frame_size = debug_word(debug, 248);
	__u64 frame = debug_word(debug, 680), state = debug_word(debug, 688), stack = debug_word(debug, 296);

	if (size > UINT16_MAX || frame >= size || state >= size || stack >= frame_size)
		return -EPROTO;
	*to = (struct python_coroutines){.frame = (__u16)frame, .state = (__u16)state, .frame_stack = (__u16)stack};
	return 0;
}

int layout_asyncio(const struct asyncio_debug *debug, struct asyncio_offsets *to)
{
	if (debug->task_coro >= debug->task_size || debug->task_node >= debug->task_size || debug->task_size > UINT16_MAX ||
	    debug->interpreter_tasks >= debug->interpreter_size || debug->interpreter_size > INT32_MAX ||
	    debug->thread_tasks >= debug->thread_size || debug->thread_size > INT32_MAX)
		return -EPROTO;
	*to = (struct asyncio_offsets) {
		.task_coro = (__u32)debug->task_coro, .task_node = (__u32)debug->task_node,
		.interpreter_tasks = (__u32)debug->interpreter_tasks, .thread_tasks = (__u32)debug->thread_tasks,
	};
	return 0;
}
