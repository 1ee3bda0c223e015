/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* licenses_text.S - what --licenses prints: the file LICENSES, which the build makes. */
	.section .rodata
	.globl licenses_text
	.type licenses_text, @object
licenses_text:
	.incbin LICENSES
	.byte 0
	.size licenses_text, . - licenses_text

	.section .note.GNU-stack, "", @progbits
