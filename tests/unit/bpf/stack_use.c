// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * stack_use.c - no function of a uprobe program uses more than 48 bytes of stack.
 *
 * Linux 6.13 and later give a function with 64 bytes or more, rounded up to 16, a stack for each CPU. Uprobe
 * programs can be preempted: another task's probe then overwrites that stack, and counts are wrong. The verifier
 * reports the stack of each function.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpfprof/abi.h"
#include "bpfprof.skel.h"

#define LIMIT 48
#define LOG_BYTES (1 << 20)

static void check_depth(const char *name, int function, long depth)
{
	if (depth > LIMIT)
		fail_msg("%s: function %d uses %ld bytes of stack, at most %d are safe", name, function, depth, LIMIT);
}

/*
 * The log has "stack depth 48+8+0+...". Since 7.x it has the largest sum, and then a line for each function:
 * "subprog 1 (name) ... stack 8".
 */
static void check_depths(const char *name, const char *log)
{
	const char *p = strstr(log, "stack depth ");
	int functions = 0;
	char *end;

	assert_non_null(p);
	for (p += strlen("stack depth "); *p >= '0' && *p <= '9'; p = end + (*end == '+'))
		check_depth(name, functions++, strtol(p, &end, 10));
	if (!strncmp(p, "max ", 4))
		while ((p = strstr(p, "\nsubprog ")) && (p = strstr(p + 1, " stack ")))
			check_depth(name, functions++, strtol(p + strlen(" stack "), NULL, 10));
	if (!functions)
		fail_msg("%s: the verifier's words are others here: %.400s", name, strstr(log, "stack depth "));
}

static void test_uprobe_stacks(void **state)
{
	struct bpfprof *skel;
	struct bpf_program *progs[5];
	char *logs[5];
	size_t i;

	(void)state;
	if (geteuid() || access("/sys/kernel/btf/vmlinux", R_OK))
		skip();
	skel = bpfprof__open();
	assert_non_null(skel);
	skel->rodata->has_function_probes = true;
	progs[0] = skel->progs.on_flush;
	progs[1] = skel->progs.on_call;
	progs[2] = skel->progs.on_return;
	progs[3] = skel->progs.on_gpu_call;
	progs[4] = skel->progs.on_gpu_return;
	for (i = 0; i < 5; i++) {
		logs[i] = calloc(1, LOG_BYTES);
		assert_int_equal(bpf_program__set_log_buf(progs[i], logs[i], LOG_BYTES), 0);
		bpf_program__set_log_level(progs[i], 4);
	}
	assert_int_equal(bpfprof__load(skel), 0);
	for (i = 0; i < 5; i++) {
		check_depths(bpf_program__name(progs[i]), logs[i]);
		free(logs[i]);
	}
	bpfprof__destroy(skel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_uprobe_stacks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
