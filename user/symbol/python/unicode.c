// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* unicode.c - str objects of the target as UTF-8. */
#include <stdbool.h>
#include <string.h>

#include "symbol/python/unicode.h"

#define MAX_LENGTH (64 << 10)	/* no name is longer; what claims to be is no name */
#define REPLACEMENT 0xfffd

/* After the header that all objects have. */
struct text_header {
	__s64 length;	/* code points */
	__s64 hash;
	__u32 state;
};

#define LENGTH_OFFSET 16

static unsigned int kind_of(__u32 state)	/* bytes a code point */
{
	return state >> 2 & 7;
}

static bool is_compact(__u32 state)
{
	return state >> 5 & 1;
}

static bool is_ascii(__u32 state)
{
	return state >> 6 & 1;
}

static __u32 code_point(const unsigned char *data, unsigned int kind, size_t i)
{
	__u32 c = 0;

	memcpy(&c, data + i * kind, kind);
	return c;
}

static char *put(char *to, __u32 c)
{
	/* os.fsdecode() hides bytes of file names that are no UTF-8 as these; they are the bytes again. */
	if (c >= 0xdc80 && c <= 0xdcff) {
		*to++ = (char)(c - 0xdc00);
		return to;
	}
	/* A zero byte would end the text early: "print" and something. */
	if (!c || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = REPLACEMENT;
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 63));
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	}
	return to;
}

int unicode_read(const struct target_memory *memory, const struct python_layout *layout, __u64 address, char *to)
{
	unsigned char data[4 * UNICODE_CHARS];
	struct text_header header;
	unsigned int kind;
	size_t i, n;
	int err;

	err = target_memory_read(memory, address + LENGTH_OFFSET, &header, offsetof(struct text_header, state) + sizeof(__u32));
	if (err)
		return err;
	kind = kind_of(header.state);
	if (!is_compact(header.state) || (kind != 1 && kind != 2 && kind != 4) || (is_ascii(header.state) && kind != 1) ||
	    header.length < 0 || header.length >= MAX_LENGTH)
		return -EINVAL;
	n = header.length > UNICODE_CHARS ? UNICODE_CHARS : (size_t)header.length;
	address += is_ascii(header.state) ? layout->unicode_ascii : layout->unicode_compact;
	err = n ? target_memory_read(memory, address, data, n * kind) : 0;
	if (err)
		return err;
	for (i = 0; i < n; i++)
		to = put(to, code_point(data, kind, i));
	strcpy(to, (size_t)header.length > n ? "..." : "");
	return 0;
}
