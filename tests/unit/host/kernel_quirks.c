// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* kernel_quirks.c - which kernels end filtered processes at a return probe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/kernel_quirks.h"

static void test_releases(void **state)
{
	static const char *const bad[] = {"6.11.0-29-generic", "6.11.10+bpo-amd64", "6.12", "6.12.9-amd64", "6.12.13+deb13-amd64", "6.13.2"};
	static const char *const good[] = {"6.1.0-56-cloud-amd64", "6.10.11", "6.12.14", "6.12.117+deb12-cloud-amd64", "6.13.3", "6.14.0-15-generic",
					   "6.18.15+deb13-cloud-amd64", "7.3.4+deb13-cloud-amd64", "7.12.1", "", "unknown"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!kernel_quirks_kill_at_return(bad[i]))
			fail_msg("%s is one of them", bad[i]);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (kernel_quirks_kill_at_return(good[i]))
			fail_msg("%s is none of them", good[i]);
}

static void test_this_process_has_no_filter(void **state)
{
	(void)state;
	assert_int_equal(kernel_quirks_check_return(getpid()), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_releases),
		cmocka_unit_test(test_this_process_has_no_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
