// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* symbols.c - names of native functions, unwinding of a copied stack, and the stores of names and ranges. */
#include "ask.h"
#include "symbol/find_function.h"
#include "symbol/find_object.h"

/* ---- the parts ---- */

static void test_demangle(void **state)
{
	char bomb[1024] = "_Z1fI";
	char *plain;
	int i;

	(void)state;
	assert_null(demangle("main"));
	assert_null(demangle("_Zx"));
	plain = demangle("_ZN2ns1fEi");
	assert_string_equal(plain, "ns::f(int)");
	free(plain);
	/* f<pair<A, A>, pair<S, S>, ...>: each parameter is twice as long as the one before. */
	strcat(bomb, "1a1pIS_S_E");
	for (i = 0; i < 60; i++) {
		char next[16];
		static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

		snprintf(next, sizeof(next), i < 34 ? "S0_IS%c_S%c_E" : "S0_IS1%c_S1%c_E", digits[i < 34 ? i + 1 : i - 34],
			 digits[i < 34 ? i + 1 : i - 34]);
		strcat(bomb, next);
	}
	strcat(bomb, "Evv");
	plain = demangle(bomb);
	assert_true(!plain || strlen(plain) < 4096);
	free(plain);
}

static void test_intern(void **state)
{
	struct intern intern = {};
	const char *first = intern_keep(&intern, "first");
	char text[1024];
	int i, kept = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		memset(text, 'a' + i % 26, 1000);
		snprintf(text + 1000, 20, "%d", i);
		kept += intern_keep(&intern, text) != NULL;
	}
	assert_ptr_equal(intern_keep(&intern, "first"), first);
	assert_string_equal(first, "first");
	assert_in_range(kept, 30000, 33600);
	assert_true(intern.bytes <= INTERN_BYTES);
	intern_free(&intern);
}

static void test_cache(void **state)
{
	struct cache cache = {.max_entries = 1000, .max_bytes = 10000};
	__u64 i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		__u64 *block = malloc(8);

		*block = i;
		assert_true(cache_put(&cache, i << 12, (__u32)i, block, 8));
		assert_int_equal(*(__u64 *)cache_get(&cache, i << 12, (__u32)i), i);
		assert_null(cache_get(&cache, i << 12, (__u32)i + 1));
		assert_true(cache.nr <= 1000 && cache.bytes <= 10000);
	}
	assert_true(cache_put(&cache, 4999ULL << 12, 4999, calloc(1, 5000), 5000));
	assert_true(cache_put(&cache, 1, 1, calloc(1, 6000), 6000));
	assert_null(cache_get(&cache, 4999ULL << 12, 4999));
	assert_false(cache_put(&cache, 2, 1, malloc(1), 10001));
	cache_clear(&cache);
	assert_null(cache_get(&cache, 1, 1));
}

static void test_ranges(void **state)
{
	struct ranges ranges = {};

	(void)state;
	assert_null(ranges_find(&ranges, 5));
	ranges_add(&ranges, 100, 200, 1);
	ranges_add(&ranges, 120, 130, 2);
	ranges_add(&ranges, 90, 110, 3);
	ranges_add(&ranges, 50, 50, 4);
	ranges_add(&ranges, 60, 50, 5);
	ranges_sort(&ranges);
	assert_int_equal(ranges.nr, 3);
	assert_int_equal(ranges_find(&ranges, 105)->value, 3);
	assert_int_equal(ranges_find(&ranges, 110)->value, 1);
	assert_int_equal(ranges_find(&ranges, 125)->value, 2);
	assert_int_equal(ranges_find(&ranges, 199)->value, 1);
	assert_null(ranges_find(&ranges, 200));
	assert_null(ranges_find(&ranges, 50));
	ranges_free(&ranges);
}

/* ---- this process ---- */

static volatile int object_to_find[3] = {1, 2, 3};

static int fail_to_read(void *ctx, __u64 address, void *to, size_t size)
{
	(void)ctx, (void)address, (void)to, (void)size;
	return -EFAULT;
}

static void test_native(void **state)
{
	struct symbols *symbols = symbols_open(getpid(), NULL, fail_to_read, NULL);
	struct symbol list[8];

	(void)state;
	assert_non_null(symbols);
	assert_int_equal(symbols_native(symbols, (__u64)(uintptr_t)test_native, false, list, 8), 1);
	assert_string_equal(list[0].function, "test_native");
	assert_non_null(strstr(list[0].file, "tests/unit/symbol/symbols.c"));
	assert_false(symbols_is_interpreter(symbols, (__u64)(uintptr_t)test_native));
	assert_int_equal(symbols_native(symbols, 8, true, list, 8), 1);
	assert_null(list[0].function);
	assert_null(list[0].file);
	assert_int_equal(symbols_native(symbols, 0, true, list, 8), 1);
	assert_null(list[0].function);
	symbols_close(symbols);
	symbols_close(NULL);
}

/* The function's code in the file is the code in memory. The object is in the full symbol table only. */
static void test_find(void **state)
{
	struct elf_object objects[] = {{.name = "object_to_find"}, {.name = "no_such_object"}};
	struct found_functions found;
	int fd;
	unsigned char code[16];
	char program[4096] = "";

	(void)state;
	assert_true(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0);
	assert_int_equal(find_functions(&found, getpid(), program, "test_find"), 0);
	assert_int_equal(found.nr, 1);
	assert_true(found.file.mapped);
	fd = binary_file_open(&found.file, getpid());
	assert_int_equal(pread(fd, code, sizeof(code), (off_t)found.list[0].offset), sizeof(code));
	assert_memory_equal(code, (const void *)(uintptr_t)test_find, sizeof(code));
	assert_int_equal(find_objects(fd, objects, 2), 0);
	assert_int_equal(objects[0].size, sizeof(object_to_find));
	assert_int_equal(objects[0].address % 4096, (uintptr_t)object_to_find % 4096);
	assert_int_equal(objects[1].size, 0);
	assert_int_equal(find_objects(fd, objects + 1, 1), -ENOENT);
	close(fd);
}

/* ---- from a function to its caller ---- */

#define STACK_AT 0x7f0000001000ULL

static void test_unwind(void **state)
{
	const __u64 words[] = {1, 0x400200, 3, 4, STACK_AT + 48, 0x400300, 0, 0x400400, 0};
	const struct unwind_rule by_sp = {.known = true, .frame_at = 16, .return_at = -8}, none = {0};
	struct unwind_stack stack = {0x400100, STACK_AT, STACK_AT + 32, (const unsigned char *)words, STACK_AT, sizeof(words)};

	(void)state;
	assert_true(unwind_step(&stack, &by_sp));	/* a leaf function that does not change bp */
	assert_true(stack.ip == 0x400200 && stack.sp == STACK_AT + 16 && stack.bp == STACK_AT + 32);
	assert_true(unwind_step(&stack, &none));
	assert_true(stack.ip == 0x400300 && stack.sp == STACK_AT + 48 && stack.bp == STACK_AT + 48);
	assert_true(unwind_step(&stack, &none));
	assert_true(stack.ip == 0x400400 && stack.bp == 0);
	assert_false(unwind_step(&stack, &none));	/* bp is below sp */
	assert_false(unwind_step(&stack, &by_sp));	/* the frame is not in the copy */
}

/* Whatever the stack and the rule hold: no read leaves the copy, and no walk goes in circles. */
static void test_unwind_garbage(void **state)
{
	static const __s32 offsets[] = {0, 8, -8, 16, -16, 64, 1 << 30, INT32_MIN, INT32_MAX};
	static const __u64 places[] = {0, 1, STACK_AT - 8, STACK_AT, STACK_AT + 1, STACK_AT + 56, STACK_AT + 64, ~0ULL, 1ULL << 63};
	const size_t nr_offsets = sizeof(offsets) / sizeof(*offsets), nr_places = sizeof(places) / sizeof(*places);
	unsigned char *bytes = malloc(64);	/* allocated at its exact size, so that a sanitizer sees a read outside */
	size_t i, sp, bp, steps;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 0x7f, 64);
	for (i = 0; i < nr_offsets * nr_offsets * 4 * nr_places * nr_places; i++) {
		size_t j = i >> 2;
		struct unwind_rule rule = {true, false, i & 1, i >> 1 & 1, offsets[j % nr_offsets], offsets[j / nr_offsets % nr_offsets],
					   offsets[(j / 7) % nr_offsets]};
		struct unwind_stack stack = {1, 0, 0, bytes, STACK_AT, 64};

		sp = j / nr_offsets / nr_offsets % nr_places;
		bp = j / nr_offsets / nr_offsets / nr_places;
		stack.sp = places[sp];
		stack.bp = places[bp % nr_places];
		for (steps = 0; unwind_step(&stack, &rule); steps++)
			assert_true(steps < 64);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_demangle),
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_native),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_unwind),
		cmocka_unit_test(test_unwind_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
