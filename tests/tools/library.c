// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * library.c - a program that uses the library of <dcbs/profiler.h>.
 *
 * Usage: library PID SECONDS. Prints two JSON documents, of the first half and, as it clears the figures between, of the
 * second one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "dcbs/profiler.h"

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "library: %s: %s\n", what, dcbs_profiler_error());
	return 1;
}

static int watch_for(struct dcbs_profiler *prof, double seconds)
{
	double end = now_s() + seconds;
	int wait_ms = 0, running = 1;

	while (running && now_s() < end) {
		running = dcbs_profiler_poll(prof, &wait_ms);
		usleep(1000 * (useconds_t)wait_ms);
	}
	return running;
}

static int print(struct dcbs_profiler *prof)
{
	struct dcbs_report *report;
	char *text;

	if (dcbs_profiler_snapshot(prof, &report))
		return fail("snapshot");
	text = dcbs_report_json(report);
	puts(text);
	free(text);
	dcbs_report_free(report);
	return 0;
}

int main(int argc, char **argv)
{
	pid_t pid = argc == 3 ? atoi(argv[1]) : 0;
	struct dcbs_options options = DCBS_OPTIONS_DEFAULT;
	struct dcbs_profiler *prof;
	int half;

	if (argc != 3)
		return 2;
	options.pids = &pid;
	options.nr_pids = 1;
	if (dcbs_profiler_open(&prof, &options))
		return fail("open");
	for (half = 0; half < 2; half++) {
		watch_for(prof, atof(argv[2]) / 2);
		if (print(prof) || dcbs_profiler_clear(prof))
			return 1;
	}
	dcbs_profiler_close(prof);
	return 0;
}
