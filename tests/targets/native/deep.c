// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * deep.c - a function below which the stack is deeper than a sample reaches, as in inference code.
 *
 * usage: deep SECONDS. Prints "ready PID", waits for a line, and prints {"count": …, "inside_s": …, "around_s": …}: the calls of
 * token(), and their time as it is seen from within and from around them. What probes add at a call's begin and end is between
 * the two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STEPS 250000
#define DEEP 16384	/* bytes of stack */

static volatile double sink;
static double inside_s;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

__attribute__((noinline)) static void kernel(const char *bytes)
{
	double x = bytes[5];
	int i;

	for (i = 0; i < STEPS; i++)
		x = x * 1.0000001 + 1e-9;
	sink = x;
}

__attribute__((noinline)) static void graph(int n)
{
	char bytes[DEEP];

	memset(bytes, n, sizeof(bytes));
	kernel(bytes);
	sink += bytes[n & (DEEP - 1)];
}

__attribute__((noinline)) static void token(int n)
{
	double begin = now_s();

	graph(n);
	sink += n;
	inside_s += now_s() - begin;
}

int main(int argc, char **argv)
{
	double end, before, around_s = 0;
	int n = 0;

	if (argc < 2)
		return 2;
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	(void)getchar();
	for (end = now_s() + atof(argv[1]); now_s() < end;) {
		before = now_s();
		token(n++);
		around_s += now_s() - before;
	}
	printf("{\"count\": %d, \"inside_s\": %.6f, \"around_s\": %.6f}\n", n, inside_s, around_s);
	fflush(stdout);
	if (getenv("DCBS_TARGET_HOLD"))
		(void)getchar();
	return 0;
}
