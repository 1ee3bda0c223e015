/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* bpf_core_read.h - reads fields of the kernel's structures on the host, where the compiler's own layout is right. */
#ifndef FUZZ_BPF_CORE_READ_H
#define FUZZ_BPF_CORE_READ_H

#define HOST_READ1(p, a) ((p)->a)
#define HOST_READ2(p, a, b) ((p)->a->b)
#define HOST_READ3(p, a, b, c) ((p)->a->b->c)
#define HOST_PICK(a, b, c, name, ...) name
#define BPF_CORE_READ(p, ...) HOST_PICK(__VA_ARGS__, HOST_READ3, HOST_READ2, HOST_READ1)(p, __VA_ARGS__)
#define BPF_CORE_READ_BITFIELD_PROBED(p, a) ((p)->a)
#define bpf_core_field_exists(...) 0	/* there are no variants of other kernel releases */

#endif
