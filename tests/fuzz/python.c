// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * python.c - fuzzes the readers of Python objects: names and lines of functions, and the check of an interpreter's offsets.
 *
 * It is linked with --wrap=process_memory_read and --wrap=nanosleep, so that reads of our own process read the fake one.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "collect/python/layout.h"
#include "collect/python/verify.h"
#include "fake.h"
#include "symbol/symbols.h"

int __wrap_process_memory_read(pid_t pid, __u64 address, void *to, size_t size);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fake memory;

/* The kernel's list of robust mutexes leads to the C library's struct pthread, outside the fake memory, so addresses wrap. */
static int read_fake(void *ctx, __u64 address, void *to, size_t size)
{
	(void)ctx;
	return fake_read(&memory, FAKE_BASE + address % FAKE_SIZE, to, size);
}

int __wrap_process_memory_read(pid_t pid, __u64 address, void *to, size_t size)
{
	(void)pid;
	return read_fake(NULL, address, to, size);
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time, (void)left;
	return 0;
}

static void name_frames(const struct python_layout *layout, const uint8_t *bytes, size_t nr)
{
	struct symbols *symbols = symbols_open(getpid(), layout, read_fake, NULL);
	struct python_frame frame;
	struct symbol symbol;
	size_t i;

	for (i = 0; symbols && i < nr; i++) {
		frame = (struct python_frame){.code = fake_word((uint64_t)bytes[i] << 11 | FAKE_POINTER), .offset = bytes[i] * 2 - 2,
					      .tag = bytes[i] & 1 ? bytes[i] : 0};
		symbols_python(symbols, &frame, &symbol);
	}
	symbols_close(symbols);
}

static void try_debug_offsets(struct python_offsets *offsets)
{
	struct python_debug debug;

	if (!fake_read(&memory, FAKE_BASE, &debug, sizeof(debug)) && layout_debug_is_valid(&debug))
		layout_from_debug(&debug, offsets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct python_offsets offsets;
	char reason[256] = "";
	uint8_t head[8];

	memory = (struct fake){.data = data, .size = size};
	fake_take(&memory, head, sizeof(head));
	memory.fail_at = head[1];
	if (layout_from_table(8 + head[0] % 7, &offsets))
		return 0;
	offsets.layout.runtime = FAKE_BASE;
	offsets.layout.code_type = FAKE_BASE + 0x8000;
	try_debug_offsets(&offsets);
	offsets.layout.frame_bytes = (__u16)layout_frame_bytes(&offsets.layout);
	name_frames(&offsets.layout, head + 2, 4);
	memory.reads = 0;
	verify_offsets(getpid(), &offsets, reason, sizeof(reason));
	if (!memchr(reason, 0, sizeof(reason)))
		abort();
	return 0;
}
