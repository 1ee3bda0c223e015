// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* environment.c - what we believe of our environment when it may be somebody else's than our privileges are. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "safety/environment.h"

/* Names and numbers, but no paths: with a slash, a locale or a terminal is a file. */
static bool is_word(const char *value)
{
	return !value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-@,")] && *value != '.';
}

/* Europe/Berlin, a file below the system's own; not one of anybody's choice. */
static bool is_zone(const char *value)
{
	return isalpha((unsigned char)*value) && !strstr(value, "..") &&
	       !value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-/,")];
}

static const struct {
	const char *name;
	bool (*harmless)(const char *value);
} believed[] = {
	{"TERM", is_word}, {"COLUMNS", is_word}, {"LINES", is_word}, {"TZ", is_zone},
	{"LANG", is_word}, {"LC_ALL", is_word}, {"LC_CTYPE", is_word}, {"LC_NUMERIC", is_word}, {"LC_MESSAGES", is_word},
	{"SUDO_UID", is_word}, {"SUDO_GID", is_word},
	{"DCBS_BPFPROF_DEBUG", is_word},	/* a switch; who may run us as root may see what the kernel's verifier says */
};

#define NR_BELIEVED (sizeof(believed) / sizeof(believed[0]))

static char **original;

static bool is_believed(const char *variable)
{
	size_t i, length = strcspn(variable, "=");

	for (i = 0; i < NR_BELIEVED; i++)
		if (strlen(believed[i].name) == length && !strncmp(believed[i].name, variable, length))
			return variable[length] && believed[i].harmless(variable + length + 1);
	return false;
}

/* Root's for a user: by sudo, a set-user-ID program, or capabilities of the file. */
static bool is_somebody_elses(void)
{
	return getuid() != geteuid() || getgid() != getegid() || getauxval(AT_SECURE) || getenv("SUDO_UID");
}

void environment_clean(void)
{
	bool strict = is_somebody_elses();
	size_t i, n = 0, all = 0;
	char **kept;

	original = environ;
	while (environ && environ[all])
		all++;
	kept = calloc(all + 1, sizeof(*kept));
	if (!kept)
		abort();	/* a dozen bytes at the very start */
	for (i = 0; i < all; i++)
		if (strict ? is_believed(environ[i]) : strncmp(environ[i], "DEBUGINFOD_", 11) != 0)
			kept[n++] = original[i];
	environ = kept;	/* libdw would ask debuginfod's servers on everybody's behalf */
}

char **environment_original(void)
{
	return original;
}
