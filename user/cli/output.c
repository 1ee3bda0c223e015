// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* output.c - writes a report in one of the formats, to standard output or to an open file. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "render/comparison_format.h"
#include "render/render.h"

#define PIPE_ATOMIC 4096	/* a pipe that is ready takes so much without making the writer wait */

/* An empty flame graph is no error, but the user needs the reason. */
static void explain_if_empty(const struct render_format *format, const char *where, const struct dcbs_report *report)
{
	if (format->stacks && !report->nr_stacks)
		fprintf(stderr, "dcbs-bpfprof: %s: no stacks, %s\n", where,
			report->frequency_hz ? "none was sampled" : "they are sampled with a --frequency above 0");
}

/* ---- a file ---- */

/* ftruncate() fails with EINVAL on a pipe or a device. */
static int write_file(FILE *file, int fd, const char *path, const struct dcbs_report *report, const struct opts *opts)
{
	const struct render_options options = {.order = opts->sort_by, .flat = opts->flat, .verbose = opts->verbose};
	const struct render_format *format = render_by_suffix(path);
	int err;

	if (ftruncate(fd, 0) && errno != EINVAL)
		return -errno;
	err = render_write(format, file, report, &options);
	if (!err)
		explain_if_empty(format, path, report);
	return err;
}

int output_fill(int fd, const char *path, const struct dcbs_report *report, const struct opts *opts)
{
	FILE *file = fdopen(fd, "w");
	int err;

	if (!file) {
		err = -errno;
		close(fd);
		return err;
	}
	err = write_file(file, fd, path, report, opts);
	return fclose(file) && !err ? -errno : err;
}

/* ---- standard output ---- */

int output_check_standard(void)
{
	bool closed = fcntl(STDOUT_FILENO, F_GETFD) < 0;
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return closed ? fail(-EBADF, "standard output is closed; the report needs a place to go") : 0;
}

/* Returns false if a signal ended the wait. A signal does not end a write that need not wait. */
static bool wait_for_reader(int fd)
{
	struct pollfd pipe = {.fd = fd, .events = POLLOUT};
	sigset_t old;
	int ready;

	signals_block(&old);
	while (!(ready = poll(&pipe, 1, 0)) && !signals_end_requested())
		ppoll(&pipe, 1, NULL, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ready;
}

/* The reader may be a pager that waits for a key. */
static ssize_t write_patiently(void *cookie, const char *bytes, size_t size)
{
	size_t done = 0;

	(void)cookie;
	while (done < size) {
		size_t part = size - done < PIPE_ATOMIC ? size - done : PIPE_ATOMIC;
		ssize_t n;

		if (!wait_for_reader(STDOUT_FILENO)) {
			errno = EINTR;
			return 0;	/* by the rules of fopencookie() */
		}
		n = write(STDOUT_FILENO, bytes + done, part);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return 0;
		done += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)done;
}

static int terminal_width(int fd)
{
	struct winsize size;

	return isatty(fd) && !ioctl(fd, TIOCGWINSZ, &size) ? size.ws_col : 0;
}

/* See https://no-color.org. */
static bool has_colour(int fd)
{
	const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");

	return isatty(fd) && terminal && terminal[0] && strcmp(terminal, "dumb") && !(no_colour && no_colour[0]);
}

static struct render_options options_for(int fd, const struct opts *opts)
{
	return (struct render_options) {
		.width = opts->width ? opts->width : terminal_width(fd), .order = opts->sort_by, .flat = opts->flat,
		.verbose = opts->verbose, .colour = has_colour(fd),
	};
}

static FILE *open_standard(void)
{
	return fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_patiently});
}

static int write_standard(const struct dcbs_report *report, const struct opts *opts)
{
	const struct render_options options = options_for(STDOUT_FILENO, opts);
	FILE *file = open_standard();
	int err;

	if (!file)
		return -errno;
	err = render_write(render_by_name(opts->format), file, report, &options);
	fclose(file);
	return err;
}

int output_standard(const struct dcbs_report *report, const struct opts *opts)
{
	int err;

	signals_forget_end();
	err = write_standard(report, opts);
	if (!err)
		explain_if_empty(render_by_name(opts->format), "standard output", report);
	return err ? fail(err, "cannot write the report to standard output: %s", strerror(-err)) : 0;
}

int output_comparison(const struct comparison *comparison, const struct diff_opts *opts)
{
	const struct comparison_view view = {
		.width = opts->width ? opts->width : terminal_width(STDOUT_FILENO), .colour = has_colour(STDOUT_FILENO), .verbose = opts->verbose,
	};
	FILE *file = open_standard();
	int err = file ? comparison_write(comparison_format_by_name(opts->format), file, comparison, &view) : -errno;

	if (file)
		fclose(file);
	return err ? fail(err, "cannot write the comparison to standard output: %s", strerror(-err)) : 0;
}

void output_so_far(const struct dcbs_report *report, const struct opts *opts)
{
	const struct render_options options = options_for(STDERR_FILENO, opts);

	render_write(render_by_name("text"), stderr, report, &options);
}
