// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* frame_table.c - unwind rules by the sorted table of a file are those that libdw finds in all of .eh_frame. */
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <dwarf.h>
#include <elfutils/libdw.h>

#include "symbol/unwind/frame_table.h"

/* ---- the oracle ---- */

#define BP 6		/* DWARF's numbers for x86-64 */
#define SP 7
#define RETURN 16

static bool oracle_frame(Dwarf_Frame *frame, struct unwind_rule *rule)
{
	Dwarf_Op *ops;
	size_t nr;

	if (dwarf_frame_cfa(frame, &ops, &nr) || nr != 1 || ops->atom != DW_OP_bregx || (ops->number != BP && ops->number != SP))
		return false;
	rule->by_bp = ops->number == BP;
	rule->frame_at = (__s32)(__s64)ops->number2;
	return true;
}

/* Offset of a saved register from the frame. Returns false if it was not saved at an offset. same: the register is unchanged. */
static bool oracle_saved_at(Dwarf_Frame *frame, int number, __s32 *at, bool *same)
{
	Dwarf_Op memory[3], *ops;
	size_t nr;

	*same = false;
	if (dwarf_frame_register(frame, number, memory, &ops, &nr))
		return false;
	*same = !nr && !ops;
	if (!nr || nr > 2 || ops[0].atom != DW_OP_call_frame_cfa || (nr == 2 && ops[1].atom != DW_OP_plus_uconst))
		return false;
	*at = nr == 2 ? (__s32)(__s64)ops[1].number : 0;
	return true;
}

static bool oracle_is_undefined(Dwarf_Frame *frame, int number)
{
	Dwarf_Op memory[3], *ops;
	size_t nr;

	return !dwarf_frame_register(frame, number, memory, &ops, &nr) && !nr && ops == memory;
}

static struct unwind_rule oracle_rule(Dwarf_CFI *cfi, __u64 address)
{
	struct unwind_rule rule = {0};
	Dwarf_Frame *frame;
	bool same;

	if (dwarf_cfi_addrframe(cfi, address, &frame))
		return rule;
	if (oracle_frame(frame, &rule) && oracle_saved_at(frame, RETURN, &rule.return_at, &same)) {
		rule.bp_saved = oracle_saved_at(frame, BP, &rule.bp_at, &same);
		rule.known = rule.bp_saved || same;
	}
	rule.outermost = oracle_is_undefined(frame, RETURN);
	free(frame);
	return rule;
}

struct elf_program {
	int fd;
	Elf *elf;
	Dwarf_CFI *frames;
	__u64 code, code_bytes;
};

static bool program_open(struct elf_program *program, const char *path)
{
	size_t i, nr = 0;

	*program = (struct elf_program){.fd = open(path, O_RDONLY | O_CLOEXEC)};
	if (program->fd < 0)
		return false;
	elf_version(EV_CURRENT);
	program->elf = elf_begin(program->fd, ELF_C_READ, NULL);
	assert_non_null(program->elf);
	program->frames = dwarf_getcfi_elf(program->elf);
	assert_non_null(program->frames);
	elf_getphdrnum(program->elf, &nr);
	for (i = 0; i < nr && !program->code; i++) {
		GElf_Phdr p;

		if (gelf_getphdr(program->elf, (int)i, &p) && p.p_type == PT_LOAD && p.p_flags & PF_X) {
			program->code = p.p_vaddr;
			program->code_bytes = p.p_filesz;
		}
	}
	return true;
}

static void program_close(struct elf_program *program)
{
	dwarf_cfi_end(program->frames);
	elf_end(program->elf);
	close(program->fd);
}

/* Compares the rules at evenly spaced places. Returns the number of known rules. */
static size_t compare_rules(const char *path, size_t places)
{
	struct frame_table table;
	struct elf_program program;
	size_t i, known = 0;

	if (!program_open(&program, path))
		return 0;
	assert_true(frame_table_open(&table, program.elf, program.fd));
	for (i = 0; i < places; i++) {
		__u64 address = program.code + program.code_bytes / places * i + i % 7;
		struct unwind_rule whole = oracle_rule(program.frames, address), ours = frame_table_find(&table, address);

		assert_int_equal(ours.known, whole.known);
		assert_int_equal(ours.outermost, whole.outermost);
		if (!whole.known)
			continue;
		assert_int_equal(ours.by_bp, whole.by_bp);
		assert_int_equal(ours.bp_saved, whole.bp_saved);
		assert_int_equal(ours.frame_at, whole.frame_at);
		assert_int_equal(ours.return_at, whole.return_at);
		assert_int_equal(ours.bp_at, whole.bp_at);
		known += ours.known;
	}
	program_close(&program);
	return known;
}

/* A process begins at the entry point, and in no function near it. */
static void test_beginning(void **state)
{
	struct frame_table table;
	struct elf_program program;
	GElf_Ehdr head;

	(void)state;
	assert_true(program_open(&program, "/proc/self/exe"));
	assert_non_null(gelf_getehdr(program.elf, &head));
	assert_true(frame_table_open(&table, program.elf, program.fd));
	assert_true(frame_table_find(&table, head.e_entry).outermost);
	assert_true(oracle_rule(program.frames, head.e_entry).outermost);
	assert_false(frame_table_find(&table, program.code + program.code_bytes / 2).outermost);
	program_close(&program);
}

static void test_our_own(void **state)
{
	(void)state;
	assert_true(compare_rules("/proc/self/exe", 2000) > 1500);
}

/* Compares the first file that matches; skips the test if there is none. */
static void compare_first_match(const char *pattern, size_t places, size_t least)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found))
		skip();
	assert_true(compare_rules(found.gl_pathv[0], places) >= least);
	globfree(&found);
}

static void test_c_library(void **state)
{
	(void)state;
	compare_first_match("/lib/*-linux-gnu/libc.so.6", 5000, 4000);
}

static void test_interpreter(void **state)
{
	(void)state;
	compare_first_match("/usr/bin/python3.11", 5000, 4000);
}

static void test_torch(void **state)
{
	(void)state;
	compare_first_match("/usr/lib/*-linux-gnu/libtorch_cpu.so*", 5000, 4000);
}

/* Changes bytes of the table and the pieces in a copy of this program: any rule may be found or none, but nothing breaks. */
static void test_garbage(void **state)
{
	struct frame_table table;
	struct elf_program program;
	unsigned int i, seed = 1;
	size_t bytes;
	unsigned char *copy;
	int fd = memfd_create("copy", MFD_CLOEXEC);

	(void)state;
	assert_true(program_open(&program, "/proc/self/exe"));
	bytes = (size_t)lseek(program.fd, 0, SEEK_END);
	copy = malloc(bytes);
	assert_non_null(copy);
	assert_int_equal(pread(program.fd, copy, bytes, 0), bytes);
	assert_int_equal(pwrite(fd, copy, bytes, 0), bytes);
	assert_true(frame_table_open(&table, program.elf, fd));
	for (i = 0; i < 20000; i++) {
		__u64 from = table.entries - 12, to = table.offset + table.size;
		off_t at = (off_t)(from + (__u64)rand_r(&seed) % (to - from));
		unsigned char byte = (unsigned char)rand_r(&seed);

		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		frame_table_find(&table, program.code + (__u64)rand_r(&seed) % program.code_bytes);
		if (i % 100 == 0)
			assert_int_equal(pwrite(fd, copy, bytes, 0), bytes);
	}
	assert_int_equal(ftruncate(fd, (off_t)table.entries + 8), 0);
	assert_false(frame_table_find(&table, program.code + program.code_bytes / 2).known);
	free(copy);
	close(fd);
	program_close(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beginning),
		cmocka_unit_test(test_our_own),
		cmocka_unit_test(test_c_library),
		cmocka_unit_test(test_interpreter),
		cmocka_unit_test(test_torch),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
