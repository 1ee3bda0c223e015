// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* owned_file.c - output files: the older one stays until the new one is complete, and what has taken the name is left alone. */
#include <dirent.h>
#include <errno.h>
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

#include "dcbs/profiler.h"
#include "safety/environment.h"
#include "safety/invoker.h"
#include "safety/owned_file.h"

static char folder[64], path[128];

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void check_text(const char *name, const char *want)
{
	char got[64] = "";
	FILE *f = fopen(name, "r");

	assert_non_null(f);
	assert_non_null(fgets(got, sizeof(got), f));
	fclose(f);
	assert_string_equal(got, want);
}

/* The number of entries in the folder, hidden ones included. */
static int count_entries(void)
{
	DIR *dir = opendir(folder);
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/dcbs-owned-file.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/run.json", folder);
	return invoker_find();
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void write_version(struct owned_file *file, const char *text)
{
	assert_int_equal(write(file->fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* "run.LETTERS.json" in that folder. */
static void check_other_place(const struct owned_file *file, const char *in, const char *text)
{
	char where[4500];

	owned_file_where(file, where, sizeof(where));
	assert_true(!strncmp(where, in, strlen(in)) && !strncmp(where + strlen(in), "/run.", 5));
	assert_string_equal(where + strlen(where) - 5, ".json");
	assert_string_not_equal(where, path);
	check_text(where, text);
}

static void test_replaces_the_older_file(void **state)
{
	struct owned_file file;

	(void)state;
	put(path, "old");
	assert_int_equal(owned_file_open(&file, path), 0);
	write_version(&file, "new");
	check_text(path, "old");
	assert_int_equal(owned_file_commit(&file), 0);
	check_text(path, "new");
	assert_int_equal(owned_file_renew(&file), 0);
	write_version(&file, "newer");
	check_text(path, "new");
	assert_int_equal(owned_file_commit(&file), 0);
	check_text(path, "newer");
	assert_int_equal(file.moved, 0);
	owned_file_close(&file);
	assert_int_equal(count_entries(), 1);
}

static void test_without_commit(void **state)
{
	struct owned_file file;

	(void)state;
	put(path, "old");
	assert_int_equal(owned_file_open(&file, path), 0);
	write_version(&file, "new");
	owned_file_close(&file);
	check_text(path, "old");
	assert_int_equal(count_entries(), 1);
}

static void make_file(void)
{
	put(path, "stranger");
}

static void make_directory(void)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void make_link(void)
{
	assert_int_equal(symlink("/etc/passwd", path), 0);
}

static void make_dangling_link(void)
{
	assert_int_equal(symlink("nowhere", path), 0);
}

static void make_pipe(void)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

/* The name is taken between open and commit, and again between two versions: both times the report has another name. */
static void test_name_is_taken(void **state)
{
	static const struct { void (*make)(void); int reason; } takers[] = {
		{make_file, -EEXIST}, {make_directory, -EISDIR}, {make_link, -ELOOP}, {make_dangling_link, -ELOOP}, {make_pipe, -EEXIST},
	};
	struct owned_file file;
	struct stat before, after;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
		assert_int_equal(owned_file_open(&file, path), 0);
		write_version(&file, "new");
		takers[i].make();
		assert_int_equal(lstat(path, &before), 0);
		assert_int_equal(owned_file_commit(&file), 0);
		assert_int_equal(file.moved, takers[i].reason);
		check_other_place(&file, folder, "new");
		assert_int_equal(owned_file_renew(&file), 0);
		write_version(&file, "newer");
		assert_int_equal(owned_file_commit(&file), 0);
		check_other_place(&file, folder, "newer");
		assert_int_equal(lstat(path, &after), 0);
		assert_int_equal(after.st_ino, before.st_ino);
		owned_file_close(&file);
		assert_int_equal(count_entries(), 2);
		assert_int_equal(remove_folder(NULL), 0);
		assert_int_equal(mkdir(folder, 0700), 0);
	}
}

static void test_older_file_is_exchanged(void **state)
{
	struct owned_file file;
	char old[160];

	(void)state;
	put(path, "old");
	assert_int_equal(owned_file_open(&file, path), 0);
	write_version(&file, "new");
	snprintf(old, sizeof(old), "%s.old", path);
	assert_int_equal(rename(path, old), 0);
	put(path, "stranger");
	assert_int_equal(owned_file_commit(&file), 0);
	assert_int_equal(file.moved, -EEXIST);
	check_text(path, "stranger");
	check_text(old, "old");
	check_other_place(&file, folder, "new");
	owned_file_close(&file);
}

/* The folder is removed: the caller learns that, and a spare folder takes a new version. */
static void test_folder_is_removed(void **state)
{
	struct owned_file file;
	char spare[96];

	(void)state;
	snprintf(spare, sizeof(spare), "%s.spare", folder);
	assert_int_equal(mkdir(spare, 0700), 0);
	assert_int_equal(setenv("TMPDIR", spare, 1), 0);
	environment_clean();
	assert_int_equal(owned_file_open(&file, path), 0);
	write_version(&file, "new");
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(owned_file_commit(&file), -ESTALE);
	assert_int_equal(owned_file_renew(&file), -ESTALE);
	assert_int_equal(owned_file_elsewhere(&file), 0);
	write_version(&file, "new");
	assert_int_equal(owned_file_commit(&file), 0);
	check_other_place(&file, spare, "new");
	owned_file_close(&file);
	snprintf(folder, sizeof(folder), "%.60s", spare);
	assert_int_equal(count_entries(), 1);
}

/* Each spare folder is offered once. */
static void test_spare_folders_end(void **state)
{
	struct owned_file file;
	int i;

	(void)state;
	owned_file_prepare(&file, "dcbs-bpfprof.txt");
	for (i = 0; i < 4 && !owned_file_elsewhere(&file); i++)
		;
	assert_in_range(i, 1, 3);
	owned_file_close(&file);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_replaces_the_older_file), TEST(test_without_commit), TEST(test_name_is_taken),
		TEST(test_older_file_is_exchanged), TEST(test_folder_is_removed), TEST(test_spare_folders_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
