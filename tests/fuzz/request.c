// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* request.c - what a process may send that asks for its figures: in pieces, it means what it means as a whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serve/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size < SERVER_REQUEST ? size : SERVER_REQUEST, i;
	char *bytes = malloc(n + !n);
	int whole, part;

	if (!bytes)
		return 0;
	memcpy(bytes, data, n);
	whole = server_request(bytes, n);
	for (i = 0; i < n; i++) {
		char *piece = malloc(i + !i);	/* one byte too far is an error */

		memcpy(piece, bytes, i);
		part = server_request(piece, i);
		free(piece);
		if ((part == SERVER_NO_REQUEST && whole != SERVER_NO_REQUEST) || part >= 0)
			abort();
	}
	free(bytes);
	return 0;
}
