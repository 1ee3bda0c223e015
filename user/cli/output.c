// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* output.c - the files of --output: opened before the run, written after it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/output.h"
#include "render/render.h"

int outputs_open(struct outputs *outputs, const struct opts *opts)
{
	int err = 0;

	outputs->nr = 0;
	while (outputs->nr < opts->nr_outputs && !err) {
		err = owned_file_open(&outputs->files[outputs->nr], opts->outputs[outputs->nr]);
		if (!err)
			outputs->nr++;
	}
	if (err)
		outputs_close(outputs);
	return err;
}

/* An empty flame graph is no error, but the user needs the reason. */
static void explain_if_empty(const struct render_format *format, const char *where, const struct dcbs_report *report)
{
	if (format->stacks && !report->nr_stacks)
		fprintf(stderr, "dcbs-bpfprof: %s: no stacks, %s\n", where,
			report->frequency_hz ? "none was sampled" : "they are sampled with a --frequency above 0");
}

/* ftruncate() fails with EINVAL on a pipe or a device. */
static int write_file(struct owned_file *out, FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	int err;

	if (ftruncate(out->fd, 0) && errno != EINVAL)
		return -errno;
	err = render_write(render_by_suffix(out->path), file, report, options);
	if (err)
		return err;
	explain_if_empty(render_by_suffix(out->path), out->path, report);
	return owned_file_commit(out);
}

static int output_write(struct owned_file *out, const struct dcbs_report *report, const struct render_options *options)
{
	FILE *file = fdopen(out->fd, "w");
	int err = file ? write_file(out, file, report, options) : -errno;

	if (file) {
		if (fclose(file) && !err)
			err = -errno;
		out->fd = -1;
	}
	return err ? fail(err, "cannot write %s: %s; the report on standard output is complete", out->path, strerror(-err)) : 0;
}

int outputs_write(struct outputs *outputs, const struct dcbs_report *report, const struct opts *opts)
{
	const struct render_options options = {.order = opts->sort_by};
	int err = 0, one;
	size_t i;

	for (i = 0; i < outputs->nr; i++) {
		one = output_write(&outputs->files[i], report, &options);
		if (one && !err)
			err = one;
	}
	return err;
}

void outputs_close(struct outputs *outputs)
{
	size_t i;

	for (i = 0; i < outputs->nr; i++) {
		struct owned_file *out = &outputs->files[i];

		if (out->fd >= 0)
			close(out->fd);
		owned_file_close(out);
	}
	outputs->nr = 0;
}

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

static int terminal_width(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? size.ws_col : 0;
}

int output_standard(const struct dcbs_report *report, const struct opts *opts)
{
	const struct render_options options = {.width = terminal_width(), .order = opts->sort_by};
	int err = render_write(render_by_name(opts->format), stdout, report, &options);

	if (!err)
		explain_if_empty(render_by_name(opts->format), "standard output", report);
	return err ? fail(err, "cannot write the report to standard output: %s", strerror(-err)) : 0;
}
