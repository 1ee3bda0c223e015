// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * storm.c - sections that do little but fault pages in and unmap them, over and over.
 *
 * Usage: storm SECONDS. Each round, inside of a section `rounds` that stays open:
 *	small, large	map, touch and unmap 4 and 8 MiB
 *	feed, free	one maps and touches 6 MiB, which the other one unmaps
 *	leak		maps and touches 8 KiB, and keeps them
 *
 * All pages are touched in storm_touch(), which carries no marker.
 */
#include <dcbs/markers.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define KIB (1UL << 10)
#define MIB (1UL << 20)
#define PAGE 4096

extern void storm_touch(volatile char *pages, size_t bytes);

__attribute__((noinline)) void storm_touch(volatile char *pages, size_t bytes)
{
	size_t at;

	for (at = 0; at < bytes; at += PAGE)
		pages[at] = 1;
}

static char *get(size_t bytes)
{
	char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		exit(1);
	madvise(pages, bytes, MADV_NOHUGEPAGE);
	storm_touch(pages, bytes);
	return pages;
}

static void churn(dcbs_id section, size_t bytes)
{
	dcbs_token t = dcbs_section_begin(section);

	munmap(get(bytes), bytes);
	dcbs_section_end(t);
}

static char *grow(dcbs_id section, size_t bytes)
{
	dcbs_token t = dcbs_section_begin(section);
	char *pages = get(bytes);

	dcbs_section_end(t);
	return pages;
}

static void give_back(dcbs_id section, char *pages, size_t bytes)
{
	dcbs_token t = dcbs_section_begin(section);

	munmap(pages, bytes);
	dcbs_section_end(t);
}

int main(int argc, char **argv)
{
	dcbs_id small = dcbs_section_name("small"), large = dcbs_section_name("large"), feed = dcbs_section_name("feed"),
		back = dcbs_section_name("free"), leak = dcbs_section_name("leak");
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);

	printf("ready %d\n", getpid());
	fflush(stdout);
	dcbs_section_begin(dcbs_section_name("rounds"));
	while (time(NULL) < end) {
		churn(small, 4 * MIB);
		churn(large, 8 * MIB);
		give_back(back, grow(feed, 6 * MIB), 6 * MIB);
		grow(leak, 8 * KIB);
	}
	return 0;
}
