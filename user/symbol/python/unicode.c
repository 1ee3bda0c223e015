// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* unicode.c - reads a str object of the target as UTF-8. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "symbol/python/unicode.h"

#define MAX_LENGTH (64 << 10)	/* a longer text is no name */
#define REPLACEMENT 0xfffd

/* Follows the header that all objects have. */
struct text_header {
	__s64 length;	/* code points */
	__s64 hash;
	__u32 state;
};

#define LENGTH_OFFSET 16

/* Bytes of each code point. */
static unsigned int text_kind(__u32 state)
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

static __u32 read_code_point(const unsigned char *data, unsigned int kind, size_t i)
{
	__u32 c = 0;

	memcpy(&c, data + i * kind, kind);
	return c;
}

static char *append_utf8(char *to, __u32 c)
{
	/* os.fsdecode() maps bytes of a file name that are no UTF-8 to these code points. Map them back. */
	if (c >= 0xdc80 && c <= 0xdcff) {
		*to++ = (char)(c - 0xdc00);
		return to;
	}
	/* A zero byte would end the text early. */
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

int unicode_read(const struct target_memory *memory, const struct python_layout *layout, __u64 address, char to[UNICODE_BYTES])
{
	unsigned char data[4 * UNICODE_CHARS];
	struct text_header header;
	unsigned int kind;
	size_t i, n;
	int err;

	err = target_memory_read(memory, address + LENGTH_OFFSET, &header, offsetof(struct text_header, state) + sizeof(__u32));
	if (err)
		return err;
	kind = text_kind(header.state);
	if (!is_compact(header.state) || (kind != 1 && kind != 2 && kind != 4) || (is_ascii(header.state) && kind != 1) ||
	    header.length < 0 || header.length >= MAX_LENGTH)
		return -EINVAL;
	n = header.length > UNICODE_CHARS ? UNICODE_CHARS : (size_t)header.length;
	address += is_ascii(header.state) ? layout->unicode_ascii : layout->unicode_compact;
	err = n ? target_memory_read(memory, address, data, n * kind) : 0;
	if (err)
		return err;
	assert(n * kind <= sizeof(data));
	for (i = 0; i < n; i++)
		to = append_utf8(to, read_code_point(data, kind, i));
	strcpy(to, (size_t)header.length > n ? "..." : "");
	return 0;
}
