// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* machine.c - the CPU quota of a cgroup and of those around it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/kernel/machine.h"

static void test_quota_text(void **state)
{
	(void)state;
	assert_true(machine_parse_quota("200000 100000\n") == 2);
	assert_true(machine_parse_quota("50000 100000\n") == 0.5);
	assert_true(isnan(machine_parse_quota("max 100000\n")));
	assert_true(isnan(machine_parse_quota("")) && isnan(machine_parse_quota("100000")) && isnan(machine_parse_quota("0 100000")));
	assert_true(isnan(machine_parse_quota("100000 0")) && isnan(machine_parse_quota("-1 100000")));
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void test_least_quota_counts(void **state)
{
	char root[] = "/tmp/dcbs-test-XXXXXX", outer[64], inner[80], command[128];

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(outer, sizeof(outer), "%s/outer", root);
	snprintf(inner, sizeof(inner), "%s/inner", outer);
	assert_int_equal(mkdir(outer, 0700) || mkdir(inner, 0700), 0);
	write_file(inner, "cpu.max", "max 100000\n");
	assert_true(isnan(machine_read_quota(root, "/outer/inner")));
	write_file(outer, "cpu.max", "150000 100000\n");
	assert_true(machine_read_quota(root, "/outer/inner") == 1.5);
	write_file(inner, "cpu.max", "50000 100000\n");
	assert_true(machine_read_quota(root, "/outer/inner") == 0.5);
	assert_true(machine_read_quota(root, "/outer") == 1.5);
	assert_true(isnan(machine_read_quota(root, "")) && isnan(machine_read_quota(root, "/")));
	assert_true(isnan(machine_read_quota(root, "/../outer")));
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

/* Version 1 of cgroups has two files; -1 is no limit. */
static void test_quota_in_two_files(void **state)
{
	char root[] = "/tmp/dcbs-test-XXXXXX", command[64];

	(void)state;
	assert_non_null(mkdtemp(root));
	write_file(root, "cpu.cfs_quota_us", "-1\n");
	write_file(root, "cpu.cfs_period_us", "100000\n");
	assert_true(isnan(machine_read_quota(root, "/")));
	write_file(root, "cpu.cfs_quota_us", "250000\n");
	assert_true(machine_read_quota(root, "/") == 2.5);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

static void test_this_machine(void **state)
{
	struct snapshot_host host;
	char name[65];

	(void)state;
	machine_read(&host, getpid());
	assert_int_equal(gethostname(name, sizeof(name)), 0);
	assert_string_equal(host.name, name);
	assert_int_equal(host.cpus, sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(host.kernel[0] >= '1' && host.kernel[0] <= '9');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quota_text), cmocka_unit_test(test_least_quota_counts), cmocka_unit_test(test_quota_in_two_files),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
