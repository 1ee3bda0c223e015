// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * section.c - the cost of a section: the loops of `make bench` that need no other library.
 *
 * The uprobe tools are attached to peer_begin, peer_end and peer_body. These begin with a 5-byte nop, the cheapest
 * entry that a uprobe can have on Linux 6.18, so that the comparison is with the best that these tools can do.
 * No other code may call them, as some of the tools probe every process that runs the program, whichever is named.
 */
#include <dcbs/markers.h>

#include "burst.h"

#define NESTED 8

void peer_begin(void);
void peer_end(void);
void peer_body(void);
void empty_call(void);

#if defined(__x86_64__)
#define NOP_FUNCTION(name) __asm__(".text\n.p2align 4\n.globl " #name "\n.type " #name ", @function\n" #name \
	":\n.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\nret\n.size " #name ", . - " #name "\n")
#else
#define NOP_FUNCTION(name) __asm__(".text\n.p2align 4\n.globl " #name "\n.type " #name ", @function\n" #name \
	":\nnop\nret\n.size " #name ", . - " #name "\n")
#endif
NOP_FUNCTION(peer_begin);
NOP_FUNCTION(peer_end);
NOP_FUNCTION(peer_body);
NOP_FUNCTION(empty_call);

static dcbs_id names[NESTED];

static void loop_empty(uint64_t n)
{
	for (; n; n--)
		burst_barrier();
}

static void loop_clocks(uint64_t n)
{
	struct timespec ts;

	for (; n; n--) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		burst_barrier();
		clock_gettime(CLOCK_MONOTONIC, &ts);
	}
}

static void loop_calls(uint64_t n)
{
	for (; n; n--) {
		empty_call();
		burst_barrier();
		empty_call();
	}
}

static void loop_section(uint64_t n)
{
	for (; n; n--) {
		dcbs_token t = dcbs_section_begin(names[0]);

		burst_barrier();
		dcbs_section_end(t);
	}
}

/* The innermost of eight open sections, with another name each time. */
static void loop_nested(uint64_t n)
{
	dcbs_token open[NESTED - 1];
	int i;

	for (i = 0; i < NESTED - 1; i++)
		open[i] = dcbs_section_begin(names[i]);
	for (; n; n--) {
		dcbs_token t = dcbs_section_begin(names[n % NESTED]);

		burst_barrier();
		dcbs_section_end(t);
	}
	while (i--)
		dcbs_section_end(open[i]);
}

static void loop_peers(uint64_t n)
{
	for (; n; n--) {
		peer_begin();
		burst_barrier();
		peer_end();
	}
}

static void loop_begin(uint64_t n)
{
	for (; n; n--)
		peer_begin();
}

static void loop_end(uint64_t n)
{
	for (; n; n--)
		peer_end();
}

static void loop_body(uint64_t n)
{
	for (; n; n--)
		peer_body();
}

static double call_attached(uint64_t unused)
{
	(void)unused;
	return dcbs_attached();
}

int main(int argc, char **argv)
{
	static const struct burst_mode modes[] = {
		{"empty", loop_empty, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"clocks", loop_clocks, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"calls", loop_calls, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"section", loop_section, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"nested", loop_nested, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"peers", loop_peers, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"begin", loop_begin, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"end", loop_end, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"body", loop_body, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"attached", NULL, 0, call_attached},
		{NULL, NULL, 0, NULL},
	};
	char name[16];
	int i;

	for (i = 0; i < NESTED; i++) {
		snprintf(name, sizeof(name), "bench_%d", i);
		names[i] = dcbs_section_name(name);
	}
	return burst_serve(modes, argc, argv);
}
