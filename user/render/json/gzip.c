// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gzip.c - see gzip.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/array.h"
#include "render/json/gzip.h"

#define GZIP_FORMAT 16		/* added to the window bits: a gzip header and not that of zlib */
#define MEMORY_LEVEL 8		/* zlib's default */
#define PART_BYTES (64UL << 10)

/* ---- writing ---- */

struct gzip_stream {
	FILE *to;
	z_stream z;
	unsigned char part[PART_BYTES];
};

/* Compresses the input that is set. With Z_FINISH also what zlib has kept back. Returns false on an error of the file. */
static bool compress_input(struct gzip_stream *gz, int flush)
{
	size_t n;

	do {
		gz->z.next_out = gz->part;
		gz->z.avail_out = sizeof(gz->part);
		deflate(&gz->z, flush);
		n = sizeof(gz->part) - gz->z.avail_out;
		if (fwrite(gz->part, 1, n, gz->to) != n)
			return false;
	} while (!gz->z.avail_out);
	return true;
}

static ssize_t write_compressed(void *cookie, const char *bytes, size_t size)
{
	struct gzip_stream *gz = cookie;
	size_t n = size < UINT_MAX ? size : UINT_MAX;

	gz->z.next_in = (unsigned char *)bytes;
	gz->z.avail_in = (uInt)n;
	return compress_input(gz, Z_NO_FLUSH) ? (ssize_t)n : 0;	/* by the rules of fopencookie(), 0 is an error */
}

static int close_compressed(void *cookie)
{
	struct gzip_stream *gz = cookie;
	bool good;

	gz->z.avail_in = 0;
	good = compress_input(gz, Z_FINISH);
	deflateEnd(&gz->z);
	free(gz);
	return good ? 0 : EOF;
}

FILE *gzip_open(FILE *to)
{
	struct gzip_stream *gz = calloc(1, sizeof(*gz));
	FILE *file = NULL;

	if (!gz)
		return NULL;
	gz->to = to;
	if (deflateInit2(&gz->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_FORMAT, MEMORY_LEVEL, Z_DEFAULT_STRATEGY)) {
		free(gz);
		return NULL;
	}
	file = fopencookie(gz, "w", (cookie_io_functions_t){.write = write_compressed, .close = close_compressed});
	if (!file) {
		deflateEnd(&gz->z);
		free(gz);
	}
	return file;
}

/* ---- reading ---- */

bool gzip_is(const char *bytes, size_t len)
{
	return len > 1 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

/* A file may consist of several compressed parts, one behind the other. Returns 1 to continue. */
static int next_step(z_stream *z, int status)
{
	if (status == Z_OK)
		return 1;
	if (status == Z_BUF_ERROR)
		return -ENODATA;
	if (status == Z_MEM_ERROR)
		return -ENOMEM;
	if (status != Z_STREAM_END)
		return -EINVAL;
	return z->avail_in && inflateReset(z) == Z_OK;
}

static int expand_parts(z_stream *z, size_t most, char **text, size_t *len)
{
	size_t room = 0;
	int step;

	do {
		if (!array_reserve(*text, *len, room, PART_BYTES))
			return -ENOMEM;
		z->next_out = (unsigned char *)*text + *len;
		z->avail_out = PART_BYTES;
		step = next_step(z, inflate(z, Z_NO_FLUSH));
		*len += PART_BYTES - z->avail_out;
		if (*len > most)
			return -EFBIG;
	} while (step > 0);
	return step;
}

int gzip_expand(const char *bytes, size_t len, size_t most, char **text, size_t *text_len)
{
	z_stream z = {.next_in = (unsigned char *)bytes, .avail_in = (uInt)len};
	int err;

	*text = NULL;
	*text_len = 0;
	if (len > UINT_MAX)
		return -EFBIG;
	if (inflateInit2(&z, MAX_WBITS + GZIP_FORMAT))
		return -ENOMEM;
	err = expand_parts(&z, most, text, text_len);
	inflateEnd(&z);
	return err;
}
