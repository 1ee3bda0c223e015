/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * runtimes.h - places inside glibc and CPython that both the BPF programs and the profiler read in a target.
 *
 * Neither library documents these places. They are the same in every release that is supported, or else they are in
 * struct python_layout. verify.c in user/collect/python tries them on a running process before BPF uses them.
 */
#ifndef BPFPROF_RUNTIMES_H
#define BPFPROF_RUNTIMES_H

/*
 * glibc registers the head of a thread's list of robust mutexes with the kernel. The head lies in the middle of struct
 * pthread, at the same place in glibc 2.31 to 2.43. pthread_self() returns the beginning of struct pthread.
 */
#if defined(__TARGET_ARCH_arm64) || defined(__aarch64__)
#define GLIBC_SELF_TO_ROBUST	0xe0	/* bytes from pthread_self() to the head */
#else
#define GLIBC_SELF_TO_ROBUST	0x2e0
#endif
#define GLIBC_ROBUST_TO_KEYS	0x230	/* bytes from the head to the pointers to blocks of thread-specific data */
#define GLIBC_KEYS		1024	/* that a process can have */
#define GLIBC_BLOCK_KEYS	32	/* in a block */
#define GLIBC_KEY_BYTES		16	/* in a block, of each key: a sequence number and the value */
#define GLIBC_KEY_VALUE		8	/* offset of the value */

#define PYTHON_FRAME_BYTES	112	/* of a frame: every field that is read lies in them */
#define PYTHON_OWNER_ENTRY	3	/* 3.12 and later: a frame of this owner or a later one is an entry from native code */
#define PYTHON_REF_TAGS		7ULL	/* 3.14: bits of a reference that are not part of the address */
#define PYTHON_STRING_HASH	24	/* of a string, for dictionaries. The hash of a code object's name has been computed */

#endif
