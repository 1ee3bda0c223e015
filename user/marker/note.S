/* SPDX-License-Identifier: MIT */
/*
 * note.S - the ELF note by which profilers, and other copies of the library, find this copy.
 *
 * It is struct dcbs_note of include/bpfprof/marker_abi.h. The build passes DCBS_ABI from there.
 */
	.section .note.dcbs, "a", @note
	.p2align 2
	.4byte	5, 2f - 1f, 0x64636273		/* size of DCBS_NOTE_OWNER, size of the note, DCBS_NOTE_TYPE */
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

#include "shadow_stack.h"

	.section .note.GNU-stack, "", @progbits
