/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* samples.h - samples of the stack, as the BPF programs send them, and where the frames of an interpreter lie. */
#ifndef BPFPROF_SAMPLES_H
#define BPFPROF_SAMPLES_H

#include <linux/types.h>

#define SAMPLE_SECTIONS	16	/* open sections in a sample; outer ones are left out and counted */
#define SAMPLE_PYTHON	128	/* frames: of a deeper stack the innermost ... */
#define SAMPLE_OUTER	32	/* ... and up to this number of the outermost; a power of two */
#define SAMPLE_NATIVE	127	/* addresses */
#define SAMPLE_STACK	2048	/* bytes of the stack itself, for code without frame pointers, ... */
#define SAMPLE_CPU_STACK 6144	/* ... more for a running thread: the copy of a waiting thread is kept in its task storage, ... */
#define SAMPLE_STACK_AT	64	/* ... stored at the place of this Python frame, if the sample does not reach so far */
#define PYTHON_MINORS	7	/* 3.8 to 3.14 */

enum sample_kind {
	SAMPLE_CPU = 0,		/* a tick found the thread running */
	SAMPLE_OFF = 1,		/* the thread was off its CPU: for off_ns by `cause`, then for throttled_ns, then for queue_ns */
};

enum sample_flag {
	SAMPLE_PYTHON_CUT = 1,		/* there were more Python frames, between the innermost and the outermost ones */
	SAMPLE_PYTHON_BROKEN = 2,	/* the walk met an unreadable or wrong object; frames up to there are right */
	SAMPLE_NATIVE_CUT = 4,
	SAMPLE_SECTIONS_CUT = 8,
	SAMPLE_PYTHON_UNKNOWN = 16,	/* no interpreter was known in the process at that time */
	SAMPLE_PYTHON_ENDLESS = 32,	/* the walk ended before the outermost frame */
	SAMPLE_IN_FAULT = 64,		/* the thread ran in the kernel because its own code met an exception, usually a page fault */
};

/*
 * A Python frame. User space reads names later, at the code object's address. The tag shows whether the code
 * object is still the same: co_version from 3.12 on, python_tag() of its header before that. From 3.13 on there
 * may be a frame of the interpreter's own between __init__() and the call of its class, which tracebacks leave
 * out: its code has no lines, co_firstlineno is 0, and file and name are the same string.
 */
struct python_frame {
	__u64 code;		/* address of the code object; 0: an entry from native code into the interpreter */
	__s32 offset;		/* of the instruction, bytes; negative: not started */
	__u32 tag;
};

/*
 * An entry of the ring buffer `samples`. Behind this head there are nr_python frames, then nr_native addresses,
 * both from the innermost one outwards, and at the place of frame SAMPLE_STACK_AT stack_bytes of the stack. The last SAMPLE_OUTER
 * of SAMPLE_PYTHON frames are a ring that begins at the frame outer_from of them.
 */
struct sample {
	__u32 tgid;		/* in the initial PID namespace */
	__u32 tid;		/* in the profiler's */
	__u16 kind;		/* enum sample_kind */
	__u16 cause;		/* enum cause, of SAMPLE_OFF */
	__u16 flags;		/* enum sample_flag */
	__u16 nr_sections;
	__u16 nr_python;
	__u16 nr_native;
	__u32 weight;		/* number of ticks or waits that this sample stands for */
	__u64 off_ns;		/* time off the CPU by `cause`, of all of them */
	__u64 throttled_ns;	/* after that: its CPU quota was used up */
	__u64 queue_ns;		/* after that: it was runnable, but had no CPU */
	__u64 sp, bp;		/* registers, if there are stack_bytes */
	__u32 stack_bytes;	/* from sp on */
	__u32 outer_from;
	__u32 loop;		/* index + 1 in `event_loops` of the loop that the thread held; 0: none */
	__u32 gpu_kind;		/* enum gpu_kind of the timed call of a GPU's driver that was open; 0: none was */
	__u64 at_ns;		/* when the stack was taken: at the tick, or at the beginning of the wait */
	__u64 step_ns;		/* for how long its step had run at the time of the sample, as far as is known, see loops.h */
	__u16 sections[SAMPLE_SECTIONS];	/* open sections, innermost first; SECTION_OUTSIDE alone if none is open */
};

/*
 * Where the walker finds the frames of one process's interpreter: entry of `pythons`, by the index of `processes`.
 * Offsets in bytes.
 */
struct python_layout {
	__u32 minor;		/* 8..14; 0: no Python, or one that cannot be walked */
	__u32 tss_key;		/* of _PyRuntime: autoTSSkey, { int is_initialized; __u32 key; } */
	__u64 runtime;		/* address of _PyRuntime */
	__u64 code_type;	/* address of PyCode_Type */
	__u16 tstate_thread_id;
	__u16 tstate_frame;	/* 3.8-3.10: frame; 3.11, 3.12: cframe; later: current_frame */
	__u16 cframe_frame;	/* 3.11, 3.12 */
	__u16 frame_code, frame_back, frame_instr;	/* 3.8-3.10: f_lasti, as __s32 */
	__u16 frame_owner;	/* 0: the frame has none */
	__u16 frame_is_entry;	/* 3.11 */
	__u16 code_type_offset;	/* of ob_type */
	__u16 code_firstlineno, code_flags, code_argcount, code_kwonly, code_version;
	__u16 code_adaptive;
	__u16 code_name, code_qualname, code_filename, code_linetable;	/* qualname and filename are for user space only */
	__u16 unicode_ascii, unicode_compact;	/* sizes of the string headers, for user space only */
	__u16 frame_bytes;	/* bytes of a frame that hold these fields; the next page may be unmapped */
	__u16 interpreters_head, interpreter_next, interpreter_gil;	/* for user space only; interpreter_gil 0: before 3.12 */
	__u16 pad[3];
};

/*
 * 3.8 to 3.11: tells code objects apart that were at the same address one after the other, by shape, hash of the
 * name and place of the line table.
 */
static inline __attribute__((always_inline)) __u32 python_tag(__u32 firstlineno, __u32 flags, __u32 argcount, __u32 kwonly,
								 __u64 name_hash, __u64 linetable)
{
	__u32 shape = (argcount << 25) + (kwonly << 18) + (flags << 10) + firstlineno;

	return shape ^ (__u32)(name_hash ^ name_hash >> 32) * 0x9e3779b1U ^ (__u32)(linetable >> 4) * 0x85ebca6bU;
}

_Static_assert(sizeof(struct python_frame) == 16, "layout");
_Static_assert(sizeof(struct sample) == 96 + 2 * SAMPLE_SECTIONS, "layout");
_Static_assert(sizeof(struct python_layout) == 80, "layout");

#endif
