// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* live.c - the live table on a terminal of its own: drawing, resizing, the key q, and restoring the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "analyse/report.h"
#include "fixture.h"
#include "render/live.h"

#define REFRESH_MS 20
#define PATIENCE_MS 10000	/* a test fails if it waits longer */

/* A child that shows the live table on a terminal of its own, and the bytes that it wrote. */
struct terminal {
	int fd;
	pid_t pid;
	char seen[1 << 20];
	size_t len;
};

/* ---- the child: shows the table until q ---- */

static struct snapshot *(*fixture)(void) = fixture_evaluation;

static int show_until_quit(void)
{
	struct snapshot *snap = fixture();
	struct dcbs_report *r = NULL;
	struct live *live = NULL;
	int i, err;

	if (report_build(&r, snap, 1))
		return 100;
	err = live_open(&live);
	if (err)
		return err == -ENOTTY ? 2 : 3;
	for (i = 0; i < PATIENCE_MS / REFRESH_MS && !live_quit_requested(live); i++) {
		live_show(live, r);
		usleep(REFRESH_MS * 1000);
	}
	live_close(live);
	dcbs_report_free(r);
	snapshot_free(snap);
	return i < PATIENCE_MS / REFRESH_MS ? 0 : 4;
}

static void start_child(struct terminal *t, const char *term)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	t->len = 0;
	t->pid = forkpty(&t->fd, NULL, NULL, &size);
	assert_true(t->pid >= 0);
	if (t->pid)
		return;
	setenv("TERM", term, 1);
	_exit(show_until_quit());
}

/* ---- the parent: reads the terminal ---- */

static bool read_some(struct terminal *t)
{
	struct pollfd p = {.fd = t->fd, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, PATIENCE_MS) <= 0 || t->len + 4096 >= sizeof(t->seen))
		return false;
	n = read(t->fd, t->seen + t->len, 4096);
	if (n <= 0)
		return false;
	t->len += n;
	t->seen[t->len] = 0;
	return true;
}

static void await_text(struct terminal *t, const char *text)
{
	while (!strstr(t->seen, text))
		if (!read_some(t))
			fail_msg("\"%s\" does not appear", text);
}

/* Returns the exit status of the child. */
static int finish_child(struct terminal *t)
{
	int status;

	while (read_some(t))
		;
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	close(t->fd);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_table(void **state)
{
	static struct terminal t;
	struct winsize small = {.ws_row = 8, .ws_col = 60};
	struct termios before, after;
	int left = PATIENCE_MS / REFRESH_MS;

	(void)state;
	start_child(&t, "xterm");
	assert_int_equal(tcgetattr(t.fd, &before), 0);
	await_text(&t, "answer_question");
	await_text(&t, "load model");
	assert_null(strstr(t.seen, "more)"));
	assert_int_equal(ioctl(t.fd, TIOCSWINSZ, &small), 0);
	await_text(&t, "(3 more)");
	await_text(&t, "\342\200\246");	/* all three bytes, although the process's locale is C */
	assert_int_equal(write(t.fd, "q", 1), 1);
	await_text(&t, "\033[?1049l");
	do {	/* ncurses restores the screen first and the line mode after it */
		usleep(REFRESH_MS * 1000);
		assert_int_equal(tcgetattr(t.fd, &after), 0);
	} while ((after.c_lflag ^ before.c_lflag) & (ICANON | ECHO) && left--);
	assert_int_equal(after.c_lflag & (ICANON | ECHO), before.c_lflag & (ICANON | ECHO));
	assert_int_equal(finish_child(&t), 0);
}

/* If the causes were measured, there are bars and a line with the meaning of their letters. */
static void test_bars(void **state)
{
	static struct terminal t;

	(void)state;
	fixture = fixture_measured;
	start_child(&t, "xterm");
	await_text(&t, "C computing, R run queue, G GIL");
	await_text(&t, "why");
	await_text(&t, "CCCGGGGGG");
	await_text(&t, "(outside)");
	assert_int_equal(write(t.fd, "q", 1), 1);
	assert_int_equal(finish_child(&t), 0);
	fixture = fixture_unmarked;
	t.len = t.seen[0] = 0;
	start_child(&t, "xterm");
	await_text(&t, "No section has ended yet");
	await_text(&t, "(outside)");
	assert_int_equal(write(t.fd, "q", 1), 1);
	assert_int_equal(finish_child(&t), 0);
	fixture = fixture_evaluation;
}

static void test_tiny_terminal(void **state)
{
	static struct terminal t;
	static const struct winsize sizes[] = {{1, 1, 0, 0}, {2, 10, 0, 0}, {4, 3, 0, 0}, {300, 500, 0, 0}};
	size_t i;

	(void)state;
	start_child(&t, "xterm");
	await_text(&t, "answer_question");
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		assert_int_equal(ioctl(t.fd, TIOCSWINSZ, &sizes[i]), 0);
		usleep(5 * REFRESH_MS * 1000);
	}
	assert_int_equal(write(t.fd, "q", 1), 1);
	assert_int_equal(finish_child(&t), 0);
}

static void test_unknown_terminal(void **state)
{
	static struct terminal t;

	(void)state;
	start_child(&t, "no-such-terminal");
	assert_int_equal(finish_child(&t), 2);
	assert_int_equal(t.len, 0);
}

static void test_no_terminal(void **state)
{
	struct live *live = NULL;
	int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY), err;

	(void)state;
	assert_true(kept >= 0 && null >= 0);
	dup2(null, STDERR_FILENO);
	err = live_open(&live);
	dup2(kept, STDERR_FILENO);
	close(null);
	close(kept);
	assert_int_equal(err, -ENOTTY);
	assert_null(live);
	live_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table), cmocka_unit_test(test_bars),
		cmocka_unit_test(test_tiny_terminal),
		cmocka_unit_test(test_unknown_terminal), cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
