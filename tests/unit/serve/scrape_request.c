// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* scrape_request.c - requests of scrapers: whole, in parts, and of any bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "serve/listen_address.h"
#include "serve/scrape_request.h"

#define PROTOBUF "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

/* As Prometheus 2.42 sends it, with native histograms. */
#define NATIVE "GET /metrics HTTP/1.1\r\nHost: x\r\naccept: " PROTOBUF ",application/openmetrics-text;version=1.0.0;q=0.8," \
	"text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\nAccept-Encoding: gzip\r\n\r\n"

static const struct { const char *text; enum scrape_answer answer; bool head, protobuf; } requests[] = {
	{NATIVE, SCRAPE_FIGURES, false, true},
	{"GET /metrics HTTP/1.1\r\n\r\n", SCRAPE_FIGURES, false, false},
	{"HEAD /metrics?a=b HTTP/1.0\r\nAccept: */*\r\n\r\n", SCRAPE_FIGURES, true, false},
	{"GET /metrics HTTP/1.1\r\nAccept: text/plain," PROTOBUF "\r\n\r\n", SCRAPE_FIGURES, false, false},
	{"GET /metrics HTTP/1.1\r\nAccept: " PROTOBUF ";q=0.2,text/plain;q=0.3\r\n\r\n", SCRAPE_FIGURES, false, false},
	{"GET /metrics HTTP/1.1\r\nAccept: " PROTOBUF ";q=nan\r\n\r\n", SCRAPE_FIGURES, false, false},
	{"GET /metrics HTTP/1.1\r\nX-Accept: " PROTOBUF "\r\n\r\n", SCRAPE_FIGURES, false, false},
	{"GET / HTTP/1.1\r\n\r\n", SCRAPE_NOT_FOUND, false, false},
	{"GET /metrics/ HTTP/1.1\r\n\r\n", SCRAPE_NOT_FOUND, false, false},
	{"GET  HTTP/1.1\r\n\r\n", SCRAPE_NOT_FOUND, false, false},
	{"PUT /metrics HTTP/1.1\r\n\r\n", SCRAPE_NO_METHOD, false, false},
	{"GET /metrics\r\nx: HTTP/1.1\r\n\r\n", SCRAPE_NO_REQUEST, false, false},
	{"\r\n\r\n", SCRAPE_NO_REQUEST, false, false},
};

static void test_requests(void **state)
{
	struct scrape_request request;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		for (n = 0; n < strlen(requests[i].text); n++)
			assert_int_equal(scrape_request_read(requests[i].text, n, &request), SCRAPE_PART_OF_REQUEST);
		assert_int_equal(scrape_request_read(requests[i].text, n, &request), requests[i].answer);
		assert_int_equal(request.protobuf, requests[i].protobuf);
		if (requests[i].answer == SCRAPE_FIGURES)
			assert_int_equal(request.head, requests[i].head);
	}
}

/* A copy of exactly their size: a sanitizer finds a read beyond it. */
static void test_any_bytes(void **state)
{
	struct scrape_request request;
	char *bytes;
	size_t i, n, round;

	(void)state;
	srand(1);
	for (round = 0; round < 20000; round++) {
		n = (size_t)rand() % sizeof(NATIVE);
		bytes = malloc(n + 1);
		assert_non_null(bytes);
		memcpy(bytes, NATIVE + sizeof(NATIVE) - 1 - n, n);
		for (i = 0; i < n; i++)
			if (!(rand() % 16))
				bytes[i] = (char)rand();
		scrape_request_read(bytes, n, &request);
		free(bytes);
	}
}

static void test_too_long(void **state)
{
	struct scrape_request request;
	char *bytes = malloc(SCRAPE_REQUEST);

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', SCRAPE_REQUEST);
	assert_int_equal(scrape_request_read(bytes, SCRAPE_REQUEST - 1, &request), SCRAPE_PART_OF_REQUEST);
	assert_int_equal(scrape_request_read(bytes, SCRAPE_REQUEST, &request), SCRAPE_TOO_LONG);
	free(bytes);
}

static void test_addresses(void **state)
{
	static const char *const good[] = {"9464", ":9464", "127.0.0.1:1024", "localhost:65535", "0.0.0.0:9464", "[::1]:9464", "[::]:9464"};
	static const char *const bad[] = {
		"", ":", "localhost", "127.0.0.1:", "127.0.0.1:80", "host:9464", "127.0.0.1:70000", "::1:9464", "[::1]", "[]:9464", "[:9464", "]:9464",
		"1.2.3:9464", "127.0.0.1:9464x", "127.0.0.1: 9464", "-9464", "99999999999999999999",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(listen_address_is_valid(good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(listen_address_is_valid(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests), cmocka_unit_test(test_any_bytes), cmocka_unit_test(test_too_long), cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
