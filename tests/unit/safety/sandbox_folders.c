// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sandbox_folders.c - a process that is limited to folders can work in them as before, and nowhere else. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "safety/owned_file.h"
#include "safety/sandbox_folders.h"

#define NO_LANDLOCK 77

static char mine[] = "/tmp/dcbs-folder.XXXXXX", other[] = "/tmp/dcbs-folder.XXXXXX";
static int in_mine, in_other;

static int touch(int folder, const char *name)
{
	int fd = openat(folder, name, O_CREAT | O_WRONLY, 0600);

	return fd < 0 ? -errno : close(fd);
}

static int errno_of(int result)
{
	return result ? errno : 0;
}

/* Returns the number of the first line that is wrong. */
#define EXPECT(what) do { if (!(what)) return __LINE__ % 200; } while (0)

static int work_in_both(void)
{
	EXPECT(touch(in_mine, "new") == 0);
	EXPECT(errno_of(renameat(in_mine, "new", in_mine, "newer")) == 0);
	EXPECT(errno_of(linkat(in_mine, "newer", in_mine, "second", 0)) == 0);
	EXPECT(errno_of(unlinkat(in_mine, "second", 0)) == 0);
	EXPECT(touch(in_other, "new") == -EACCES);
	EXPECT(touch(in_other, "old") == -EACCES);
	EXPECT(errno_of(unlinkat(in_other, "old", 0)) == EACCES);
	EXPECT(errno_of(renameat(in_other, "old", in_other, "older")) == EACCES);
	EXPECT(errno_of(linkat(in_other, "old", in_mine, "stolen", 0)) != 0);
	EXPECT(errno_of(renameat(in_mine, "newer", in_other, "given")) != 0);
	EXPECT(errno_of(mkdirat(in_mine, "folder", 0700)) == EACCES);
	EXPECT(errno_of(symlinkat("/etc/passwd", in_mine, "link")) == EACCES);
	EXPECT(openat(in_other, "old", O_RDONLY) >= 0);
	return 0;
}

static int run_limited(int (*work)(void))
{
	int status;
	pid_t child = fork();

	if (!child) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || !sandbox_folders(&in_mine, 1))
			_exit(NO_LANDLOCK);
		_exit(work());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_LANDLOCK)
		skip();
	return WEXITSTATUS(status);
}

static void test_folders(void **state)
{
	(void)state;
	assert_int_equal(run_limited(work_in_both), 0);
}

/* The functions of owned_file.h, which need no more. */
static int keep_a_report(void)
{
	struct owned_file file;
	char path[64];

	snprintf(path, sizeof(path), "%s/report.json", mine);
	EXPECT(!owned_file_open(&file, path));
	EXPECT(write(file.fd, "{}", 2) == 2);
	EXPECT(!owned_file_commit(&file));
	EXPECT(!owned_file_renew(&file));
	EXPECT(!owned_file_commit(&file));
	EXPECT(!faccessat(in_mine, "report.json", F_OK, 0));
	snprintf(path, sizeof(path), "%s/report.json", other);
	EXPECT(owned_file_open(&file, path) == -EACCES);
	return 0;
}

static void test_report(void **state)
{
	(void)state;
	assert_int_equal(run_limited(keep_a_report), 0);
}

static int make_folders(void **state)
{
	(void)state;
	if (!mkdtemp(mine) || !mkdtemp(other))
		return 1;
	in_mine = open(mine, O_PATH | O_DIRECTORY);
	in_other = open(other, O_PATH | O_DIRECTORY);
	return in_mine < 0 || in_other < 0 || touch(in_other, "old");
}

static int remove_folders(void **state)
{
	(void)state;
	unlinkat(in_mine, "newer", 0);
	unlinkat(in_mine, "report.json", 0);
	unlinkat(in_other, "old", 0);
	return rmdir(mine) | rmdir(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_folders), cmocka_unit_test(test_report)};

	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
