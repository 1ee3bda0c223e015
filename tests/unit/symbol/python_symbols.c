// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* python_symbols.c - names and lines of Python functions, from intact memory and from damaged memory. */
#include "ask.h"

/* ---- a fake process: its memory is an array, at BASE ---- */

#define BASE 0x7f0000000000ULL
#define CODE_TYPE (BASE + 0x8000)

struct fake_process {
	unsigned char bytes[0x10000];
	int reads;
	int change_at;		/* the code object changes before this read; 0: never */
	int exit_at;		/* from this read on the process has exited; 0: never */
};

static int read_fake_process(void *ctx, __u64 address, void *to, size_t size)
{
	struct fake_process *p = ctx;

	p->reads++;
	if (p->exit_at && p->reads >= p->exit_at)
		return -ESRCH;
	if (p->reads == p->change_at)
		p->bytes[92]++;
	if (address < BASE || address - BASE > sizeof(p->bytes) || size > sizeof(p->bytes) - (address - BASE))
		return -EFAULT;
	memcpy(to, p->bytes + (address - BASE), size);
	return 0;
}

static void put_number(struct fake_process *p, size_t at, __u64 value, size_t size)
{
	memcpy(p->bytes + at, &value, size);
}

#define NAME_AT 0x1000
#define FILE_AT 0x2000
#define TABLE_AT 0x3000
#define LONG_AT 0x4000

static void put_text(struct fake_process *p, size_t at, const void *data, size_t length, unsigned int kind, bool ascii)
{
	put_number(p, at + 16, length, 8);
	put_number(p, at + 32, kind << 2 | 1 << 5 | (unsigned int)ascii << 6, 4);
	memcpy(p->bytes + at + (ascii ? 40 : 56), data, length * kind);
}

/* A code object of Python 3.12 at BASE: function "f" in "x.py" from line 10 on. */
static struct fake_process *fake_process_open(void)
{
	static const unsigned char table[] = {0x80 | 13 << 3 | 3, 2, 0x80 | 15 << 3 | 0, 0x80 | 11 << 3 | 1, 0, 0};
	struct fake_process *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	put_number(p, 0, 1, 8);
	put_number(p, 8, CODE_TYPE, 8);
	put_number(p, 68, 10, 4);
	put_number(p, 92, 77, 4);
	put_number(p, 112, BASE + FILE_AT, 8);
	put_number(p, 128, BASE + NAME_AT, 8);
	put_number(p, 136, BASE + TABLE_AT, 8);
	put_text(p, NAME_AT, "f", 1, 1, true);
	put_text(p, FILE_AT, "x.py", 4, 1, true);
	put_number(p, TABLE_AT + 16, sizeof(table), 8);
	memcpy(p->bytes + TABLE_AT + 32, table, sizeof(table));
	return p;
}

static struct symbols *open_symbols(struct fake_process *p)
{
	struct python_layout layout = *ask_layout(12);
	struct symbols *symbols;

	layout.code_type = CODE_TYPE;
	symbols = symbols_open(getpid(), &layout, read_fake_process, p);
	assert_non_null(symbols);
	return symbols;
}

static bool name_frame(struct symbols *symbols, __s32 offset, __u32 tag, struct symbol *symbol)
{
	const struct python_frame frame = {BASE, offset, tag};

	return symbols_python(symbols, &frame, symbol);
}

static void test_python(void **state)
{
	/* The second entry has no line: the first line of the function is used, as it is beyond the end and before the start. */
	static const __u32 lines[] = {11, 11, 11, 11, 10, 12, 12, 10, 10};
	struct fake_process *p = fake_process_open();
	struct symbols *symbols = open_symbols(p);
	struct symbol symbol;
	int i, reads = 0;

	(void)state;
	for (i = -2; i < 16; i += 2) {
		assert_true(name_frame(symbols, i, 77, &symbol));
		assert_string_equal(symbol.function, "f");
		assert_string_equal(symbol.file, "x.py");
		assert_true(symbol.python);
		assert_int_equal(symbol.line, i < 0 ? 10 : lines[i / 2]);
		reads = reads ? reads : p->reads;
	}
	assert_int_equal(p->reads, reads);	/* the code object was read once */
	assert_false(name_frame(symbols, 0, 78, &symbol));
	assert_null(symbol.function);
	assert_null(symbol.file);
	symbols_close(symbols);
	free(p);
}

/* A freed code object may be intact for a while, but its strings may have changed. */
static void test_python_freed(void **state)
{
	static const __u64 references[] = {0, 0x7f0012345678, 1ULL << 32, 1, 0xffffffff};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(references) / sizeof(*references); i++) {
		struct fake_process *p = fake_process_open();
		struct symbols *symbols = open_symbols(p);
		struct symbol symbol;

		put_number(p, 0, references[i], 8);
		assert_int_equal(name_frame(symbols, 0, 77, &symbol), i >= 3);
		symbols_close(symbols);
		free(p);
	}
}

/* A code object that changes at any point while it is read is unknown. */
static void test_python_changes(void **state)
{
	int at, reads;

	(void)state;
	for (at = 1, reads = 0; at == 1 || at <= reads; at++) {
		struct fake_process *p = fake_process_open();
		struct symbols *symbols = open_symbols(p);
		struct symbol symbol;

		p->change_at = at;
		assert_false(name_frame(symbols, 0, 77, &symbol));
		assert_null(symbol.function);
		assert_true(p->reads >= at);
		reads = at == 1 ? 8 : reads;
		symbols_close(symbols);
		free(p);
	}
}

/* After the process has exited, code objects read before are still known, and no others. */
static void test_python_exited(void **state)
{
	struct fake_process *p = fake_process_open();
	struct symbols *symbols = open_symbols(p);
	struct symbol symbol;

	(void)state;
	assert_true(name_frame(symbols, 0, 77, &symbol));
	p->exit_at = 1;
	assert_true(name_frame(symbols, 2, 77, &symbol));
	assert_false(name_frame(symbols, 2, 79, &symbol));
	symbols_close(symbols);
	free(p);
}

static bool check_name(struct fake_process *p, const char *name)
{
	struct symbols *symbols = open_symbols(p);
	struct symbol symbol;
	bool found = name_frame(symbols, 0, 77, &symbol);

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
	struct fake_process *p = fake_process_open();
	char *longest = malloc(60000);

	(void)state;
	put_text(p, NAME_AT, latin, 4, 1, false);
	assert_true(check_name(p, "caf\xc3\xa9"));
	put_text(p, NAME_AT, two, 5, 2, false);
	assert_true(check_name(p, "\xce\x94x\xe9\xef\xbf\xbd\xef\xbf\xbd"));
	put_text(p, NAME_AT, four, 4, 4, false);
	assert_true(check_name(p, "\xf0\x90\x90\x80\xce\x94\x7f\xef\xbf\xbd"));
	put_text(p, NAME_AT, "", 0, 1, true);
	assert_true(check_name(p, ""));
	put_number(p, 128, BASE + LONG_AT, 8);
	memset(longest, 'n', 6000);
	put_text(p, LONG_AT, longest, 6000, 1, true);
	memcpy(longest + 4096, "...", 4);
	assert_true(check_name(p, longest));
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
		struct fake_process *p = fake_process_open();

		put_number(p, i & 1 ? 112 : 128, pointers[i / 2], 8);
		assert_false(check_name(p, NULL));
		free(p);
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct fake_process *p = fake_process_open();

		put_number(p, bad[i].at, bad[i].value, bad[i].size);
		assert_false(check_name(p, NULL));
		free(p);
	}
}

/* Without a table, or with one that claims to be huge, the name is known and the line is that of the function. */
static void test_python_no_table(void **state)
{
	static const __u64 sizes[] = {~0ULL, 1ULL << 40, 1 << 20, 0};
	struct symbol symbol;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct fake_process *p = fake_process_open();
		struct symbols *symbols = open_symbols(p);

		put_number(p, TABLE_AT + 16, sizes[i], 8);
		assert_true(name_frame(symbols, 4, 77, &symbol));
		assert_string_equal(symbol.function, "f");
		assert_int_equal(symbol.line, 10);
		symbols_close(symbols);
		free(p);
	}
}

static void test_python_code_anywhere(void **state)
{
	static const __u64 codes[] = {0, 8, 4095, BASE - 1, BASE + 0xffff, 1ULL << 55, ~0ULL};
	struct fake_process *p = fake_process_open();
	struct symbols *symbols = open_symbols(p);
	struct symbol symbol;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		assert_false(symbols_python(symbols, &(struct python_frame){codes[i], 0, 77}, &symbol));
	put_number(p, 92, 0, 4);	/* the interpreter has run out of version numbers: any function may have 0 */
	assert_false(name_frame(symbols, 0, 0, &symbol));
	symbols_refresh(symbols, NULL);
	assert_false(name_frame(symbols, 0, 77, &symbol));
	symbols_close(symbols);
	free(p);
}

/* ---- line tables ---- */

/* Each table is allocated at its exact size, so that a sanitizer sees a read beyond its end. */
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
			line_table_find(minor, table, size, 1, (__s32)(rand_r(&seed) % 200), &line);
		free(table);
	}
}

static void test_lines_known(void **state)
{
	static const unsigned char pairs[] = {4, 1, 2, (unsigned char)-2, 6, (unsigned char)-128, 0, 5, 2, 1};
	__u32 line;

	(void)state;
	assert_true(line_table_find(9, pairs, 4, 7, 3, &line));
	assert_int_equal(line, 7);
	assert_true(line_table_find(9, pairs, 4, 7, 4, &line));
	assert_int_equal(line, 8);
	assert_true(line_table_find(9, pairs, 4, 7, 100, &line));
	assert_int_equal(line, 6);
	assert_true(line_table_find(10, pairs, 10, 7, 4, &line));
	assert_int_equal(line, 6);
	assert_false(line_table_find(10, pairs, 10, 7, 6, &line));
	assert_true(line_table_find(10, pairs, 10, 7, 12, &line));
	assert_int_equal(line, 12);
	assert_false(line_table_find(10, pairs, 10, 7, 14, &line));
	assert_true(line_table_find(11, pairs, 10, 7, -2, &line));
	assert_int_equal(line, 7);
	assert_false(line_table_find(11, pairs, 10, 7, 0, &line));		/* a first byte without bit 7 */
	assert_false(line_table_find(9, pairs, 10, 1, 100, &line));		/* a line below zero */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_python),
		cmocka_unit_test(test_python_freed),
		cmocka_unit_test(test_python_changes),
		cmocka_unit_test(test_python_exited),
		cmocka_unit_test(test_python_texts),
		cmocka_unit_test(test_python_damaged),
		cmocka_unit_test(test_python_no_table),
		cmocka_unit_test(test_python_code_anywhere),
		cmocka_unit_test(test_lines_cut),
		cmocka_unit_test(test_lines_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
