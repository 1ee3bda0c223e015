// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_stream.c - JSON values written to a file as they are built. */
#include <errno.h>

#include "render/json/json_stream.h"

void json_stream_value(struct json_stream *stream, json_t *value)
{
	size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(stream->digits);

	if (!value)
		stream->err = -ENOMEM;
	else if (!stream->err && json_dumpf(value, stream->file, flags))
		stream->err = errno ? -errno : -EIO;
	json_decref(value);
}
