// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* layout.c - offsets that an interpreter holds itself, and that a target may have changed to anything. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collect/python/layout.h"

static void set_word(struct python_debug *debug, size_t at, __u64 value)
{
	memcpy((char *)debug + at, &value, sizeof(value));
}

/* As in Debian's 3.14.10. */
static struct python_debug valid_debug(void)
{
	struct python_debug debug = {.cookie = "xdebugpy"};

	set_word(&debug, 248, 88);
	set_word(&debug, 296, 64);
	set_word(&debug, 664, 160);
	set_word(&debug, 680, 72);
	set_word(&debug, 688, 67);
	return debug;
}

static void test_coroutines(void **state)
{
	static const size_t offsets[] = {296, 680, 688};
	struct python_debug debug = valid_debug();
	struct python_coroutines found;
	size_t i;

	(void)state;
	assert_int_equal(layout_coroutines(&debug, &found), 0);
	assert_int_equal(found.frame, 72);
	assert_int_equal(found.state, 67);
	assert_int_equal(found.frame_stack, 64);
	for (i = 0; i < 3; i++) {
		debug = valid_debug();
		set_word(&debug, offsets[i], 160);
		assert_int_equal(layout_coroutines(&debug, &found), -EPROTO);
		set_word(&debug, offsets[i], ~0ULL);
		assert_int_equal(layout_coroutines(&debug, &found), -EPROTO);
	}
	debug = valid_debug();
	set_word(&debug, 664, 1 << 16);
	assert_int_equal(layout_coroutines(&debug, &found), -EPROTO);
}

static void test_asyncio(void **state)
{
	const struct asyncio_debug valid = {
		.task_size = 200, .task_coro = 120, .task_node = 150, .interpreter_size = 200000, .interpreter_tasks = 150000,
		.thread_size = 1000, .thread_tasks = 900,
	};
	struct asyncio_debug debug = valid;
	struct asyncio_offsets found;

	(void)state;
	assert_int_equal(layout_asyncio(&debug, &found), 0);
	assert_int_equal(found.task_coro, 120);
	assert_int_equal(found.task_node, 150);
	assert_int_equal(found.interpreter_tasks, 150000);
	assert_int_equal(found.thread_tasks, 900);
	debug.task_node = 200;
	assert_int_equal(layout_asyncio(&debug, &found), -EPROTO);
	debug = valid;
	debug.task_coro = ~0ULL;
	assert_int_equal(layout_asyncio(&debug, &found), -EPROTO);
	debug = valid;
	debug.interpreter_size = ~0ULL;
	assert_int_equal(layout_asyncio(&debug, &found), -EPROTO);
	debug = valid;
	debug.thread_tasks = debug.thread_size;
	assert_int_equal(layout_asyncio(&debug, &found), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_coroutines), cmocka_unit_test(test_asyncio)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
