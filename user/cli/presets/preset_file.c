// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * preset_file.c - reads a file of --sections.
 *
 * A line is NAME=BINARY:FUNCTION or NAME=python:QUALNAME, as after --section; `loaded PATH`, a part of the path of a file that
 * shows that a process has loaded the package; a comment that begins with #; or empty.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "bpfprof/marker_abi.h"
#include "cli/options/section_word.h"
#include "cli/presets/preset_file.h"
#include "safety/invoker.h"

#define FILE_BYTES 65536
#define LINE_BYTES 512
#define LOADED "loaded "

/* ---- lines ---- */

struct preset_line {
	const char *file;
	int number;
	char *text;		/* without spaces around it */
};

static int refuse_preset_line(const struct preset_line *line, const char *why)
{
	return fail(-EINVAL, "%s:%d: %s", line->file, line->number, why);
}

static bool has_control_character(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static char *trim_spaces(char *text)
{
	size_t n;

	text += strspn(text, " \t");
	for (n = strlen(text); n && strchr(" \t\r", text[n - 1]); n--)
		;
	text[n] = 0;
	return text;
}

static int add_preset_path(struct preset *preset, const struct preset_line *line)
{
	const char *path = trim_spaces(line->text + strlen(LOADED));

	if (preset->nr_paths == PRESET_PATHS)
		return refuse_preset_line(line, "there are too many lines `loaded PATH`: a file may have 8");
	if (!strchr(path, '/'))
		return refuse_preset_line(line, "`loaded` is followed by a part of a path, with a slash, such as /transformers/__init__.py");
	preset->paths[preset->nr_paths++] = path;
	return 0;
}

static int add_preset_function(struct preset *preset, const struct preset_line *line)
{
	struct dcbs_native_section *function = &preset->functions[preset->nr_functions];

	if (preset->nr_functions == PRESET_FUNCTIONS)
		return refuse_preset_line(line, "there are too many functions: a file may have 64");
	if (!section_word_split(function, line->text))
		return refuse_preset_line(line, "a line is NAME=python:QUALNAME, NAME=BINARY:FUNCTION, `loaded PATH`, or a comment after #");
	if (strlen(function->name) >= DCBS_NAME_BYTES)
		return refuse_preset_line(line, "the name of the section is too long: it may have 119 bytes");
	if (section_word_find(preset->functions, preset->nr_functions, function))
		return refuse_preset_line(line, "this function is in the file already");
	if (section_word_mixes(preset->functions, preset->nr_functions, function))
		return refuse_preset_line(line, "a section has native functions or functions of Python, not both");
	preset->nr_functions++;
	return 0;
}

static int read_preset_line(struct preset *preset, struct preset_line *line)
{
	if (strlen(line->text) >= LINE_BYTES)
		return refuse_preset_line(line, "the line is too long: it may have 511 bytes");
	line->text = trim_spaces(line->text);
	if (!*line->text || *line->text == '#')
		return 0;
	if (has_control_character(line->text))
		return refuse_preset_line(line, "there is a control character in it");
	if (!strncmp(line->text, LOADED, strlen(LOADED)))
		return add_preset_path(preset, line);
	return add_preset_function(preset, line);
}

static int read_preset_lines(struct preset *preset, const char *file)
{
	struct preset_line line = {.file = file};
	char *rest = preset->text;
	int err = 0;

	while (!err && (line.text = strsep(&rest, "\n"))) {
		line.number++;
		err = read_preset_line(preset, &line);
	}
	return err || preset->nr_functions ? err : fail(-EINVAL, "%s: there is no function in it", file);
}

/* ---- the file ---- */

/* A device or a pipe might not end, and is refused before it is opened for good. */
static int open_preset(const char *file)
{
	struct stat st;
	int err, fd;

	err = invoker_find();
	if (!err)
		err = invoker_files_begin();
	if (err)
		return err;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	err = errno;
	invoker_files_end();
	if (fd < 0)
		return fail(-err, "cannot open %s: %s", file, strerror(err));
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return fail(-EINVAL, "%s is not a file", file);
}

static int read_preset_text(char text[FILE_BYTES], int fd, const char *file)
{
	size_t size = 0;
	ssize_t n = 1;

	while (n > 0 && size < FILE_BYTES) {
		n = read(fd, text + size, FILE_BYTES - size);
		size += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		return fail(-errno, "cannot read %s: %s", file, strerror(errno));
	if (size == FILE_BYTES)
		return fail(-EFBIG, "%s is too large: it may have 65535 bytes", file);
	if (memchr(text, 0, size))
		return fail(-EINVAL, "%s is not a text: there is a zero byte in it", file);
	text[size] = 0;
	return 0;
}

int preset_file_read(struct preset *preset, const char *file)
{
	int fd = open_preset(file), err;

	*preset = (struct preset){0};
	if (fd < 0)
		return fd;
	preset->text = malloc(FILE_BYTES);
	err = preset->text ? read_preset_text(preset->text, fd, file) : fail(-ENOMEM, "out of memory");
	close(fd);
	if (!err)
		err = read_preset_lines(preset, file);
	if (err)
		preset_file_free(preset);
	return err;
}

void preset_file_free(struct preset *preset)
{
	free(preset->text);
	*preset = (struct preset){0};
}
