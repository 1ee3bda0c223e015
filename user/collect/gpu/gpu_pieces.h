/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gpu_pieces.h - the memory of GPUs that sections took, from the maps of BPF to a snapshot. */
#ifndef COLLECT_GPU_GPU_PIECES_H
#define COLLECT_GPU_GPU_PIECES_H

#include "collect/facts.h"
#include "collect/kernel/programs.h"

/* Adds it to a snapshot whose sections are there. section_index[id]: index of its sections. */
void gpu_pieces_copy(const struct programs *bpf, struct snapshot *snap, const __u16 *section_index);

/* The process has ended, or executed another image: its pieces are given back, without a call. */
void gpu_pieces_forget(const struct programs *bpf, __u32 tgid);

/* Forgets all pieces and sums. */
void gpu_pieces_clear(const struct programs *bpf);

#endif
