/* SPDX-License-Identifier: MIT */
/*
 * shadow_stack.h - for files in assembly: the note that their code works with a shadow stack. A file without the note would
 * take it from everything that the file is linked into.
 */
#if defined(__CET__) && (__CET__ & 2)
	.section .note.gnu.property, "a", @note
	.p2align 3
	.4byte	4, 16, 5	/* NT_GNU_PROPERTY_TYPE_0 */
	.asciz	"GNU"
	.4byte	0xc0000002, 4	/* GNU_PROPERTY_X86_FEATURE_1_AND: */
	.4byte	2, 0		/* SHSTK */
#endif
