// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* scrape_request.c - understands a request of HTTP/1.x for the figures. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "serve/scrape_request.h"

#define PROTOBUF "application/vnd.google.protobuf"

/* Returns the size of the head, with the empty line; 0: its end has not arrived. */
static size_t head_size(const char *bytes, size_t nr)
{
	const char *end = memmem(bytes, nr, "\r\n\r\n", 4);

	return end ? (size_t)(end - bytes) + 4 : 0;
}

/* ---- Accept ---- */

/* Returns the weight of a media range such as "text/plain;version=0.0.4;q=0.5", which is 1 if it has none. */
static double weight_of(const char *range)
{
	const char *q = strcasestr(range, "q=");

	return q ? strtod(q + 2, NULL) : 1;
}

static bool is_protobuf(const char *range)
{
	return strcasestr(range, PROTOBUF) && strcasestr(range, "proto=io.prometheus.client.MetricFamily") &&
	       strcasestr(range, "encoding=delimited");
}

/* `list` is a copy that may be changed. Of equal weights the first one counts. */
static bool prefers_protobuf(char *list)
{
	char *rest = list, *range;
	double protobuf = 0, text = 0;
	bool first = false;

	while ((range = strsep(&rest, ","))) {
		if (is_protobuf(range) && weight_of(range) > protobuf) {
			first = !text;
			protobuf = weight_of(range);
		} else if (strcasestr(range, "text/plain") && weight_of(range) > text) {
			text = weight_of(range);
		}
	}
	return protobuf > text || (protobuf > 0 && protobuf == text && first);
}

/* Ends each line of the head with a zero byte, and looks for the header. */
static bool head_prefers_protobuf(char *head)
{
	char *rest = head, *line;
	bool found = false;

	while ((line = strsep(&rest, "\n")))
		if (!strncasecmp(line, "Accept:", 7))
			found = prefers_protobuf(line + 7);
	return found;
}

/* ---- the request line ---- */

/* Returns the rest behind the word and a space; NULL: the text does not begin so. */
static const char *behind(const char *text, const char *word)
{
	size_t size = strlen(word);

	return strncmp(text, word, size) || text[size] != ' ' ? NULL : text + size + 1;
}

static enum scrape_answer read_head(char *head, struct scrape_request *request)
{
	const char *path = behind(head, "GET");
	size_t size;

	if (!path) {
		path = behind(head, "HEAD");
		request->head = path;
	}
	if (!strstr(head, " HTTP/1.") || strcspn(head, "\r\n") < (size_t)(strstr(head, " HTTP/1.") - head))
		return SCRAPE_NO_REQUEST;
	if (!path)
		return SCRAPE_NO_METHOD;
	size = strcspn(path, " ?");
	if (size != strlen("/metrics") || strncmp(path, "/metrics", size))
		return SCRAPE_NOT_FOUND;
	request->protobuf = head_prefers_protobuf(head);
	return SCRAPE_FIGURES;
}

enum scrape_answer scrape_request_read(const char *bytes, size_t nr, struct scrape_request *request)
{
	size_t size = head_size(bytes, nr);
	char head[SCRAPE_REQUEST + 1];

	*request = (struct scrape_request){0};
	if (!size)
		return nr < SCRAPE_REQUEST ? SCRAPE_PART_OF_REQUEST : SCRAPE_TOO_LONG;
	if (memchr(bytes, 0, size))
		return SCRAPE_NO_REQUEST;
	memcpy(head, bytes, size);
	head[size] = 0;
	return read_head(head, request);
}
