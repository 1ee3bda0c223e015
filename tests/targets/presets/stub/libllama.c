// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* libllama.c - stands for libllama: its decode sleeps, and counts how long by its own clock. */
#include <time.h>

static long long decode_ns;

static long long clock_read_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int llama_decode(void)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	long long begin = clock_read_ns();

	nanosleep(&pause, NULL);
	decode_ns += clock_read_ns() - begin;
	return 0;
}

int llama_tokenize(void)
{
	return 1;
}

long long stub_decode_ns(void)
{
	return decode_ns;
}
