// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* symbols.c - names of functions, from memory that is what it should be and from memory that is not. */
#include "ask.h"

/* ---- a made-up process: its memory is this array, from BASE on ---- */

#define BASE 0x7f0000000000ULL
#define CODE_TYPE (BASE + 0x8000)

struct victim {
	unsigned char bytes[0x10000];
	int reads;
	int change_at;		/* the read before which the code object becomes another one; 0: never */
	int gone_at;		/* the read from which on the process is gone; 0: never */
};

static int read_process(void *ctx, __u64 address, void *to, size_t size)
{
	struct victim *p = ctx;

	p->reads++;
	if (p->gone_at && p->reads >= p->gone_at)
		return -ESRCH;
	if (p->reads == p->change_at)
		p->bytes[92]++;
	if (address < BASE || address - BASE > sizeof(p->bytes) || size > sizeof(p->bytes) - (address - BASE))
		return -EFAULT;
	memcpy(to, p->bytes + (address - BASE), size);
	return 0;
}

static void put(struct victim *p, size_t at, __u64 value, size_t size)
{
	memcpy(p->bytes + at, &value, size);
}

#define NAME_AT 0x1000
#define FILE_AT 0x2000
#define TABLE_AT 0x3000
#define LONG_AT 0x4000

static void put_text(struct victim *p, size_t at, const void *data, size_t length, unsigned int kind, bool ascii)
{
	put(p, at + 16, length, 8);
	put(p, at + 32, kind << 2 | 1 << 5 | (unsigned int)ascii << 6, 4);
	memcpy(p->bytes + at + (ascii ? 40 : 56), data, length * kind);
}

/* A code object of 3.12's at BASE, "f" in "x.py" from line 10 on. */
static struct victim *victim_open(void)
{
	static const unsigned char table[] = {0x80 | 13 << 3 | 3, 2, 0x80 | 15 << 3 | 0, 0x80 | 11 << 3 | 1, 0, 0};
	struct victim *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	put(p, 0, 1, 8);
	put(p, 8, CODE_TYPE, 8);
	put(p, 68, 10, 4);
	put(p, 92, 77, 4);
	put(p, 112, BASE + FILE_AT, 8);
	put(p, 128, BASE + NAME_AT, 8);
	put(p, 136, BASE + TABLE_AT, 8);
	put_text(p, NAME_AT, "f", 1, 1, true);
	put_text(p, FILE_AT, "x.py", 4, 1, true);
	put(p, TABLE_AT + 16, sizeof(table), 8);
	memcpy(p->bytes + TABLE_AT + 32, table, sizeof(table));
	return p;
}

static struct symbols *open_on(struct victim *p)
{
	struct python_layout layout = *ask_layout(12);
	struct symbols *symbols;

	layout.code_type = CODE_TYPE;
	symbols = symbols_open(getpid(), &layout, read_process, p);
	assert_non_null(symbols);
	return symbols;
}

static bool ask_for(struct symbols *symbols, __s32 offset, __u32 tag, struct symbol *symbol)
{
	const struct python_frame frame = {BASE, offset, tag};

	return symbols_python(symbols, &frame, symbol);
}

static void test_python(void **state)
{
	/* The second entry has no line, there is the first one's instead; so it is beyond the end, and before the start. */
	static const __u32 lines[] = {11, 11, 11, 11, 10, 12, 12, 10, 10};
	struct victim *p = victim_open();
	struct symbols *symbols = open_on(p);
	struct symbol symbol;
	int i, reads = 0;

	(void)state;
	for (i = -2; i < 16; i += 2) {
		assert_true(ask_for(symbols, i, 77, &symbol));
		assert_string_equal(symbol.function, "f");
		assert_string_equal(symbol.file, "x.py");
		assert_true(symbol.python);
		assert_int_equal(symbol.line, i < 0 ? 10 : lines[i / 2]);
		reads = reads ? reads : p->reads;
	}
	assert_int_equal(p->reads, reads);	/* it was read once */
	assert_false(ask_for(symbols, 0, 78, &symbol));
	assert_null(symbol.function);
	assert_null(symbol.file);
	symbols_close(symbols);
	free(p);
}

/* What has been freed may be whole for a while, but its strings may be others by now. */
static void test_python_freed(void **state)
{
	static const __u64 references[] = {0, 0x7f0012345678, 1ULL << 32, 1, 0xffffffff};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(references) / sizeof(*references); i++) {
		struct victim *p = victim_open();
		struct symbols *symbols = open_on(p);
		struct symbol symbol;

		put(p, 0, references[i], 8);
		assert_int_equal(ask_for(symbols, 0, 77, &symbol), i >= 3);
		symbols_close(symbols);
		free(p);
	}
}

/* Whenever it becomes another one while it is read, it is unknown. */
static void test_python_changes(void **state)
{
	int at, reads;

	(void)state;
	for (at = 1, reads = 0; at == 1 || at <= reads; at++) {
		struct victim *p = victim_open();
		struct symbols *symbols = open_on(p);
		struct symbol symbol;

		p->change_at = at;
		assert_false(ask_for(symbols, 0, 77, &symbol));
		assert_null(symbol.function);
		assert_true(p->reads >= at);
		reads = at == 1 ? 8 : reads;
		symbols_close(symbols);
		free(p);
	}
}

/* Once the process is gone, what was read is still known, and the rest is not. */
static void test_python_gone(void **state)
{
	struct victim *p = victim_open();
	struct symbols *symbols = open_on(p);
	struct symbol symbol;

	(void)state;
	assert_true(ask_for(symbols, 0, 77, &symbol));
	p->gone_at = 1;
	assert_true(ask_for(symbols, 2, 77, &symbol));
	assert_false(ask_for(symbols, 2, 79, &symbol));
	symbols_close(symbols);
	free(p);
}

static bool named(struct victim *p, const char *name)
{
	struct symbols *symbols = open_on(p);
	struct symbol symbol;
	bool found = ask_for(symbols, 0, 77, &symbol);

	if (found && name)
		assert_string_equal(symbol.function, name);
	symbols_close(symbols);
	return found;
}

static void test_python_texts(void **state)
{
	static const __u8 latin[] = {'c', 'a', 'f', 0xe9};
	static const __u16 two[] = {0x394, 'x', 0xdce9, 0xd800, 0};
	static const __u32 four[] = {0x10400, 0x394, 0x7f, 0x110000};
	struct victim *p = victim_open();
	char *longest = malloc(60000);

	(void)state;
	put_text(p, NAME_AT, latin, 4, 1, false);
	assert_true(named(p, "caf\xc3\xa9"));
	put_text(p, NAME_AT, two, 5, 2, false);
	assert_true(named(p, "\xce\x94x\xe9\xef\xbf\xbd\xef\xbf\xbd"));
	put_text(p, NAME_AT, four, 4, 4, false);
	assert_true(named(p, "\xf0\x90\x90\x80\xce\x94\x7f\xef\xbf\xbd"));
	put_text(p, NAME_AT, "", 0, 1, true);
	assert_true(named(p, ""));
	put(p, 128, BASE + LONG_AT, 8);
	memset(longest, 'n', 6000);
	put_text(p, LONG_AT, longest, 6000, 1, true);
	memcpy(longest + 4096, "...", 4);
	assert_true(named(p, longest));
	free(longest);
	free(p);
}

static void test_python_damaged(void **state)
{
	static const __u64 pointers[] = {0, 1, BASE - 8, BASE + 0xfff9, BASE + 0x10000, ~0ULL, ~0ULL - 40, 1ULL << 63};
	static const struct {
		size_t at;
		__u64 value;
		size_t size;
	} bad[] = {
		{8, BASE, 8},					/* no code object */
		{NAME_AT + 16, ~0ULL, 8}, {NAME_AT + 16, 1 << 20, 8}, {NAME_AT + 16, 1ULL << 62, 8},
		{NAME_AT + 32, 1 << 2 | 1 << 6, 4},		/* not compact */
		{NAME_AT + 32, 3 << 2 | 1 << 5, 4}, {NAME_AT + 32, 0 << 2 | 1 << 5, 4}, {NAME_AT + 32, 2 << 2 | 3 << 5, 4},
	};
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(pointers) / sizeof(*pointers); i++) {
		struct victim *p = victim_open();

		put(p, i & 1 ? 112 : 128, pointers[i / 2], 8);
		assert_false(named(p, NULL));
		free(p);
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct victim *p = victim_open();

		put(p, bad[i].at, bad[i].value, bad[i].size);
		assert_false(named(p, NULL));
		free(p);
	}
}

/* A table that is not there, or claims to be huge, costs the line only. */
static void test_python_no_table(void **state)
{
	static const __u64 sizes[] = {~0ULL, 1ULL << 40, 1 << 20, 0};
	struct symbol symbol;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct victim *p = victim_open();
		struct symbols *symbols = open_on(p);

		put(p, TABLE_AT + 16, sizes[i], 8);
		assert_true(ask_for(symbols, 4, 77, &symbol));
		assert_string_equal(symbol.function, "f");
		assert_int_equal(symbol.line, 10);
		symbols_close(symbols);
		free(p);
	}
}

static void test_python_code_anywhere(void **state)
{
	static const __u64 codes[] = {0, 8, 4095, BASE - 1, BASE + 0xffff, 1ULL << 55, ~0ULL};
	struct victim *p = victim_open();
	struct symbols *symbols = open_on(p);
	struct symbol symbol;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		assert_false(symbols_python(symbols, &(struct python_frame){codes[i], 0, 77}, &symbol));
	put(p, 92, 0, 4);	/* an interpreter that has run out of numbers: it may be any function */
	assert_false(ask_for(symbols, 0, 0, &symbol));
	symbols_refresh(symbols, NULL);
	assert_false(ask_for(symbols, 0, 77, &symbol));
	symbols_close(symbols);
	free(p);
}

/* ---- line tables ---- */

/* Exact copies of what is there, so that a sanitizer sees a read beyond the end. */
static void test_lines_cut(void **state)
{
	unsigned int seed = 1, minor;
	int round;

	(void)state;
	for (round = 0; round < 200000; round++) {
		size_t size = (size_t)rand_r(&seed) % 24, i;
		unsigned char *table = malloc(size);
		__u32 line;

		for (i = 0; i < size; i++)
			table[i] = (unsigned char)(rand_r(&seed) >> 3);
		for (minor = 8; minor <= 14; minor++)
			python_line(minor, table, size, 1, (__s32)(rand_r(&seed) % 200), &line);
		free(table);
	}
}

static void test_lines_known(void **state)
{
	static const unsigned char pairs[] = {4, 1, 2, (unsigned char)-2, 6, (unsigned char)-128, 0, 5, 2, 1};
	__u32 line;

	(void)state;
	assert_true(python_line(9, pairs, 4, 7, 3, &line));
	assert_int_equal(line, 7);
	assert_true(python_line(9, pairs, 4, 7, 4, &line));
	assert_int_equal(line, 8);
	assert_true(python_line(9, pairs, 4, 7, 100, &line));
	assert_int_equal(line, 6);
	assert_true(python_line(10, pairs, 10, 7, 4, &line));
	assert_int_equal(line, 6);
	assert_false(python_line(10, pairs, 10, 7, 6, &line));
	assert_true(python_line(10, pairs, 10, 7, 12, &line));
	assert_int_equal(line, 12);
	assert_false(python_line(10, pairs, 10, 7, 14, &line));
	assert_true(python_line(11, pairs, 10, 7, -2, &line));
	assert_int_equal(line, 7);
	assert_false(python_line(11, pairs, 10, 7, 0, &line));		/* a first byte without bit 7 */
	assert_false(python_line(9, pairs, 10, 1, 100, &line));		/* a line below zero */
}

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

static void test_strings(void **state)
{
	struct strings strings = {};
	const char *first = strings_keep(&strings, "first");
	char text[1024];
	int i, kept = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		memset(text, 'a' + i % 26, 1000);
		snprintf(text + 1000, 20, "%d", i);
		kept += strings_keep(&strings, text) != NULL;
	}
	assert_ptr_equal(strings_keep(&strings, "first"), first);
	assert_string_equal(first, "first");
	assert_in_range(kept, 30000, 33600);
	assert_true(strings.bytes <= STRINGS_BYTES);
	strings_free(&strings);
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

static int nobody_reads(void *ctx, __u64 address, void *to, size_t size)
{
	(void)ctx, (void)address, (void)to, (void)size;
	return -EFAULT;
}

static void test_native(void **state)
{
	struct symbols *symbols = symbols_open(getpid(), NULL, nobody_reads, NULL);
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

/* ---- from a place to its caller ---- */

#define STACK_AT 0x7f0000001000ULL

static void test_unwind(void **state)
{
	const __u64 words[] = {1, 0x400200, 3, 4, STACK_AT + 48, 0x400300, 0, 0x400400, 0};
	const struct unwind_rule by_sp = {.known = true, .frame_at = 16, .return_at = -8}, none = {0};
	struct unwind_stack stack = {0x400100, STACK_AT, STACK_AT + 32, (const unsigned char *)words, STACK_AT, sizeof(words)};

	(void)state;
	assert_true(unwind_step(&stack, &by_sp));	/* a leaf that leaves bp alone */
	assert_true(stack.ip == 0x400200 && stack.sp == STACK_AT + 16 && stack.bp == STACK_AT + 32);
	assert_true(unwind_step(&stack, &none));
	assert_true(stack.ip == 0x400300 && stack.sp == STACK_AT + 48 && stack.bp == STACK_AT + 48);
	assert_true(unwind_step(&stack, &none));
	assert_true(stack.ip == 0x400400 && stack.bp == 0);
	assert_false(unwind_step(&stack, &none));	/* bp is below */
	assert_false(unwind_step(&stack, &by_sp));	/* that is not in the copy */
}

/* Whatever is in the stack, or the file says: never out of the copy, never in circles. */
static void test_unwind_garbage(void **state)
{
	static const __s32 offsets[] = {0, 8, -8, 16, -16, 64, 1 << 30, INT32_MIN, INT32_MAX};
	static const __u64 places[] = {0, 1, STACK_AT - 8, STACK_AT, STACK_AT + 1, STACK_AT + 56, STACK_AT + 64, ~0ULL, 1ULL << 63};
	const size_t nr_offsets = sizeof(offsets) / sizeof(*offsets), nr_places = sizeof(places) / sizeof(*places);
	unsigned char *bytes = malloc(64);	/* of its own, so that a read outside is seen */
	size_t i, sp, bp, steps;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 0x7f, 64);
	for (i = 0; i < nr_offsets * nr_offsets * 4 * nr_places * nr_places; i++) {
		size_t j = i >> 2;
		struct unwind_rule rule = {true, i & 1, i >> 1 & 1, offsets[j % nr_offsets], offsets[j / nr_offsets % nr_offsets],
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
		cmocka_unit_test(test_python),
		cmocka_unit_test(test_python_changes),
		cmocka_unit_test(test_python_gone),
		cmocka_unit_test(test_python_freed),
		cmocka_unit_test(test_unwind),
		cmocka_unit_test(test_unwind_garbage),
		cmocka_unit_test(test_python_texts),
		cmocka_unit_test(test_python_damaged),
		cmocka_unit_test(test_python_no_table),
		cmocka_unit_test(test_python_code_anywhere),
		cmocka_unit_test(test_lines_cut),
		cmocka_unit_test(test_lines_known),
		cmocka_unit_test(test_demangle),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_native),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
