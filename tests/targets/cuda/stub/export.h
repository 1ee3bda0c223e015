/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* export.h - a function that the stub of a driver exports: with a frame and a name, or, with -DOLD, by a jump to one without a name. */
#ifndef STUB_EXPORT_H
#define STUB_EXPORT_H

#ifdef OLD
#define EXPORT(name, ...) \
	__asm__(".pushsection .text\n.balign 32\n.globl " #name "\n.type " #name ",@function\n" #name ":\n" \
		"mov stub_at_" #name "(%rip),%rax\njmp *%rax\n.skip 21,0xcc\n.size " #name ",.-" #name "\n.popsection"); \
	static int stub_##name(__VA_ARGS__); \
	__attribute__((used, visibility("hidden"))) int (*stub_at_##name)(__VA_ARGS__) = stub_##name; \
	static int stub_##name(__VA_ARGS__)
#else
#define EXPORT(name, ...) int name(__VA_ARGS__); int name(__VA_ARGS__)
#endif

#endif
