// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* budget_file.c - the file of --budget: limits for the values of the new side. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/sanitize.h"
#include "cli/options/budget_file.h"

#define LINE_BYTES 1024
#define VALUE_BYTES 64

/* A line of the file while it is read. */
struct budget_line {
	const char *file;
	int number;
	const char *text, *at;		/* at: where it is being read */
	char subject[LIMIT_NAME_BYTES];	/* of the table that the line is in; "": none yet */
};

static int refuse_line(const struct budget_line *line, const char *why)
{
	return fail(-EINVAL, "%s:%d:%d: %s", line->file, line->number, (int)(line->at - line->text) + 1, why);
}

static void skip_spaces(struct budget_line *line)
{
	line->at += strspn(line->at, " \t\r\n");
}

static bool is_bare(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* A bare word, or a string in quotes of either kind. A backslash is not understood. */
static int read_word(struct budget_line *line, char *to, size_t size, bool may_be_bare)
{
	char quote = *line->at;
	bool is_quoted = quote == '"' || quote == '\'';
	const char *begin = line->at + is_quoted, *end = begin;
	size_t length;

	if (is_quoted)
		end += strcspn(end, (char[]){quote, 0});
	while (!is_quoted && may_be_bare && is_bare(*end))
		end++;
	if (is_quoted && !*end) {
		line->at = end;
		return refuse_line(line, "the quote is not closed");
	}
	if (!is_quoted && end == begin)
		return refuse_line(line, may_be_bare ? "a name is expected here" :
				   "a value in quotes is expected here, such as \"< 80ms\"");
	line->at = begin;
	length = (size_t)(end - begin);
	if (!length || length >= size)
		return refuse_line(line, length ? "this is too long" : "this is empty");
	if (quote == '"' && memchr(begin, '\\', length))
		return refuse_line(line, "backslashes are not understood: use 'quotes' of this kind");
	memcpy(to, begin, length);
	to[length] = 0;
	line->at = end + is_quoted;
	return 0;
}

static int expect_sign(struct budget_line *line, char sign, const char *why)
{
	skip_spaces(line);
	if (*line->at != sign)
		return refuse_line(line, why);
	line->at++;
	skip_spaces(line);
	return 0;
}

static int expect_end(struct budget_line *line)
{
	skip_spaces(line);
	return *line->at && *line->at != '#' ? refuse_line(line, "the line should end here") : 0;
}

static int read_table(struct budget_line *line)
{
	int err = expect_sign(line, '[', "a table begins with [");

	if (!err)
		err = read_word(line, line->subject, sizeof(line->subject), true);
	if (!err)
		err = expect_sign(line, ']', "the name of a table ends with ]");
	return err ? err : expect_end(line);
}

/* "< 80ms" at this place of the line. */
static int read_amount(struct budget_line *line, struct limit *limit, const char *value, const char *place)
{
	const char *number = value + 1 + strspn(value + (*value != 0), " ");
	char *end;
	double size;

	line->at = place;
	if (*value != '<' && *value != '>')
		return refuse_line(line, "a limit begins with < or >");
	limit->is_above = *value == '<';	/* it is exceeded by what is above */
	limit->amount = strtod(number, &end);
	line->at = place + (number - value);
	if (end == number || !isfinite(limit->amount) || limit->amount < 0)
		return refuse_line(line, "a number is expected here");
	line->at = place + (end - value);
	size = limit_unit_size(&limit->metric, end + strspn(end, " "));
	limit->amount *= size;
	return size > 0 ? 0 : refuse_line(line,
					  "this is no unit of the metric: times have ns, us, ms or s, sizes B, KiB, MiB or GiB");
}

static int read_limit(struct budget_line *line, struct limit *limit)
{
	const char *begin = line->at;
	char metric[VALUE_BYTES], value[VALUE_BYTES];
	int err = read_word(line, metric, sizeof(metric), true);

	*limit = (struct limit){.is_absolute = true};
	if (err)
		return err;
	if (!metric_parse(&limit->metric, metric, strlen(metric))) {
		line->at = begin;
		return refuse_line(line, "there is no such metric; `dcbs-bpfprof diff --help` lists them");
	}
	err = expect_sign(line, '=', "= is expected here");
	begin = line->at;
	if (err || (err = read_word(line, value, sizeof(value), false)) || (err = expect_end(line)))
		return err;
	memcpy(limit->subject, line->subject, sizeof(limit->subject));
	snprintf(limit->text, sizeof(limit->text), "%s%s%s%s", line->subject, *line->subject ? ":" : "", metric, value);
	return read_amount(line, limit, value, begin + 1);
}

static int read_line(struct budget_line *line, struct limit *limits, size_t *nr)
{
	int err;

	line->at = line->text;
	skip_spaces(line);
	if (!*line->at || *line->at == '#')
		return 0;
	if (*line->at == '[')
		return read_table(line);
	if (*nr == LIMIT_MOST)
		return refuse_line(line, "there are too many limits");
	err = read_limit(line, &limits[*nr]);
	*nr += !err;
	return err;
}

/* The file is text of the user's own. What is printed of it is made safe first, and columns are those of the safe text. */
static int read_lines(FILE *f, struct budget_line *line, struct limit *limits, size_t *nr)
{
	char raw[LINE_BYTES], *safe;
	int err = 0;

	while (!err && fgets(raw, sizeof(raw), f)) {
		line->number++;
		raw[strcspn(raw, "\r\n")] = 0;
		for (safe = raw; *safe; safe++)
			if (*safe == '\t')
				*safe = ' ';
		safe = sanitize(raw, sizeof(raw));
		if (!safe)
			return fail(-ENOMEM, "no memory for %s", line->file);
		line->text = safe;
		err = read_line(line, limits, nr);
		free(safe);
	}
	return err || !ferror(f) ? err : fail(-errno, "cannot read %s: %s", line->file, strerror(errno));
}

int budget_read(struct limit *limits, size_t *nr, const char *file, const char *name)
{
	struct budget_line line = {.file = name};
	FILE *f = fopen(file, "re");
	size_t before = *nr;
	int err;

	if (!f)
		return fail(-errno, "cannot open %s: %s", name, strerror(errno));
	err = read_lines(f, &line, limits, nr);
	fclose(f);
	return !err && *nr == before ? fail(-EINVAL, "%s: there is no limit in it", name) : err;
}
