// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gzip.c - bytes as a gzip file. */
#include <errno.h>
#include <zlib.h>

#include "render/export/gzip.h"

#define GZIP_WINDOW (MAX_WBITS + 16)	/* by the rules of deflateInit2(): with the header of gzip */
#define MEMORY_LEVEL 8			/* zlib's default */
#define PART (1u << 30)			/* avail_in has 32 bits */

static int write_part(z_stream *z, FILE *file, int flush)
{
	uint8_t out[16384];
	size_t nr;

	do {
		z->next_out = out;
		z->avail_out = sizeof(out);
		if (deflate(z, flush) == Z_STREAM_ERROR)
			return -EINVAL;
		nr = sizeof(out) - z->avail_out;
		if (fwrite(out, 1, nr, file) != nr)
			return errno ? -errno : -EIO;
	} while (!z->avail_out);
	return 0;
}

int gzip_write(FILE *file, const uint8_t *bytes, size_t size)
{
	z_stream z = {0};
	int err = 0;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	do {
		z.next_in = (Bytef *)bytes;
		z.avail_in = size < PART ? (uInt)size : PART;
		bytes += z.avail_in;
		size -= z.avail_in;
		err = write_part(&z, file, size ? Z_NO_FLUSH : Z_FINISH);
	} while (size && !err);
	deflateEnd(&z);
	return err;
}
