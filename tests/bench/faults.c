// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * faults.c - a loop of page faults: the most expensive one for a profiler that observes each of them.
 *
 * It maps PIECE bytes, touches each page and unmaps them again. An iteration is one page; they are in a section.
 */
#include <dcbs/markers.h>
#include <sys/mman.h>

#include "burst.h"

#define PIECE (4 << 20)
#define PAGE 4096

static dcbs_id name;
static volatile char *piece;
static size_t at = PIECE;

static void next_piece(void)
{
	if (piece)
		munmap((void *)piece, PIECE);
	piece = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (piece == MAP_FAILED)
		exit(1);
	madvise((void *)piece, PIECE, MADV_NOHUGEPAGE);
	at = 0;
}

static void loop_faults(uint64_t n)
{
	dcbs_token section = dcbs_section_begin(name);

	for (; n; n--, at += PAGE) {
		if (at == PIECE)
			next_piece();
		piece[at] = 1;
	}
	dcbs_section_end(section);
}

static double call_attached(uint64_t unused)
{
	(void)unused;
	return dcbs_attached();
}

int main(int argc, char **argv)
{
	static const struct burst_mode modes[] = {
		{"faults", loop_faults, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"attached", NULL, 0, call_attached},
		{NULL, NULL, 0, NULL},
	};

	name = dcbs_section_name("faults");
	return burst_serve(modes, argc, argv);
}
