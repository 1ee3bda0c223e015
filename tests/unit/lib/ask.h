/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ask.h - answers questions about the functions of a process, one a line: tests/tools/ask_names PID [MINOR CODE_TYPE].
 *
 *	p CODE TAG OFFSET	a Python frame
 *	n ADDRESS		a native address
 *	c ADDRESS		a return address
 *	i ADDRESS		1 if the address is in the interpreter's loop, else 0
 *	r			refresh
 *	m			memory in KiB, and nanoseconds of the last answer
 *
 * Numbers are hexadecimal, but OFFSET and MINOR are decimal. An answer is one line: functions as FUNCTION FILE LINE, texts in
 * hexadecimal, "-" for an unknown one. With `ask_names lines` each line of input is MINOR FIRST TABLE START:END:LINE..., and
 * the answer has the number of offsets checked and the number of those with a wrong line.
 */
#ifndef TESTS_UNIT_ASK_H
#define TESTS_UNIT_ASK_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "symbol/native/demangle.h"
#include "symbol/python/line_table.h"
#include "symbol/store/cache.h"
#include "symbol/store/intern.h"
#include "symbol/store/ranges.h"
#include "symbol/symbols.h"

/* The part of a layout that names need, for the stock builds of a minor version. */
static inline const struct python_layout *ask_layout(unsigned int minor)
{
#define OLD(n) {.minor = n, .code_type_offset = 8, .code_firstlineno = 40, .code_flags = 36, .code_argcount = 16, \
		.code_kwonly = 24, .code_name = 112, .code_filename = 104, .code_linetable = 120, .unicode_ascii = 48, .unicode_compact = 72}
#define NEW(n) {.minor = n, .code_type_offset = 8, .code_firstlineno = 68, .code_flags = 48, .code_argcount = 52, .code_kwonly = 60, \
		.code_version = 92, .code_name = 120, .code_qualname = 128, .code_filename = 112, .code_linetable = 136, \
		.unicode_ascii = 40, .unicode_compact = 56}
	static const struct python_layout layouts[] = {
		OLD(8), OLD(9), OLD(10),
		{.minor = 11, .code_type_offset = 8, .code_firstlineno = 72, .code_flags = 48, .code_argcount = 56, .code_kwonly = 64,
		 .code_name = 120, .code_qualname = 128, .code_filename = 112, .code_linetable = 136,
		 .unicode_ascii = 48, .unicode_compact = 72},
		NEW(12), NEW(13), NEW(14),
	};
#undef OLD
#undef NEW
	return minor >= 8 && minor <= 14 ? &layouts[minor - 8] : NULL;
}

static inline int ask_read(void *ctx, __u64 address, void *to, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)address, size};
	ssize_t n = process_vm_readv(*(pid_t *)ctx, &local, 1, &remote, 1, 0);

	return n == (ssize_t)size ? 0 : n < 0 ? -errno : -EFAULT;
}

static inline void ask_print_text(const char *text)
{
	if (!text)
		printf(" -");
	else
		printf(" ");
	for (; text && *text; text++)
		printf("%02x", (unsigned char)*text);
	if (text)
		printf("."); /* marks an empty text, too */
}

static inline void ask_print(const struct symbol *list, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		ask_print_text(list[i].function);
		ask_print_text(list[i].file);
		printf(" %u", list[i].line);
	}
	printf("\n");
}

static inline void ask_print_memory(__u64 ns)
{
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "RssAnon:", 8))
			printf("%ld %llu\n", strtol(line + 8, NULL, 10), ns);
	if (f)
		fclose(f);
}

static inline void ask_one(struct symbols *symbols, const struct python_layout *layout, const char *line)
{
	static __u64 took;
	struct python_frame frame = {};
	struct symbol list[40];
	__u64 start = clock_now_ns(), address;
	char *rest;

	address = strtoull(line + 1, &rest, 16);
	if (line[0] == 'p') {
		frame.code = address;
		frame.tag = (__u32)strtoull(rest, &rest, 16);
		frame.offset = (__s32)strtol(rest, NULL, 10);
		printf("%d", symbols_python(symbols, &frame, list));
		ask_print(list, 1);
	} else if (line[0] == 'n' || line[0] == 'c') {
		size_t nr = symbols_native(symbols, address, line[0] == 'c', list, 40);

		took = clock_now_ns() - start;
		printf("%zu", nr);
		ask_print(list, nr);
		return;
	} else if (line[0] == 'i') {
		printf("%d\n", symbols_is_interpreter(symbols, address));
	} else if (line[0] == 'm') {
		ask_print_memory(took);
		return;
	} else {
		symbols_refresh(symbols, layout);
		printf("ok\n");
	}
	took = clock_now_ns() - start;
}

static inline size_t ask_read_table(const char *hex, unsigned char *to)
{
	size_t n = 0;
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		to[n++] = (unsigned char)byte;
	return n;
}

/* The line is MINOR FIRST TABLE START:END:LINE..., where LINE is "-" if there is none. */
static inline void ask_lines(char *text, long *checked, long *wrong)
{
	char *save = NULL, *minor = strtok_r(text, " \n", &save), *first = strtok_r(NULL, " \n", &save);
	char *hex = strtok_r(NULL, " \n", &save), *part;
	unsigned char *table = malloc(strlen(hex) / 2 + 1);
	size_t size = hex[0] == '-' ? 0 : ask_read_table(hex, table);

	while ((part = strtok_r(NULL, " \n", &save))) {
		long start = strtol(part, &part, 10), end = strtol(part + 1, &part, 10), offset;
		long expected = part[1] == '-' ? -1 : strtol(part + 1, NULL, 10);

		for (offset = start; offset < end; offset += 2, ++*checked) {
			__u32 line;
			bool has = line_table_find((unsigned int)atoi(minor), table, size, (__u32)atoi(first), (__s32)offset, &line);

			*wrong += has ? (long)line != expected : expected != -1;
		}
	}
	free(table);
}

static inline int ask_main(int argc, char **argv)
{
	const struct python_layout *known = argc > 3 ? ask_layout((unsigned int)atoi(argv[2])) : NULL;
	struct python_layout layout = known ? *known : (struct python_layout){};
	pid_t pid = atoi(argv[1]);
	struct symbols *symbols;
	long checked = 0, wrong = 0;
	char *line = NULL;
	size_t size = 0;

	if (!strcmp(argv[1], "lines")) {
		while (getline(&line, &size, stdin) > 0)
			ask_lines(line, &checked, &wrong);
		printf("%ld %ld\n", checked, wrong);
		free(line);
		return 0;
	}
	layout.code_type = argc > 3 ? strtoull(argv[3], NULL, 16) : 0;
	symbols = symbols_open(pid, &layout, ask_read, &pid);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (symbols && getline(&line, &size, stdin) > 0)
		ask_one(symbols, &layout, line);
	symbols_close(symbols);
	free(line);
	return 0;
}

#endif
