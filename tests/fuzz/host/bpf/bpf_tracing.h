/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* bpf_tracing.h - access to the arguments of a probed function, for programs that are compiled for the host. */
#ifndef FUZZ_BPF_TRACING_H
#define FUZZ_BPF_TRACING_H

#define PT_REGS_PARM1(regs) ((regs)->rdi)
#define PT_REGS_SP(regs) ((regs)->rsp)

#endif
