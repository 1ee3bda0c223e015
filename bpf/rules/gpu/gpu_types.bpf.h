/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gpu_types.bpf.h - what threads keep of a call of a GPU's driver, see gpu_time.bpf.h. */
#ifndef BPF_RULES_GPU_GPU_TYPES_H
#define BPF_RULES_GPU_GPU_TYPES_H

#include "bpfprof/abi.h"

/* The call of a GPU's driver that is open on a thread, see bpfprof/gpu.h. The outermost one counts. */
struct gpu_call {
	u64 sp;			/* where its return address lies; 0: none is open */
	u64 begun_ns;
	u64 since_ns;		/* time up to which it is charged */
	u64 off_ns[CAUSES];	/* sum.off_ns of its thread at since_ns, ... */
	u32 generation;		/* ... of this throttle.wait_generation; NO_GENERATION: waits were not observed */
	u32 kind;		/* enum gpu_kind */
	u32 async, pad;
	u64 bytes;		/* 0: unknown, or none */
	u64 gpu_ns;		/* scratch, like the next: known to the kernel as a wait for a GPU */
	struct gpu_sum charge;
};

#endif
