/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gpu_types.bpf.h - what threads keep of a call of a GPU's driver, see gpu_time.bpf.h and gpu_memory.bpf.h. */
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

/* The call for memory that is open on a thread. The outermost one counts. */
struct gpu_memory_call {
	u64 sp;			/* as in struct gpu_call */
	u32 kind;		/* enum gpu_kind */
	u32 is_known;		/* a piece that is given back: it was followed */
	u64 result_at;		/* where the address, or the handle, is stored */
	u64 size;		/* the second argument: bytes, or where the bytes of a line are stored ... */
	u64 lines;		/* ... of this number of lines */
	struct gpu_piece_key key;
	struct gpu_piece piece;
	struct gpu_piece other;	/* scratch */
};

#endif
