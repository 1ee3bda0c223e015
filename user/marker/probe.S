/* SPDX-License-Identifier: MIT */
/*
 * probe.S - the one function that profilers probe, and the semaphore that counts the probes.
 *
 * The function begins with three nops; a uprobe can be placed on each. The profiler uses the 1-byte
 * nop, which the breakpoint handler of every kernel emulates. On Linux 6.18 a uprobe on the 5-byte
 * nop becomes a call and costs a third less, but that call is fatal to forked children; kernels before
 * 6.18 single-step that nop, which costs ten times more (see user/collect/overhead/calibrate.h). Linux
 * 6.18 and earlier refuse a uprobe on the 10-byte nop; later kernels turn it into the call.
 *
 * The call that replaces a nop pushes a return address. At a function's entry nothing is stored below
 * the stack pointer yet, so this is the only place where the push is harmless.
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

/* The kernel adds 1 for each probe that it places in this process, and subtracts 1 when it removes the probe. */
	.section .probes, "aw", @progbits
	.p2align 1
	.globl	dcbs_marker_semaphore
	.hidden	dcbs_marker_semaphore
	.type	dcbs_marker_semaphore, @object
	.size	dcbs_marker_semaphore, 2
dcbs_marker_semaphore:
	.2byte	0

#include "shadow_stack.h"

	.section .note.GNU-stack, "", @progbits
