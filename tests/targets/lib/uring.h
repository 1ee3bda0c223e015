/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* uring.h - an io_uring with one request at a time, by its system calls alone. */
#ifndef TARGETS_URING_H
#define TARGETS_URING_H

#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ring {
	int fd;
	struct io_uring_sqe *request;
	uint32_t *submitted, *slots, *completed, *taken;	/* submitted, taken: ours; slots, completed: the kernel's */
	uint32_t mask;
};

/* Returns false where the kernel refuses it. */
static inline bool ring_open(struct ring *r)
{
	struct io_uring_params p = {0};
	char *queues;

	r->fd = (int)syscall(__NR_io_uring_setup, 8, &p);
	if (r->fd < 0 || !(p.features & IORING_FEAT_SINGLE_MMAP) || !(p.features & IORING_FEAT_EXT_ARG))
		return false;
	queues = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe) + p.sq_entries * sizeof(uint32_t) + 4096,
		      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQ_RING);
	r->request = mmap(NULL, p.sq_entries * sizeof(*r->request), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
			  IORING_OFF_SQES);
	if (queues == MAP_FAILED || r->request == MAP_FAILED)
		return false;
	r->submitted = (uint32_t *)(queues + p.sq_off.tail);
	r->slots = (uint32_t *)(queues + p.sq_off.array);
	r->mask = *(uint32_t *)(queues + p.sq_off.ring_mask);
	r->taken = (uint32_t *)(queues + p.cq_off.head);
	r->completed = (uint32_t *)(queues + p.cq_off.tail);
	return true;
}

/* Submits r->request, which the caller has filled in, and waits for its end. */
static inline void ring_wait_request(struct ring *r)
{
	uint32_t tail = *r->submitted;

	r->slots[tail & r->mask] = 0;
	__atomic_store_n(r->submitted, tail + 1, __ATOMIC_RELEASE);
	syscall(__NR_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	while (__atomic_load_n(r->completed, __ATOMIC_ACQUIRE) == *r->taken)
		syscall(__NR_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	__atomic_store_n(r->taken, *r->completed, __ATOMIC_RELEASE);
}

/* Waits for the end of a request until a limit of time. There is none, so it waits for the time. */
static inline void ring_wait_limit(struct ring *r, uint64_t ns)
{
	struct __kernel_timespec limit = {.tv_nsec = (long long)ns};
	struct io_uring_getevents_arg arg = {.ts = (uint64_t)(uintptr_t)&limit};

	syscall(__NR_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg));
}

#endif
