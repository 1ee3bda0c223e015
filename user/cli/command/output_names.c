// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* output_names.c - see output_names.h. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/command/output_names.h"
#include "render/saved_head.h"
#include "safety/invoker.h"

#define LETTERS "hptn%"
#define HEAD_BYTES 4096	/* of a file: what it is shows at its beginning */
#define LATEST 4e11	/* Unix time in the year 14645; a later time is not a date */

void output_facts_here(struct output_facts *facts, pid_t pid, int number)
{
	static char host[256];

	*facts = (struct output_facts){.pid = pid, .started_at = (double)time(NULL), .number = number};
	if (!gethostname(host, sizeof(host) - 1))
		facts->host = host;
}

/* ---- patterns ---- */

char output_names_unknown(const char *pattern)
{
	const char *p = pattern;

	while ((p = strchr(p, '%'))) {
		if (!p[1])
			return '%';
		if (!strchr(LETTERS, p[1]))
			return p[1];
		p += 2;
	}
	return 0;
}

bool output_names_has(const char *pattern, char letter)
{
	const char *p = pattern;

	while ((p = strchr(p, '%')) && p[1]) {
		if (letter ? p[1] == letter : p[1] != '%')
			return true;
		p += 2;
	}
	return false;
}

static void write_host(FILE *to, const char *host)
{
	if (!host || !*host || *host == '.')
		fputs("host", to);
	for (; host && *host; host++)
		fputc(isalnum((unsigned char)*host) || strchr("-._", *host) ? *host : '_', to);
}

/* In UTC, so that names of several machines have one order: 20261130T195950. */
static void write_time(FILE *to, double unix_s)
{
	time_t at = unix_s > 0 && unix_s < LATEST ? (time_t)unix_s : 0;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(text, sizeof(text), "%Y%m%dT%H%M%S", &tm);
	fputs(text, to);
}

static void write_letter(FILE *to, char letter, const struct output_facts *facts)
{
	switch (letter) {
	case 'h': write_host(to, facts->host); break;
	case 'p': fprintf(to, "%d", (int)facts->pid); break;
	case 't': write_time(to, facts->started_at); break;
	case 'n': fprintf(to, "%d", facts->number); break;
	default: fputc(letter, to);
	}
}

int output_names_expand(char *to, size_t size, const char *pattern, const struct output_facts *facts)
{
	FILE *name = fmemopen(to, size, "w");
	const char *p;
	long len;

	if (!name)
		return -ENOMEM;
	setbuf(name, NULL);
	for (p = pattern; *p; p++) {
		if (*p == '%' && p[1])
			write_letter(name, *++p, facts);
		else
			fputc(*p, name);
	}
	len = ferror(name) ? -1 : ftell(name);
	fclose(name);
	if (len < 0 || (size_t)len >= size)
		return -ENAMETOOLONG;
	to[len] = 0;
	return 0;
}

/* ---- names that are taken ---- */

static bool is_session(int fd)
{
	char head[HEAD_BYTES];
	ssize_t n = read(fd, head, sizeof(head));

	return n > 0 && saved_head_is_session(head, (size_t)n);
}

/* A file that cannot be opened is no session either: a link, or a file of another user. */
int output_names_check(const char *path)
{
	int fd, err = invoker_files_begin();
	bool taken;

	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	taken = fd >= 0 ? !is_session(fd) : errno != ENOENT;
	if (fd >= 0)
		close(fd);
	invoker_files_end();
	return taken ? fail(-EEXIST, "cannot write %s: something that is no session has this name; choose another --output", path) : 0;
}
