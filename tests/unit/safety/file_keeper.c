// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* file_keeper.c - the process that opens and names output files can do all that it is for, confined as it is. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "safety/environment.h"
#include "safety/file_keeper.h"

static char folder[] = "/tmp/dcbs-keeper.XXXXXX", spare[] = "/tmp/dcbs-keeper.XXXXXX", path[64];

static struct keeper_answer order(const struct file_keeper *keeper, enum keeper_order what)
{
	struct keeper_answer answer;

	assert_int_equal(file_keeper_order(keeper, 0, what), 0);
	assert_int_equal(file_keeper_answer(keeper, &answer, true), 0);
	return answer;
}

static void check_text(const char *file, const char *text)
{
	char read_text[16] = "";
	int fd = open(file, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, read_text, sizeof(read_text) - 1) > 0);
	assert_string_equal(read_text, text);
	close(fd);
	unlink(file);
}

static void test_versions(void **state)
{
	struct file_keeper keeper = {0};
	struct keeper_answer answer;
	struct owned_file file;

	(void)state;
	assert_int_equal(owned_file_open(&file, path), 0);
	assert_int_equal(file_keeper_start(&keeper, &file, 1), 0);
	assert_int_equal(write(file.fd, "first", 5), 5);
	close(file.fd);
	assert_int_equal(order(&keeper, KEEPER_COMMIT).err, 0);
	answer = order(&keeper, KEEPER_RENEW);
	assert_int_equal(answer.err, 0);
	assert_int_equal(ftruncate(answer.fd, 0), 0);
	assert_int_equal(write(answer.fd, "second", 6), 6);
	close(answer.fd);
	answer = order(&keeper, KEEPER_COMMIT);
	assert_int_equal(answer.err, 0);
	assert_string_equal(answer.where, path);
	file_keeper_end(&keeper);
	check_text(path, "second");
}

static void test_elsewhere(void **state)
{
	struct file_keeper keeper = {0};
	struct keeper_answer answer;
	struct owned_file file;

	(void)state;
	owned_file_prepare(&file, "report.json");
	assert_int_equal(file_keeper_start(&keeper, &file, 1), 0);
	answer = order(&keeper, KEEPER_ELSEWHERE);
	assert_int_equal(answer.err, 0);
	assert_int_equal(write(answer.fd, "kept", 4), 4);
	close(answer.fd);
	answer = order(&keeper, KEEPER_COMMIT);
	assert_int_equal(answer.err, 0);
	assert_memory_equal(answer.where, spare, sizeof(spare) - 1);
	file_keeper_end(&keeper);
	check_text(answer.where, "kept");
}

static int make_folders(void **state)
{
	(void)state;
	if (!mkdtemp(folder) || !mkdtemp(spare) || setenv("TMPDIR", spare, 1))
		return 1;
	environment_clean();
	snprintf(path, sizeof(path), "%s/report.json", folder);
	return 0;
}

static int remove_folders(void **state)
{
	(void)state;
	return rmdir(folder) | rmdir(spare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_versions), cmocka_unit_test(test_elsewhere)};

	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
