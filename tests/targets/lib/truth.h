/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * truth.h - for all targets: they do known work, keep their own account of it and print it, for tests to compare with.
 *
 * How a target runs. It prints "ready PID" and waits for a line (or the end) of its standard input, so that a profiler
 * can attach first. Then it works, prints one line of JSON and exits with 0. With DCBS_TARGET_HOLD=1 in its environment
 * it waits for one more line before it exits.
 *
 * The truth. A section's duration is measured twice: just inside its begin and end, and just around them. A profiler's
 * measurement lies between the two, however busy the machine is, and so do its total, its minimum, its maximum and
 * (except for the width of a bucket) every percentile:
 *
 *     "name": {"count", "errors", "items", "total_ns", "min_ns", "max_ns", "p50_ns" ... "p999_ns",   inside
 *              "around": {"total_ns", ...}, "self_ns", "outermost_ns"}
 *
 * Percentiles are of the nearest rank. A target leaves out what it does not know.
 */
#ifndef TARGETS_TRUTH_H
#define TARGETS_TRUTH_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- time and chance ---- */

static inline uint64_t truth_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

/* The running time of this thread. */
static inline uint64_t truth_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static inline void truth_spin_ns(uint64_t ns)
{
	uint64_t end = truth_now_ns() + ns;

	while (truth_now_ns() < end)
		;
}

static inline void truth_sleep_ns(uint64_t ns)
{
	struct timespec ts;

	ts.tv_sec = (time_t)(ns / 1000000000ULL);
	ts.tv_nsec = (long)(ns % 1000000000ULL);
	nanosleep(&ts, NULL);
}

/* The same sequence on every run; its upper bits are the good ones. */
#define TRUTH_LCG_MUL 6364136223846793005ULL
#define TRUTH_LCG_ADD 1442695040888963407ULL

static inline uint32_t truth_random(uint64_t *state)
{
	*state = *state * TRUTH_LCG_MUL + TRUTH_LCG_ADD;
	return (uint32_t)(*state >> 33);
}

/* ---- an account of durations ---- */

struct truth_times {
	uint64_t count, total_ns, min_ns, max_ns;
	uint64_t *log_ns;
	size_t room;
};

/* One section. total_ns and what follows from it are printed only if durations were added. */
struct truth {
	const char *name;
	uint64_t count, errors, items;
	struct truth_times inside, around;
	uint64_t self_ns, outermost_ns;
	bool self_known, outermost_known;
};

static inline void truth_log_grow(struct truth_times *t)
{
	size_t room = t->room ? 2 * t->room : 1024;
	uint64_t *log_ns = (uint64_t *)realloc(t->log_ns, room * sizeof(*log_ns));

	if (!log_ns) {
		fprintf(stderr, "out of memory for the account\n");
		exit(1);
	}
	t->log_ns = log_ns;
	t->room = room;
}

static inline void truth_times_add(struct truth_times *t, uint64_t ns)
{
	if (t->count == t->room)
		truth_log_grow(t);
	t->log_ns[t->count] = ns;
	if (!t->count++ || ns < t->min_ns)
		t->min_ns = ns;
	if (ns > t->max_ns)
		t->max_ns = ns;
	t->total_ns += ns;
}

/* One call of a section: the four clock reads in the order in which they were taken. */
static inline void truth_add(struct truth *t, uint64_t before, uint64_t begun, uint64_t ending, uint64_t after)
{
	t->count++;
	truth_times_add(&t->inside, ending - begun);
	truth_times_add(&t->around, after - before);
}

static inline int truth_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The percentile of the log, which is sorted: the smallest value that per_mille of the values do not exceed. */
static inline uint64_t truth_percentile(const struct truth_times *t, uint64_t per_mille)
{
	uint64_t rank = (t->count * per_mille + 999) / 1000;

	return t->log_ns[rank ? rank - 1 : 0];
}

/* ---- the JSON line ---- */

static inline void truth_open(void)
{
	printf("{\"pid\":%d", (int)getpid());
}

static inline void truth_number(const char *key, uint64_t value)
{
	printf(",\"%s\":%" PRIu64, key, value);
}

/* The members of an object, without its braces. */
static inline void truth_print_times(struct truth_times *t)
{
	static const unsigned int per_mille[] = {500, 900, 950, 990, 999};
	static const char *const key[] = {"p50", "p90", "p95", "p99", "p999"};
	size_t i;

	qsort(t->log_ns, t->count, sizeof(*t->log_ns), truth_compare);
	printf("\"total_ns\":%" PRIu64 ",\"min_ns\":%" PRIu64 ",\"max_ns\":%" PRIu64, t->total_ns, t->min_ns, t->max_ns);
	for (i = 0; i < sizeof(key) / sizeof(*key); i++)
		printf(",\"%s_ns\":%" PRIu64, key[i], truth_percentile(t, per_mille[i]));
}

static inline void truth_print_section(struct truth *t)
{
	printf("\"%s\":{\"count\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"items\":%" PRIu64, t->name, t->count, t->errors,
	       t->items);
	if (t->inside.count) {
		printf(",");
		truth_print_times(&t->inside);
	}
	if (t->around.count) {
		printf(",\"around\":{");
		truth_print_times(&t->around);
		printf("}");
	}
	if (t->self_known)
		truth_number("self_ns", t->self_ns);
	if (t->outermost_known)
		truth_number("outermost_ns", t->outermost_ns);
	printf("}");
}

static inline void truth_sections(struct truth *sections, size_t n)
{
	size_t i;

	printf(",\"sections\":{");
	for (i = 0; i < n; i++) {
		if (i)
			printf(",");
		truth_print_section(&sections[i]);
	}
	printf("}");
}

static inline void truth_wait_line(void)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		;
}

static inline void truth_close(void)
{
	const char *hold = getenv("DCBS_TARGET_HOLD");

	printf("}\n");
	fflush(stdout);
	if (hold && *hold == '1')
		truth_wait_line();
}

/* Prints that the target is ready, and waits for the go. */
static inline void truth_gate(void)
{
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	truth_wait_line();
}

/* ---- the command line ---- */

/* "--name VALUE" sets *number or *text, "--name" alone sets *flag. */
struct truth_option {
	const char *name;
	uint64_t *number;
	const char **text;
	bool *flag;
};

static inline bool truth_option_take(const struct truth_option *o, const char *value)
{
	char *end;

	if (o->text) {
		*o->text = value;
		return true;
	}
	*o->number = strtoull(value, &end, 10);
	return end != value && !*end;
}

static inline const struct truth_option *truth_option_find(const struct truth_option *options, const char *name)
{
	for (; options->name; options++)
		if (!strcmp(options->name, name))
			return options;
	return NULL;
}

/* `options` ends with an entry without a name. */
static inline void truth_options(int argc, char **argv, const struct truth_option *options)
{
	int i;

	for (i = 1; i < argc; i++) {
		const struct truth_option *o = truth_option_find(options, argv[i]);

		if (o && o->flag) {
			*o->flag = true;
			continue;
		}
		if (!o || i + 1 == argc || !truth_option_take(o, argv[++i])) {
			fprintf(stderr, "%s: bad option or value: %s\n", argv[0], argv[i]);
			exit(2);
		}
	}
}

#endif
