// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_code.c - the places at which functions are left, for code of every shape that compilers make. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "symbol/code/function_code.h"
#include "symbol/code/vex_length.h"

#define AT 0x1000ULL		/* of the function */
#define PART 0x2000ULL		/* of a part of it */
#define OTHER 0x3000ULL		/* another function */
#define STUB 0x4000ULL		/* a function whose end is unknown */

struct code {
	const char *bytes;
	size_t size;
	const char *part;
	size_t part_size;
};

#define CODE(text) {(text), sizeof(text) - 1, NULL, 0}
#define CODE_WITH_PART(text, part) {(text), sizeof(text) - 1, (part), sizeof(part) - 1}

static int read_code(void *ctx, __u64 address, void *to, size_t size)
{
	const struct code *code = ctx;

	if (address >= AT && address - AT + size <= code->size)
		memcpy(to, code->bytes + (address - AT), size);
	else if (address >= PART && address - PART + size <= code->part_size)
		memcpy(to, code->part + (address - PART), size);
	else if (address >= OTHER && size <= 16)
		memset(to, 0xc3, size);
	else
		return -EFAULT;
	return 0;
}

static enum code_place place_of(void *ctx, __u64 address, struct code_range *part)
{
	const struct code *code = ctx;

	if (address >= PART && address < PART + code->part_size) {
		*part = (struct code_range){PART, PART + code->part_size};
		return CODE_PART;
	}
	if (address == OTHER) {
		*part = (struct code_range){OTHER, OTHER + 16};
		return CODE_FUNCTION;
	}
	if (address == STUB)
		return CODE_FUNCTION;
	return address > OTHER && address < OTHER + 16 ? CODE_INSIDE : CODE_UNKNOWN;
}

static struct function_code found;
static char reason[128];

static int read_function(struct code code)
{
	const struct code_source source = {.read = read_code, .place = place_of, .ctx = &code};
	const struct code_range range = {AT, AT + code.size};

	*reason = 0;
	return function_code_read(&found, &range, &source, reason, sizeof(reason));
}

static void check(struct code code, __u64 entry, size_t nr, ...)
{
	va_list exits;
	size_t i;

	if (read_function(code))
		fail_msg("refused: %s", reason);
	assert_int_equal(found.entry, entry);
	assert_int_equal(found.nr_exits, nr);
	va_start(exits, nr);
	for (i = 0; i < nr; i++)
		assert_int_equal(found.exits[i], va_arg(exits, __u64));
	va_end(exits);
}

static void refused(struct code code, const char *why)
{
	assert_int_equal(read_function(code), -ENOTSUP);
	if (!strstr(reason, why))
		fail_msg("\"%s\" does not say \"%s\"", reason, why);
}

static void test_returns(void **state)
{
	(void)state;
	check((struct code)CODE("\x55\x5d\xc3"), AT, 1, AT + 2);				/* push, pop, ret */
	check((struct code)CODE("\x55\x85\xff\x74\x02\x5d\xc3\x5d\xf3\xc3"), AT, 2, AT + 6, AT + 8);	/* je over a ret, rep ret */
	check((struct code)CODE("\x55\x5d\xc2\x08\x00"), AT, 1, AT + 2);			/* ret 8 */
	check((struct code)CODE("\x55\x0f\x0b"), AT, 0);					/* ud2: it never returns */
}

static void test_empty(void **state)
{
	(void)state;
	check((struct code)CODE("\xc3"), AT, 1, AT);
	assert_true(found.is_empty);
	check((struct code)CODE("\xf3\x0f\x1e\xfa\xc3"), AT + 4, 1, AT + 4);
	assert_true(found.is_empty);
	check((struct code)CODE("\x55\xc3"), AT, 1, AT + 1);
	assert_false(found.is_empty);
}

/* A jump to another function ends the call. */
static void test_tail_calls(void **state)
{
	(void)state;
	check((struct code)CODE("\x55\x5d\xe9\xf9\x1f\x00\x00"), AT, 1, AT + 2);		/* jmp OTHER */
	check((struct code)CODE("\x55\x5d\xff\x25\x00\x00\x00\x00"), AT, 1, AT + 2);		/* jmp *0(%rip): through the GOT */
	check((struct code)CODE("\x48\x8b\x07\xff\x60\x18"), AT, 1, AT + 3);			/* jmp *0x18(%rax): a virtual function */
	check((struct code)CODE("\x48\x8b\x47\x10\xff\xe0"), AT, 1, AT + 4);			/* mov 0x10(%rdi),%rax; jmp *%rax */
	check((struct code)CODE("\x48\x8b\x4f\x10\x48\x89\xc8\xff\xe0"), AT, 1, AT + 7);	/* by way of %rcx */
	refused((struct code)CODE("\x55\x5d\x0f\x84\xf8\x1f\x00\x00\xc3"), "on a condition");	/* je OTHER */
	refused((struct code)CODE("\x55\x5d\xe9\xfa\x1f\x00\x00"), "middle of another function");
	refused((struct code)CODE("\x55\x5d\xe9\xf9\x4f\x00\x00"), "bounds are unknown");
}

/* A jump within the function is none. */
static void test_jump_tables(void **state)
{
	(void)state;
	check((struct code)CODE("\x48\x63\x04\x82\x48\x01\xd0\xff\xe0\xc3"), AT, 1, AT + 9);	/* movslq (%rdx,%rax,4); add; jmp */
	check((struct code)CODE("\xff\x24\xc5\x00\x20\x40\x00\xc3"), AT, 1, AT + 7);		/* jmp *table(,%rax,8) */
	check((struct code)CODE("\x3e\xff\xe0\xc3"), AT, 1, AT + 3);				/* notrack jmp *%rax */
	refused((struct code)CODE("\x48\x31\xc0\xff\xe0\xc3"), "indirect jump");		/* xor %rax,%rax; jmp *%rax */
	refused((struct code)CODE("\xff\xe0"), "indirect jump");
}

/* The compiler has moved what is seldom needed elsewhere. */
static void test_parts(void **state)
{
	(void)state;
	check((struct code)CODE_WITH_PART("\x55\x0f\x84\xf9\x0f\x00\x00\x5d\xc3", "\x90\xe9\x01\xf0\xff\xff"), AT, 1, AT + 8);
	check((struct code)CODE_WITH_PART("\x55\x0f\x84\xf9\x0f\x00\x00\x5d\xc3", "\x5d\xc3"), AT, 2, AT + 8, PART + 1);
	check((struct code)CODE_WITH_PART("\x55\xe9\xfb\x0f\x00\x00", "\x90\x5d\xc3"), AT, 1, PART + 2);	/* into its middle */
}

/* The probe sits where it is cheap, and counts each call once. */
static void test_entry(void **state)
{
	(void)state;
	check((struct code)CODE("\xf3\x0f\x1e\xfa\x0f\x1f\x44\x00\x00\x55\x5d\xc3"), AT + 9, 1, AT + 11);	/* endbr64, nop */
	check((struct code)CODE("\xf3\x0f\x1e\xfa\xff\xcf\x75\xfc\xc3"), AT, 1, AT + 8);	/* a loop to behind endbr64 */
	refused((struct code)CODE("\xff\xcf\x75\xfc\xc3"), "back to its entry");
	refused((struct code)CODE("\x0f\x1f\x44\x00\x00\xff\xcf\x75\xfc\xc3"), "back to its entry");
}

/* Simple instructions are passed over if one that the kernel emulates follows, and nothing jumps there. */
static void test_cheap_entry(void **state)
{
	(void)state;
	check((struct code)CODE("\x89\xf8\x55\x5d\xc3"), AT + 2, 1, AT + 4);				/* mov, push */
	check((struct code)CODE("\x89\xf8\x85\xc0\x74\x01\x90\xc3"), AT + 4, 1, AT + 7);		/* mov, test, je */
	check((struct code)CODE("\x89\xf8\x85\xc0\x0f\x84\x01\x00\x00\x00\x90\xc3"), AT + 4, 1, AT + 11);	/* a far je */
	check((struct code)CODE("\x48\x83\xec\x08\x74\x00\x58\xc3"), AT, 1, AT + 7);		/* sub $8,%rsp */
	check((struct code)CODE("\x89\xf8\x85\xc0\x75\xfc\xc3"), AT, 1, AT + 6);			/* jne to test: a loop */
	check((struct code)CODE("\xf3\xa4\x55\x5d\xc3"), AT, 1, AT + 4);				/* rep movsb may take long */
	check((struct code)CODE("\x89\xf8\xe9\xf9\x1f\x00\x00"), AT, 1, AT + 2);			/* a tail jump is an end */
}

/* Go checks the size of the stack first: cmp 0x10(%r14),%rsp; jbe; ...; ret; call morestack; jmp to the begin. */
static void test_go(void **state)
{
	(void)state;
	check((struct code)CODE("\x49\x3b\x66\x10\x76\x03\x55\x5d\xc3\xe8\x00\x00\x00\x00\xeb\xf0"), AT + 6, 1, AT + 8);
}

/* A function that is nothing but a jump is timed in the one that it jumps to. */
static void test_thunks(void **state)
{
	(void)state;
	if (read_function((struct code)CODE("\xe9\xfb\x1f\x00\x00")))
		fail_msg("refused: %s", reason);
	assert_int_equal(found.entry, AT);
	assert_int_equal(found.nr_exits, 16);
	assert_int_equal(found.exits[0], OTHER);
	refused((struct code)CODE("\xe9\xfb\x2f\x00\x00"), "only jumps to another function");
}

static void test_broken(void **state)
{
	(void)state;
	refused((struct code)CODE("\x55\x06\xc3"), "no instruction");
	refused((struct code)CODE("\x55\xeb\x01\xb8\x01\x02\x03\x04\xc3"), "middle of an instruction");
	check((struct code)CODE("\x55\x74\x01\xf0\x48\x0f\xb1\x0f\xc3"), AT, 1, AT + 8);	/* je over the prefix of lock cmpxchg */
	refused((struct code)CODE("\x55\xcb"), "not a function's");				/* retf */
	refused((struct code){"", 0, NULL, 0}, "size");
}

/* The library may not know the newest vector instructions: their encoding tells how long they are. */
static void test_vectors(void **state)
{
	(void)state;
	check((struct code)CODE("\x55\x62\xf2\x6d\x48\x50\xcb\x5d\xc3"), AT, 1, AT + 8);	/* vpdpbusd %zmm3,%zmm2,%zmm1 */
	check((struct code)CODE("\x55\x62\xf5\x6c\x48\x58\x4f\x01\x5d\xc3"), AT, 1, AT + 9);	/* vaddph 0x40(%rdi),%zmm2,%zmm1 */
	check((struct code)CODE("\x55\xc4\xe2\x73\x5e\xd0\x5d\xc3"), AT, 1, AT + 7);		/* tdpbssd */
	assert_int_equal(vex_length((const uint8_t *)"\xc5\xf8\x77", 3), 3);
	assert_int_equal(vex_length((const uint8_t *)"\xc4\xe3\x75\x0f\xc2\x08", 6), 6);
	assert_int_equal(vex_length((const uint8_t *)"\xc4\xe3\x75\x0f\xc2\x08", 5), 0);
	assert_int_equal(vex_length((const uint8_t *)"\x62\xf1\x7c\x48\x28\x04\x25\x00\x00\x00\x00", 11), 11);
	assert_int_equal(vex_length((const uint8_t *)"\x90", 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_returns), cmocka_unit_test(test_empty), cmocka_unit_test(test_tail_calls),
		cmocka_unit_test(test_jump_tables), cmocka_unit_test(test_parts), cmocka_unit_test(test_entry), cmocka_unit_test(test_cheap_entry),
		cmocka_unit_test(test_go), cmocka_unit_test(test_thunks), cmocka_unit_test(test_broken), cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
