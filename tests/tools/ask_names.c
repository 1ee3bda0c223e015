// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* ask_names.c - the part of the profiler that finds names, for tests in Python: answers lines of its input, see ask.h. */
#include "ask.h"

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: ask_names PID [MINOR CODE_TYPE] | lines\n");
		return 2;
	}
	return ask_main(argc, argv);
}
