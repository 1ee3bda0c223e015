/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * gpu.h - calls of the drivers of GPUs that are timed, as they wait for the GPU or copy, and calls that take or give back its memory.
 *
 * Such a call is no section. Its time is a wait for the GPU of all sections that are open on its thread, but for waits of which the
 * kernel knows the cause: those stay what they are.
 */
#ifndef BPFPROF_GPU_H
#define BPFPROF_GPU_H

#include <linux/types.h>

#define GPU_IDLE_NS 20000		/* a call that returns sooner has not waited: the GPU had nothing left to do */
#define GPU_BYTES_MOST (1ULL << 40)	/* of one copy: a larger number makes no sense */

enum gpu_kind {
	GPU_SYNC = 1,	/* waits until the GPU has done its work */
	GPU_TO_DEVICE,
	GPU_TO_HOST,
	GPU_ON_DEVICE,	/* a copy within the GPU, or from one to another */
	GPU_COPY,	/* a copy of which the arguments do not tell the way, or the size */
	/* Memory of the GPU. These calls are not timed. */
	GPU_TAKE,	/* arguments: where the address is stored; the size */
	GPU_TAKE_PITCHED,	/* where the address is stored; where its pitch, the bytes of a line, is stored; two more; the number of lines is the fourth */
	GPU_TAKE_HANDLE,	/* where the handle is stored; the size */
	GPU_GIVE,	/* the address */
	GPU_GIVE_HANDLE,	/* the handle */
	GPU_LAUNCH,		/* launches work: counted in a census, that is, for some milliseconds now and then */
};

/*
 * The cookie of a probe at the entry of such a function: its kind; 1 if its third argument has the size of a copy in bytes, its fourth one
 * the way of a copy, and if it may return before the copy is done.
 */
#define GPU_KIND_IS_TIMED(kind) ((kind) < GPU_TAKE)
#define GPU_COOKIE(kind, sized, way, async) ((__u64)(async) << 24 | (__u64)(way) << 16 | (__u64)(sized) << 8 | (kind))
#define GPU_COOKIE_KIND(cookie)		((__u8)(cookie))
#define GPU_COOKIE_SIZED(cookie)	((__u8)((cookie) >> 8))
#define GPU_COOKIE_WAY(cookie)		((__u8)((cookie) >> 16))
#define GPU_COOKIE_ASYNC(cookie)	((__u8)((cookie) >> 24))

/* Parts of the time in such calls, by the kernel's account. */
enum gpu_part {
	GPU_RAN,	/* the driver spun */
	GPU_QUEUED,	/* the thread waited for a CPU, and the GPU worked on */
	GPU_THROTTLED,
	GPU_STOLEN,
	GPU_PARTS,
};

enum gpu_way { GPU_WAY_TO_DEVICE, GPU_WAY_TO_HOST, GPU_WAY_OTHER, GPU_WAYS };

/* A section's sums of such calls: entry of `gpu_sums`, by section_id. All but self_ns count once for each section that is open. */
struct gpu_sum {
	__u64 ns[GPU_PARTS];
	__u64 self_ns[GPU_PARTS];	/* while it was the innermost open section */
	__u64 unsplit_ns;		/* of ns[GPU_RAN]: other parts are in it, as waits were not observed */
	__u64 copy_ns[GPU_WAYS];	/* of copies, with the waits that the kernel knows as waits for a GPU */
	__u64 bytes[GPU_WAYS];
	__u64 unsized;			/* copies whose way or size is unknown */
	__u64 begun;			/* copies that were only begun: the call returned within GPU_IDLE_NS */
	__u64 syncs;			/* calls that ended, without those */
	__u64 idle;			/* of these, calls that returned within GPU_IDLE_NS */
	__u64 launches;			/* in censuses */
};

/* ---- memory of GPUs ---- */

#define GPU_PIECES 16384		/* pieces of memory that are followed at a time, in all processes together */
#define GPU_PIECE_SECTIONS 16		/* of the open sections, the innermost ones */

/* Key of `gpu_pieces`. */
struct gpu_piece_key {
	__u32 tgid, is_handle;
	__u64 address;			/* or handle */
};

/* A piece of memory that was taken in the window and has not been given back. */
struct gpu_piece {
	__u64 bytes, taken_ns;
	__u32 nr_sections, pad;
	__u16 sections[GPU_PIECE_SECTIONS];	/* section ids that were open on the thread that took it */
};

/* Sums of such pieces: entry of `gpu_memory`, by section_id, and GPU_MEMORY_ALL. A piece counts for each section that was open at its begin. */
struct gpu_memory_sum {
	__u64 live_bytes, peak_bytes;
	__u64 taken_bytes, given_bytes;	/* given_bytes: of pieces that were taken in the window */
	__u64 taken, failed;		/* calls */
	__u64 unfollowed;		/* of `taken`: their ends are not known, as there was no room, or the size or the address made no sense */
	__u64 given_unknown;		/* GPU_MEMORY_ALL only: calls for pieces that are not known, as they were taken before the window */
};

#define GPU_MEMORY_ALL BPFPROF_SECTIONS

_Static_assert(sizeof(struct gpu_piece_key) == 16 && sizeof(struct gpu_piece) == 56 && sizeof(struct gpu_memory_sum) == 64, "layout");
_Static_assert(sizeof(struct gpu_sum) == 8 * (2 * GPU_PARTS + 2 * GPU_WAYS + 6), "layout");

#endif
