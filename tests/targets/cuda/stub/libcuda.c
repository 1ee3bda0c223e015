// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * libcuda.c - a libcuda.so.1 without a GPU: its functions take as long as those of a driver do, and wait as a driver does.
 *
 * Each of the GPU's two streams is a point in time, until which it is busy: a launch moves it on, a synchronisation waits for it. At most
 * QUEUE launches may be outstanding; one more waits. The handles of streams are NULL and 1, that of a kernel or a graph is its duration
 * in ns, and that of an event is where its time is. STUB_SYNC says how calls wait: spin, yield, or block, by polling the device
 * STUB_DEVICE. One thread may call for a stream at a time. stub_account() returns what the calls took, by the stub's own clock reads.
 *
 * Compiled with -DOLD, exports are those of drivers before 575: each jumps to a function without a name, so no stack shows it. Otherwise
 * they have frames and names. With -DHIP there are some of AMD's libamdhip64, too. Its device memory is in device_memory.h.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "device_memory.h"

#define QUEUE 1024
#define LAUNCH_NS 4000		/* of the host's work for a launch */
#define IDLE_NS 20000
#define COPY_NS 5000		/* of a copy, besides its bytes */
#define COPY_BYTES_PER_NS 10

static struct {
	uint64_t sync_ns, copy_ns, launch_ns;	/* in such calls */
	uint64_t full_ns;			/* of launch_ns: waiting for a place in the queue */
	uint64_t syncs, copies, launches;
	uint64_t idle;				/* of syncs: they took less than IDLE_NS */
	uint64_t h2d_bytes, d2h_bytes;
} account;

static struct stream {
	uint64_t free_at, done_at[QUEUE], launches;
} streams[2];

static void count(uint64_t *to, uint64_t n)
{
	__atomic_fetch_add(to, n, __ATOMIC_RELAXED);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

/* ---- waiting ---- */

static void block_until(uint64_t end)
{
	static int device = -1, timer = -1;
	struct itimerspec at = {.it_value = {(time_t)(end / 1000000000ULL), (long)(end % 1000000000ULL)}};
	struct pollfd set[2];

	if (device < 0) {
		device = open(getenv("STUB_DEVICE"), O_RDONLY | O_CLOEXEC);
		timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		if (device < 0)
			abort();
	}
	lseek(device, 0, SEEK_END);
	timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
	set[0] = (struct pollfd){.fd = device, .events = POLLIN};
	set[1] = (struct pollfd){.fd = timer, .events = POLLIN};
	ppoll(set, 2, NULL, NULL);
}

/* The call goes on after the loop, so it is on the stack. */
static __attribute__((noinline)) uint64_t wait_until(uint64_t end)
{
	const char *how = getenv("STUB_SYNC");
	char first = how ? *how : 's';
	uint64_t start = now_ns(), now = start;

	while (now < end) {
		if (first == 'y')
			sched_yield();
		else if (first == 'b')
			block_until(end);
		now = now_ns();
	}
	return now - start;
}

static __attribute__((noinline)) void work_for(uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	while (now_ns() < end)
		;
}

/* ---- the driver ---- */

static struct stream *stream_of(void *handle)
{
	return &streams[handle != NULL];
}

static __attribute__((noinline)) int launch(uint64_t duration_ns, void *handle)
{
	struct stream *stream = stream_of(handle);
	uint64_t start = now_ns(), *done = &stream->done_at[stream->launches++ % QUEUE], now;

	work_for(LAUNCH_NS);
	count(&account.full_ns, wait_until(*done));
	now = now_ns();
	stream->free_at = (stream->free_at > now ? stream->free_at : now) + duration_ns;
	*done = stream->free_at;
	count(&account.launches, 1);
	count(&account.launch_ns, now_ns() - start);
	return 0;
}

static __attribute__((noinline)) int synchronise(uint64_t until)
{
	uint64_t start = now_ns();

	wait_until(until);
	count(&account.syncs, 1);
	start = now_ns() - start;
	count(&account.idle, start < IDLE_NS);
	count(&account.sync_ns, start);
	return 0;
}

static __attribute__((noinline)) int copy(uint64_t bytes, uint64_t *all_bytes)
{
	uint64_t start = now_ns();

	wait_until(streams[0].free_at);
	work_for(COPY_NS + bytes / COPY_BYTES_PER_NS);
	count(&account.copies, 1);
	count(all_bytes, bytes);
	count(&account.copy_ns, now_ns() - start);
	return 0;
}

/* ---- the driver ---- */

EXPORT(cuInit, unsigned int flags)
{
	return (int)flags;
}

EXPORT(cuStreamSynchronize, void *stream)
{
	return synchronise(stream_of(stream)->free_at);
}

/* The same function for programs that are compiled for a stream of each thread. */
EXPORT(cuStreamSynchronize_ptsz, void *stream)
{
	return synchronise(stream_of(stream)->free_at);
}

EXPORT(cuCtxSynchronize, void)
{
	return synchronise(streams[0].free_at > streams[1].free_at ? streams[0].free_at : streams[1].free_at);
}

EXPORT(cuEventRecord, uint64_t *event, void *stream)
{
	*event = stream_of(stream)->free_at;
	return 0;
}

EXPORT(cuEventSynchronize, uint64_t *event)
{
	return synchronise(*event);
}

EXPORT(cuGraphLaunch, void *graph, void *stream)
{
	return launch((uint64_t)(uintptr_t)graph, stream);
}

EXPORT(cuMemcpyHtoD_v2, uint64_t to, const void *from, size_t bytes)
{
	return to && from ? copy(bytes, &account.h2d_bytes) : 1;
}

EXPORT(cuMemcpyDtoH_v2, void *to, uint64_t from, size_t bytes)
{
	return to && from ? copy(bytes, &account.d2h_bytes) : 1;
}

EXPORT(cuLaunchKernel, void *kernel, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx, unsigned int by,
       unsigned int bz, unsigned int shared, void *stream, void **parameters, void **extra)
{
	if (parameters || extra || shared || !(gx && gy && gz && bx && by && bz))
		return 1;
	return launch((uint64_t)(uintptr_t)kernel, stream);
}

#ifdef HIP
enum { HIP_HOST_TO_DEVICE = 1 };

EXPORT(hipStreamSynchronize, void *stream)
{
	return synchronise(stream_of(stream)->free_at);
}

EXPORT(hipMemcpyAsync, void *to, const void *from, size_t bytes, int kind)
{
	return to && from ? copy(bytes, kind == HIP_HOST_TO_DEVICE ? &account.h2d_bytes : &account.d2h_bytes) : 1;
}

EXPORT(hipLaunchKernel, void *kernel)
{
	return launch((uint64_t)(uintptr_t)kernel, NULL);
}
#endif

const void *stub_account(void);
const void *stub_account(void)
{
	return &account;
}
