// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gpu_calls.c - for what a thread was in the driver of a GPU.
 *
 * The innermost frames decide, without those of the C library: a driver that waits reads the clock, or gives its CPU away. Of the frames
 * of the driver and of the runtime above it, the outermost one with a name of the table says which call of the program it is. If no frame
 * has one, the driver's function that is timed by --section says it.
 */
#include <ctype.h>
#include <string.h>

#include "analyse/stacks/gpu_calls.h"
#include "base/array.h"

#define SYSTEM_FRAMES 8		/* innermost frames of the C library, at most */
#define STATIC_FRAMES 4		/* frames outside of the libraries that may be of a runtime that is linked into the program */

/* Names begin so; suffixes tell versions (_v2) and streams (_ptsz) apart. The first that fits counts. */
static const struct {
	const char *prefix;
	enum gpu_call call;
} names[] = {
	{"cuStreamSynchronize", GPU_CALL_WAIT}, {"cuCtxSynchronize", GPU_CALL_WAIT}, {"cuEventSynchronize", GPU_CALL_WAIT},
	{"cudaStreamSynchronize", GPU_CALL_WAIT}, {"cudaDeviceSynchronize", GPU_CALL_WAIT}, {"cudaEventSynchronize", GPU_CALL_WAIT},
	{"cudaThreadSynchronize", GPU_CALL_WAIT}, {"hipStreamSynchronize", GPU_CALL_WAIT}, {"hipDeviceSynchronize", GPU_CALL_WAIT},
	{"hipEventSynchronize", GPU_CALL_WAIT}, {"hipCtxSynchronize", GPU_CALL_WAIT}, {"hsa_signal_wait", GPU_CALL_WAIT},
	{"zeCommandQueueSynchronize", GPU_CALL_WAIT}, {"zeCommandListHostSynchronize", GPU_CALL_WAIT},
	{"zeFenceHostSynchronize", GPU_CALL_WAIT}, {"zeEventHostSynchronize", GPU_CALL_WAIT},
	{"cuMemcpyDtoH", GPU_CALL_READ}, {"hipMemcpyDtoH", GPU_CALL_READ}, {"cuMemcpyHtoD", GPU_CALL_WRITE},
	{"hipMemcpyHtoD", GPU_CALL_WRITE}, {"cuMemcpy", GPU_CALL_COPY}, {"cudaMemcpy", GPU_CALL_COPY},
	{"hipMemcpy", GPU_CALL_COPY}, {"hsa_memory_copy", GPU_CALL_COPY},
	{"cuLaunch", GPU_CALL_LAUNCH}, {"cuGraphLaunch", GPU_CALL_LAUNCH}, {"cudaLaunch", GPU_CALL_LAUNCH},
	{"cudaGraphLaunch", GPU_CALL_LAUNCH}, {"hipLaunch", GPU_CALL_LAUNCH}, {"hipModuleLaunch", GPU_CALL_LAUNCH},
	{"hipExtLaunch", GPU_CALL_LAUNCH}, {"hipExtModuleLaunch", GPU_CALL_LAUNCH}, {"hipGraphLaunch", GPU_CALL_LAUNCH},
	{"zeCommandQueueExecute", GPU_CALL_LAUNCH}, {"zeCommandListAppend", GPU_CALL_LAUNCH},
	{"cuMemset", GPU_CALL_LAUNCH}, {"cudaMemset", GPU_CALL_LAUNCH}, {"hipMemset", GPU_CALL_LAUNCH},
	{"cuEventRecord", GPU_CALL_LAUNCH}, {"cudaEventRecord", GPU_CALL_LAUNCH}, {"hipEventRecord", GPU_CALL_LAUNCH},
	{"cuStreamWaitEvent", GPU_CALL_LAUNCH}, {"cudaStreamWaitEvent", GPU_CALL_LAUNCH}, {"hipStreamWaitEvent", GPU_CALL_LAUNCH},
	{"cuMemAlloc", GPU_CALL_ALLOC}, {"cuMemFree", GPU_CALL_ALLOC}, {"cuMemHost", GPU_CALL_ALLOC}, {"cuMemCreate", GPU_CALL_ALLOC},
	{"cuMemMap", GPU_CALL_ALLOC}, {"cuMemUnmap", GPU_CALL_ALLOC}, {"cuMemRelease", GPU_CALL_ALLOC},
	{"cudaMalloc", GPU_CALL_ALLOC}, {"cudaFree", GPU_CALL_ALLOC}, {"cudaHost", GPU_CALL_ALLOC}, {"hipMalloc", GPU_CALL_ALLOC},
	{"hipFree", GPU_CALL_ALLOC}, {"hipHost", GPU_CALL_ALLOC}, {"hsa_amd_memory_pool", GPU_CALL_ALLOC}, {"zeMem", GPU_CALL_ALLOC},
};

/* The prefixes of the interfaces' functions: behind one stands an upper-case letter. */
static bool is_of_interface(const char *name)
{
	static const char *const prefixes[] = {"cu", "cuda", "hip", "ze"};
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		n = strlen(prefixes[i]);
		if (!strncmp(name, prefixes[i], n) && isupper((unsigned char)name[n]))
			return true;
	}
	return !strncmp(name, "hsa_", 4);
}

static enum gpu_call call_of_name(const char *name)
{
	size_t i;

	if (!name || !is_of_interface(name))
		return GPU_CALL_UNKNOWN;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(name, names[i].prefix, strlen(names[i].prefix)))
			return names[i].call;
	return GPU_CALL_OTHER;
}

static const struct snapshot_frame *frame_at(const struct snapshot *snap, const struct snapshot_stack *stack, __u32 i)
{
	return i < stack->nr_frames && stack->frames[i] < snap->nr_frames ? &snap->frames[stack->frames[i]] : NULL;
}

/* The frame further out says what the program called, and the one further in may know to which side it copies. */
static enum gpu_call join_calls(enum gpu_call inner, enum gpu_call outer)
{
	bool inner_knows = outer == GPU_CALL_COPY && (inner == GPU_CALL_READ || inner == GPU_CALL_WRITE);

	return outer == GPU_CALL_UNKNOWN || inner_knows ? inner : outer;
}

/* PyTorch's function behind .item() reads one number. */
static bool is_read_of_number(const struct snapshot *snap, const struct snapshot_stack *stack, __u32 i)
{
	const struct snapshot_frame *f;

	for (; (f = frame_at(snap, stack, i)) && !f->python; i++)
		if (f->function && strstr(f->function, "_local_scalar_dense"))
			return true;
	return false;
}

/* The call of the driver that a section of --section times, if one is open. */
static enum gpu_call call_of_sections(const struct snapshot *snap, const struct snapshot_stack *stack)
{
	enum gpu_call call = GPU_CALL_UNKNOWN;
	__u32 i;

	for (i = 0; i < stack->nr_sections && i < SAMPLE_SECTIONS && call == GPU_CALL_UNKNOWN; i++)
		if (stack->sections[i] < snap->nr_sections)
			call = call_of_name(snap->sections[stack->sections[i]]->function);
	return call;
}

enum gpu_call gpu_calls_of_stack(const struct snapshot *snap, const struct snapshot_stack *stack)
{
	const struct snapshot_frame *f;
	enum gpu_call call = GPU_CALL_UNKNOWN;
	__u32 i = 0, outside;

	while ((f = frame_at(snap, stack, i)) && f->library == LIBRARY_SYSTEM && i < SYSTEM_FRAMES)
		i++;
	if (!f || !library_kind_is_gpu(f->library))
		return GPU_CALL_NONE;
	for (; (f = frame_at(snap, stack, i)) && f->library != LIBRARY_OTHER; i++)
		if (library_kind_is_gpu(f->library))
			call = join_calls(call, call_of_name(f->function));
	for (outside = i; (f = frame_at(snap, stack, i)) && !f->python && i < outside + STATIC_FRAMES; i++)
		call = join_calls(call, call_of_name(f->function));
	if (call == GPU_CALL_UNKNOWN)
		return call_of_sections(snap, stack);
	return call == GPU_CALL_COPY && is_read_of_number(snap, stack, outside) ? GPU_CALL_READ : call;
}

enum gpu_call gpu_calls_of_kind(__u32 gpu_kind)
{
	switch (gpu_kind) {
	case GPU_SYNC: return GPU_CALL_WAIT;
	case GPU_TO_DEVICE: return GPU_CALL_WRITE;
	case GPU_TO_HOST: return GPU_CALL_READ;
	case GPU_ON_DEVICE: case GPU_COPY: return GPU_CALL_COPY;
	}
	return GPU_CALL_UNKNOWN;
}
