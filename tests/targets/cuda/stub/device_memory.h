/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * device_memory.h - the device memory of the stub of a driver: an account without memory.
 *
 * There are DEVICE_BYTES, in at most ALLOCATIONS pieces. The address of a piece that is freed is the next one that is given out. The
 * program says by stub_open() and stub_close() which of its sections are open on the calling thread. stub_memory() returns the account of
 * each section, and that of the whole device behind them.
 */
#ifndef STUB_DEVICE_MEMORY_H
#define STUB_DEVICE_MEMORY_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "export.h"

#define DEVICE_BYTES (1ULL << 34)
#define ALLOCATIONS 32768
#define PIECE_BYTES (1ULL << 34)	/* between addresses */
#define PITCH 512
#define MEMORY_SECTIONS 16
#define OUT_OF_MEMORY 2
#define INVALID_VALUE 1

static struct memory_account {
	uint64_t live_bytes, peak_bytes, alloc_bytes, free_bytes, allocs, allocs_failed;
} memory[MEMORY_SECTIONS + 1];

static struct {
	uint64_t bytes;
	uint32_t sections;
} allocations[ALLOCATIONS];

static uint32_t freed[ALLOCATIONS], nr_freed, nr_allocations;
static pthread_mutex_t memory_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread uint32_t open_sections;

static void account_memory(uint32_t sections, int64_t bytes, int failed)
{
	struct memory_account *m;
	int i;

	for (i = 0; i <= MEMORY_SECTIONS; i++) {
		m = &memory[i];
		if (i < MEMORY_SECTIONS && !(sections & 1U << i))
			continue;
		m->allocs_failed += (uint64_t)failed;
		m->allocs += bytes > 0;
		m->alloc_bytes += bytes > 0 ? (uint64_t)bytes : 0;
		m->free_bytes += bytes < 0 ? (uint64_t)-bytes : 0;
		m->live_bytes = m->alloc_bytes - m->free_bytes;
		m->peak_bytes = m->live_bytes > m->peak_bytes ? m->live_bytes : m->peak_bytes;
	}
}

static __attribute__((noinline)) int allocate(uint64_t *address, uint64_t bytes, uint64_t first)
{
	int err = address && bytes ? 0 : INVALID_VALUE;
	uint32_t i;

	pthread_mutex_lock(&memory_lock);
	if (!err && (bytes > DEVICE_BYTES - memory[MEMORY_SECTIONS].live_bytes || (!nr_freed && nr_allocations == ALLOCATIONS)))
		err = OUT_OF_MEMORY;
	if (!err) {
		i = nr_freed ? freed[--nr_freed] : nr_allocations++;
		allocations[i].bytes = bytes;
		allocations[i].sections = open_sections;
		*address = first + i * PIECE_BYTES;
	}
	account_memory(open_sections, err ? 0 : (int64_t)bytes, !!err);
	pthread_mutex_unlock(&memory_lock);
	return err;
}

static __attribute__((noinline)) int release(uint64_t address, uint64_t first)
{
	uint64_t i = (address - first) / PIECE_BYTES;
	int err = INVALID_VALUE;

	pthread_mutex_lock(&memory_lock);
	if (address >= first && !((address - first) % PIECE_BYTES) && i < nr_allocations && allocations[i].bytes) {
		account_memory(allocations[i].sections, -(int64_t)allocations[i].bytes, 0);
		allocations[i].bytes = 0;
		freed[nr_freed++] = (uint32_t)i;
		err = 0;
	}
	pthread_mutex_unlock(&memory_lock);
	return err;
}

static uint64_t pitch_of(uint64_t width)
{
	return (width + PITCH - 1) / PITCH * PITCH;
}

static int allocate_lines(uint64_t *address, size_t *pitch, size_t width, size_t lines)
{
	*pitch = pitch_of(width);
	return allocate(address, *pitch * lines, PIECE_BYTES);
}

EXPORT(cuMemAlloc_v2, uint64_t *address, size_t bytes)
{
	return allocate(address, bytes, PIECE_BYTES);
}

EXPORT(cuMemAllocAsync, uint64_t *address, size_t bytes, void *stream)
{
	return stream ? INVALID_VALUE : allocate(address, bytes, PIECE_BYTES);
}

EXPORT(cuMemAllocManaged, uint64_t *address, size_t bytes, unsigned int flags)
{
	return flags ? allocate(address, bytes, PIECE_BYTES) : INVALID_VALUE;
}

EXPORT(cuMemAllocPitch_v2, uint64_t *address, size_t *pitch, size_t width, size_t lines, unsigned int element_bytes)
{
	return element_bytes ? allocate_lines(address, pitch, width, lines) : INVALID_VALUE;
}

/* A handle, not an address: it is small. */
EXPORT(cuMemCreate, uint64_t *handle, size_t bytes, const void *properties, unsigned long long flags)
{
	return properties || flags ? INVALID_VALUE : allocate(handle, bytes, 1);
}

EXPORT(cuMemFree_v2, uint64_t address)
{
	return release(address, PIECE_BYTES);
}

EXPORT(cuMemFreeAsync, uint64_t address, void *stream)
{
	return stream ? INVALID_VALUE : release(address, PIECE_BYTES);
}

EXPORT(cuMemRelease, uint64_t handle)
{
	return release(handle, 1);
}

void stub_open(int section);
void stub_open(int section)
{
	open_sections |= 1U << section;
}

void stub_close(int section);
void stub_close(int section)
{
	open_sections &= ~(1U << section);
}

const void *stub_memory(void);
const void *stub_memory(void)
{
	return memory;
}

#ifdef HIP
EXPORT(hipMalloc, uint64_t *address, size_t bytes)
{
	return allocate(address, bytes, PIECE_BYTES);
}

EXPORT(hipMallocAsync, uint64_t *address, size_t bytes, void *stream)
{
	return stream ? INVALID_VALUE : allocate(address, bytes, PIECE_BYTES);
}

EXPORT(hipMallocManaged, uint64_t *address, size_t bytes, unsigned int flags)
{
	return flags ? allocate(address, bytes, PIECE_BYTES) : INVALID_VALUE;
}

EXPORT(hipMallocPitch, uint64_t *address, size_t *pitch, size_t width, size_t lines)
{
	return allocate_lines(address, pitch, width, lines);
}

EXPORT(hipMemCreate, uint64_t *handle, size_t bytes, const void *properties, unsigned long long flags)
{
	return properties || flags ? INVALID_VALUE : allocate(handle, bytes, 1);
}

EXPORT(hipFree, uint64_t address)
{
	return release(address, PIECE_BYTES);
}

EXPORT(hipFreeAsync, uint64_t address, void *stream)
{
	return stream ? INVALID_VALUE : release(address, PIECE_BYTES);
}

EXPORT(hipMemRelease, uint64_t handle)
{
	return release(handle, 1);
}
#endif

#endif
