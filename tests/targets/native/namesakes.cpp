// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * namesakes.cpp - functions that share a name, or whose symbol is not the code that runs, for --section.
 *
 *     namesakes [--rounds N]
 *
 * Prints how often each of them was called. `chosen` is an IFUNC: its symbol leads to the function that chooses.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

#define ALONE __attribute__((noinline, noclone))

static int counts[8];
enum { SCORE_INT, SCORE_DOUBLE, SCORE_TEXT, DECODE_INT, DECODE_FLOAT, HIDDEN, CHOSEN };

namespace evaluation {
	ALONE void score(int) { counts[SCORE_INT]++; asm volatile(""); }
	ALONE void score(double) { counts[SCORE_DOUBLE]++; asm volatile(""); }
	ALONE void score(const std::string &) { counts[SCORE_TEXT]++; asm volatile(""); }
	template <class T> ALONE T decode(T value)
	{
		counts[sizeof(T) == sizeof(double) ? DECODE_FLOAT : DECODE_INT]++;
		asm volatile("");
		return value;
	}
	ALONE void never() { counts[7]++; asm volatile(""); }
}

namespace {
	ALONE void hidden() { counts[HIDDEN]++; asm volatile(""); }
}

extern "C" {
	static ALONE void first_choice() { counts[CHOSEN]++; asm volatile(""); }
	static void (*choose())() { return first_choice; }
	void chosen() __attribute__((ifunc("choose")));
}

int main(int argc, char **argv)
{
	int i, rounds = argc > 2 && !strcmp(argv[1], "--rounds") ? atoi(argv[2]) : 100;

	printf("ready %d\n", getpid());
	fflush(stdout);
	getchar();
	for (i = 0; i < rounds; i++) {
		evaluation::score(1);
		evaluation::score(1.0);
		evaluation::score(1.0);
		evaluation::score(std::string("answer"));
		evaluation::decode(1);
		evaluation::decode(1.0);
		evaluation::decode(2.0);
		hidden();
		chosen();
	}
	if (rounds < 0)
		evaluation::never();
	printf("{\"score(int)\": %d, \"score(double)\": %d, \"score(text)\": %d, \"decode<int>\": %d, \"decode<double>\": %d, \"hidden\": %d, "
	       "\"chosen\": %d}\n", counts[SCORE_INT], counts[SCORE_DOUBLE], counts[SCORE_TEXT], counts[DECODE_INT], counts[DECODE_FLOAT],
	       counts[HIDDEN], counts[CHOSEN]);
	fflush(stdout);
	if (getenv("DCBS_TARGET_HOLD"))
		getchar();
	return 0;
}
