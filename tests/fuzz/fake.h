/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * fake.h - the memory of a hostile process, made of the fuzzer's bytes.
 *
 * They repeat from FAKE_BASE on, so that few of them fill all that is read. Random bytes never make a pointer that
 * leads anywhere; so an aligned word whose lowest bits are FAKE_POINTER reads as one into that memory. Some reads fail,
 * as they do when a process unmaps things under its reader.
 */
#ifndef FUZZ_FAKE_H
#define FUZZ_FAKE_H

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define FAKE_BASE 0x7f0000000000ULL
#define FAKE_SIZE (1ULL << 20)
#define FAKE_POINTER 5

struct fake {
	const uint8_t *data;
	size_t size;
	unsigned int reads, fail_at;	/* the read that fails; 0: none */
};

static inline uint64_t fake_word(uint64_t word)
{
	return (word & 7) == FAKE_POINTER ? FAKE_BASE + (word >> 8 & (FAKE_SIZE - 1) & ~7ULL) : word;
}

static inline int fake_read(struct fake *fake, uint64_t address, void *to, size_t size)
{
	uint8_t *bytes = to;
	uint64_t word;
	size_t i;

	if (!fake->size || ++fake->reads == fake->fail_at || address < FAKE_BASE || address >= FAKE_BASE + FAKE_SIZE)
		return -EFAULT;
	for (i = 0; i < size; i++)
		bytes[i] = fake->data[(address - FAKE_BASE + i) % fake->size];
	for (i = -address & 7; i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		word = fake_word(word);
		memcpy(bytes + i, &word, sizeof(word));
	}
	return 0;
}

/* Takes that many bytes off the front, zeros where there are none. */
static inline void fake_take(struct fake *fake, void *to, size_t size)
{
	size_t n = size < fake->size ? size : fake->size;

	memset(to, 0, size);
	memcpy(to, fake->data, n);
	fake->data += n;
	fake->size -= n;
}

#endif
