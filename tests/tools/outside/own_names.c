// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * own_names.c - a program that uses <dcbs/profiler.h> and has functions of its own with the names of the library's.
 *
 * It asks for a process that does not exist and prints the result and the library's error text. Each function of its own
 * ends it with status 9: the library must not call them. The test adds one for every other name inside the library.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dcbs/profiler.h>

int fail(const char *what);
char *sanitize(char *text);
double now_ns(void);
int proc_read(void);

static void __attribute__((noreturn)) called_by_library(const char *name)
{
	printf("the library called the program's %s()\n", name);
	exit(9);
}

int fail(const char *what)
{
	if (what && !strcmp(what, "by the program"))
		return 1;
	called_by_library("fail");
}

char *sanitize(char *text)
{
	called_by_library(text ? "sanitize" : "sanitize, of nothing");
}

double now_ns(void)
{
	called_by_library("now_ns");
}

int proc_read(void)
{
	called_by_library("proc_read");
}

int main(void)
{
	struct dcbs_options opts = DCBS_OPTIONS_DEFAULT;
	struct dcbs_profiler *prof = NULL;
	pid_t none = 4194304 + 17;	/* above the largest PID that a kernel gives out */
	int err;

	opts.pids = &none;
	opts.nr_pids = 1;
	err = dcbs_profiler_open(&prof, &opts);
	printf("%d %d %s\n", err, fail("by the program"), dcbs_profiler_error());
	return 0;
}
