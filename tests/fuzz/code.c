// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * code.c - fuzzes the decoder of functions, which finds where one is entered and left.
 *
 * The input is what lies at each of eight stretches of 256 addresses, a byte each, and then the code. The function begins the code.
 * A place that is given out must lie in the function's own code: a probe goes there.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/code/function_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define AT 0x1000
#define STRETCH 256
#define STRETCHES 8
#define REASON 200

struct fuzzed_code {
	const uint8_t *places, *bytes;
	size_t size;
	struct code_range parts[FUNCTION_CODE_PARTS + 1];	/* the function's ranges, as far as they are known */
	size_t nr_parts;
};

static int read_code(void *ctx, __u64 address, void *to, size_t size)
{
	const struct fuzzed_code *code = ctx;

	if (address < AT || address - AT > code->size || size > code->size - (address - AT))
		return -EFAULT;
	memcpy(to, code->bytes + (address - AT), size);
	return 0;
}

static void note_part(struct fuzzed_code *code, const struct code_range *part)
{
	if (code->nr_parts < sizeof(code->parts) / sizeof(code->parts[0]))
		code->parts[code->nr_parts++] = *part;
}

static enum code_place place_of(void *ctx, __u64 address, struct code_range *part)
{
	struct fuzzed_code *code = ctx;
	size_t stretch = (address - AT) / STRETCH;
	enum code_place place;

	if (address < AT || stretch >= STRETCHES)
		return CODE_UNKNOWN;
	place = code->places[stretch] % (CODE_EITHER + 1);
	part->start = address - code->places[stretch] / 32;
	part->end = code->places[stretch] & 16 ? address : address + STRETCH;
	if (place == CODE_PART || place == CODE_EITHER || place == CODE_FUNCTION)
		note_part(code, part);
	return place;
}

static void expect_inside(const struct fuzzed_code *code, __u64 address)
{
	size_t i;

	for (i = 0; i < code->nr_parts; i++)
		if (address >= code->parts[i].start && address < code->parts[i].end)
			return;
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct function_code found;
	struct fuzzed_code code = {.places = data, .bytes = data + STRETCHES, .size = size - STRETCHES};
	const struct code_source source = {read_code, place_of, &code};
	struct code_range range = {AT, AT};
	char reason[REASON] = "";
	size_t i;

	if (size <= STRETCHES)
		return 0;
	range.end += code.size < STRETCH ? code.size : STRETCH;
	note_part(&code, &range);
	if (function_code_read(&found, &range, &source, reason, sizeof(reason))) {
		if (!reason[0] || reason[sizeof(reason) - 1])
			abort();
		return 0;
	}
	if (found.nr_exits > FUNCTION_CODE_EXITS)
		abort();
	expect_inside(&code, found.entry);
	for (i = 0; i < found.nr_exits; i++)
		expect_inside(&code, found.exits[i]);
	return 0;
}
