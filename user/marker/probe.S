/* SPDX-License-Identifier: MIT */
/*
 * probe.S - the one function that is probed, its semaphore, and the note that leads to both.
 *
 * Three nops at the entry, each a place for a uprobe. The 1-byte nop is emulated in the breakpoint
 * handler of every kernel: it is the one in use. The 5-byte nop becomes a call on Linux 6.18, a third
 * cheaper, but single-stepped before it, ten times dearer, and fatal to forked children on it (see
 * user/collect/overhead/calibrate.h). The 10-byte nop is refused by those and becomes the call on later kernels.
 *
 * A call in place of the nop pushes a return address: below the stack pointer of a function's entry
 * there is nothing to overwrite yet, so this is the one place where that is harmless.
 */
#if defined(__x86_64__)

	.text
	.p2align 4
	.globl	dcbs_marker_flush
	.hidden	dcbs_marker_flush
	.type	dcbs_marker_flush, @function
dcbs_marker_flush:
	.cfi_startproc
	.byte	0x90							/* DCBS_PROBE_NOP1 */
	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00				/* DCBS_PROBE_NOP5 */
	.byte	0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00	/* DCBS_PROBE_NOP10 */
	ret
	.byte	0x90, 0xc3						/* DCBS_PROBE_SELDOM: never executed */
	.cfi_endproc
	.size	dcbs_marker_flush, . - dcbs_marker_flush

#elif defined(__aarch64__)

	.text
	.p2align 2
	.globl	dcbs_marker_flush
	.hidden	dcbs_marker_flush
	.type	dcbs_marker_flush, @function
dcbs_marker_flush:
	nop
	ret
	.size	dcbs_marker_flush, . - dcbs_marker_flush

#else
#error "dcbs-markers: only x86-64 and arm64 are supported; compile the evaluation with -DDCBS_MARKERS_OFF"
#endif

/* The kernel adds 1 here for every place that is probed in this process, and takes it back. */
	.section .probes, "aw", @progbits
	.p2align 1
	.globl	dcbs_marker_semaphore
	.hidden	dcbs_marker_semaphore
	.type	dcbs_marker_semaphore, @object
	.size	dcbs_marker_semaphore, 2
dcbs_marker_semaphore:
	.2byte	0

#ifndef DCBS_PROBE_ONLY	/* the profiler's own copy, to try the probe on, is no marker library */

/* struct dcbs_note of include/bpfprof/target.h */
	.section .note.dcbs, "a", @note
	.p2align 2
	.4byte	5, 2f - 1f, 0x64636273
	.asciz	"dcbs"
	.p2align 2
	.globl	dcbs_marker_note
	.hidden	dcbs_marker_note
	.type	dcbs_marker_note, @object
dcbs_marker_note:
1:	.4byte	DCBS_ABI, 0
	.8byte	dcbs_marker_flush - .
	.8byte	dcbs_marker_semaphore - .
	.8byte	dcbs_marker_state - .
	.8byte	dcbs_marker_calls - .
2:	.size	dcbs_marker_note, . - dcbs_marker_note

#endif

/* This file uses no shadow-stack-breaking code, so it must not take the mark from what it is linked into. */
#if defined(__CET__) && (__CET__ & 2)
	.section .note.gnu.property, "a", @note
	.p2align 3
	.4byte	4, 16, 5	/* NT_GNU_PROPERTY_TYPE_0 */
	.asciz	"GNU"
	.4byte	0xc0000002, 4	/* GNU_PROPERTY_X86_FEATURE_1_AND: */
	.4byte	2, 0		/* SHSTK */
#endif

	.section .note.GNU-stack, "", @progbits
