/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* scrape_request.h - understands a request of HTTP/1.x for the figures. */
#ifndef SERVE_SCRAPE_REQUEST_H
#define SERVE_SCRAPE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define SCRAPE_REQUEST 8192	/* bytes, with the empty line that ends it */

enum scrape_answer {
	SCRAPE_PART_OF_REQUEST, SCRAPE_FIGURES, SCRAPE_NOT_FOUND, SCRAPE_NO_METHOD, SCRAPE_NO_REQUEST, SCRAPE_TOO_LONG,
};

struct scrape_request {
	bool head;		/* HEAD: the answer has no body */
	bool protobuf;		/* the client prefers messages of Protocol Buffers to text */
};

/* Examines the bytes that have arrived so far; they may be anything. */
enum scrape_answer scrape_request_read(const char *bytes, size_t nr, struct scrape_request *request);

#endif
