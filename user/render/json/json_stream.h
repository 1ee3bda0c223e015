/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * json_stream.h - JSON values written to a file as they are built.
 *
 * A whole session with all its histograms or stacks as one tree would take more memory than the rest of the profiler.
 */
#ifndef RENDER_JSON_JSON_STREAM_H
#define RENDER_JSON_JSON_STREAM_H

#include <jansson.h>
#include <stdio.h>

struct json_stream {
	FILE *file;
	int digits;	/* of numbers that are not integers */
	int err;	/* the first error, a negative errno */
};

/* Writes the value and releases it. NULL is a value that could not be built: -ENOMEM. */
void json_stream_value(struct json_stream *stream, json_t *value);

#endif
