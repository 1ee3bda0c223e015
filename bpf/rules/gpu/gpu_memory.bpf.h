/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * gpu_memory.bpf.h - charges the memory that calls of a GPU's driver take to the sections that are open on the thread.
 *
 * A piece that is given back is known by its address, and counts for the sections that took it, whichever thread gives it back. It is
 * taken out of `gpu_pieces` when the call begins, because another thread may get the same address before the call returns. If the call
 * fails, the piece is put back.
 */
#ifndef BPF_RULES_GPU_GPU_MEMORY_H
#define BPF_RULES_GPU_GPU_MEMORY_H

#include "rules/thread_time.bpf.h"

enum piece_change {
	PIECE_TAKEN,
	PIECE_FAILED,
	PIECE_GIVEN,
	PIECE_PUT_BACK,		/* it was not given back after all */
	PIECE_UNFOLLOWED,	/* after PIECE_TAKEN */
	PIECE_UNKNOWN,		/* given back, but not followed */
};

static __always_inline void raise_live(struct gpu_memory_sum *sum, u64 bytes)
{
	u64 live = __sync_fetch_and_add(&sum->live_bytes, bytes) + bytes;

	store_max(&sum->peak_bytes, live);
}

/* Global, so that it is verified once. */
__weak __noinline int gpu_memory_change(u32 section_id, u64 bytes, u32 change)
{
	struct gpu_memory_sum *sum = bpf_map_lookup_elem(&gpu_memory, &section_id);

	if (!sum)
		return 0;
	if (change == PIECE_UNKNOWN) {
		__sync_fetch_and_add(&sum->given_unknown, 1);
	} else if (change == PIECE_FAILED) {
		__sync_fetch_and_add(&sum->failed, 1);
	} else if (change == PIECE_UNFOLLOWED) {
		__sync_fetch_and_add(&sum->unfollowed, 1);
		__sync_fetch_and_add(&sum->live_bytes, -bytes);
	} else if (change == PIECE_GIVEN) {
		__sync_fetch_and_add(&sum->given_bytes, bytes);
		__sync_fetch_and_add(&sum->live_bytes, -bytes);
	} else if (change == PIECE_PUT_BACK) {
		__sync_fetch_and_add(&sum->given_bytes, -bytes);
		__sync_fetch_and_add(&sum->live_bytes, bytes);
	} else {
		__sync_fetch_and_add(&sum->taken, 1);
		__sync_fetch_and_add(&sum->taken_bytes, bytes);
		raise_live(sum, bytes);
	}
	return 0;
}

/* A change of a piece, for all sections that took it. */
struct piece_sections {
	const struct gpu_piece *piece;
	u32 change, pad;
};

static long change_piece_section(u32 i, struct piece_sections *of)
{
	gpu_memory_change(of->piece->sections[i & (GPU_PIECE_SECTIONS - 1)], of->piece->bytes, of->change);
	return 0;
}

static __noinline int change_piece(const struct gpu_piece *piece, u32 change)
{
	struct piece_sections of = {.piece = piece, .change = change};
	u32 nr;

	if (!piece)
		return 0;
	nr = piece->nr_sections;
	gpu_memory_change(GPU_MEMORY_ALL, piece->bytes, change);
	bpf_loop(nr < GPU_PIECE_SECTIONS ? nr : GPU_PIECE_SECTIONS, change_piece_section, &of, 0);
	return 0;
}

/* ---- sections that are open ---- */

static long list_piece_section(u32 i, struct thread_account **a)
{
	struct thread_account *account = *a;
	struct open_section *s = open_section_at(account, i);
	struct gpu_piece *piece = &account->gpu_memory.piece;

	if (!s->first || (!account->own && i < account->nr_open))
		return 0;
	if (piece->nr_sections >= GPU_PIECE_SECTIONS) {
		gpu_memory_change(s->section_id, 0, PIECE_UNFOLLOWED);
		return 0;
	}
	piece->sections[piece->nr_sections & (GPU_PIECE_SECTIONS - 1)] = s->section_id;
	piece->nr_sections++;
	return 0;
}

/* The sections are up to date, and the account is locked. */
static __noinline int list_piece_sections(struct thread_account *account)
{
	if (!account)
		return 0;
	if (has_charged_sections(account)) {
		bpf_loop(nr_all_open(account), list_piece_section, &account, 0);
		return 0;
	}
	account->gpu_memory.piece.sections[0] = SECTION_OUTSIDE;
	account->gpu_memory.piece.nr_sections = 1;
	return 0;
}

/* ---- calls ---- */

/* Takes the piece of call->key out of `gpu_pieces` into *piece. Returns false if it is not there. */
static __noinline int unfollow_piece(struct gpu_memory_call *call, struct gpu_piece *piece)
{
	const struct gpu_piece *found;

	if (!call || !piece)
		return 0;
	found = bpf_map_lookup_elem(&gpu_pieces, &call->key);
	if (!found)
		return 0;
	__builtin_memcpy(piece, found, sizeof(*piece));
	if (bpf_map_delete_elem(&gpu_pieces, &call->key))
		return 0;
	change_piece(piece, PIECE_GIVEN);
	return 1;
}

/* A piece with the same address was given back in a way that was not seen, such as the end of its context. */
static __always_inline void follow_piece(struct gpu_memory_call *call)
{
	change_piece(&call->piece, PIECE_TAKEN);
	unfollow_piece(call, &call->other);
	if (!call->key.address || !call->piece.bytes || bpf_map_update_elem(&gpu_pieces, &call->key, &call->piece, BPF_ANY))
		change_piece(&call->piece, PIECE_UNFOLLOWED);
}

/* Reads what a successful call has stored. */
static __always_inline void read_piece(struct gpu_memory_call *call)
{
	u64 bytes = call->size, lines = 1;

	call->key.address = 0;
	bpf_probe_read_user(&call->key.address, sizeof(call->key.address), (void *)call->result_at);
	if (call->kind == GPU_TAKE_PITCHED) {
		lines = call->lines;
		if (bpf_probe_read_user(&bytes, sizeof(bytes), (void *)call->size))
			bytes = 0;
	}
	call->piece.bytes = bytes && bytes <= GPU_BYTES_MOST && lines <= GPU_BYTES_MOST / bytes ? bytes * lines : 0;
	call->piece.taken_ns = bpf_ktime_get_ns();
}

static __always_inline bool gives_back(u32 kind)
{
	return kind == GPU_GIVE || kind == GPU_GIVE_HANDLE;
}

static __noinline int end_giving(struct gpu_memory_call *call, u32 failed)
{
	if (!call)
		return 0;
	if (!failed) {
		if (!call->is_known && call->key.address)
			gpu_memory_change(GPU_MEMORY_ALL, 0, PIECE_UNKNOWN);
		return 0;
	}
	if (!call->is_known)
		return 0;
	change_piece(&call->piece, PIECE_PUT_BACK);
	if (bpf_map_update_elem(&gpu_pieces, &call->key, &call->piece, BPF_NOEXIST))
		change_piece(&call->piece, PIECE_UNFOLLOWED);
	return 0;
}

static __noinline int end_taking(struct gpu_memory_call *call, u32 failed)
{
	if (!call)
		return 0;
	if (failed) {
		change_piece(&call->piece, PIECE_FAILED);
		return 0;
	}
	read_piece(call);
	follow_piece(call);
	return 0;
}

static __always_inline void begin_memory_call(struct gpu_memory_call *call, struct task_struct *task, const struct pt_regs *ctx, u32 kind)
{
	call->kind = kind;
	call->key.tgid = task->tgid;
	call->key.is_handle = kind == GPU_TAKE_HANDLE || kind == GPU_GIVE_HANDLE;
	if (gives_back(kind)) {
		call->key.address = PT_REGS_PARM1(ctx);
		call->is_known = unfollow_piece(call, &call->piece);
		return;
	}
	call->result_at = PT_REGS_PARM1(ctx);
	call->size = PT_REGS_PARM2(ctx);
	call->lines = PT_REGS_PARM4(ctx);
}

#endif
