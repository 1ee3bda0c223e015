// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* environment.c - removes environment variables that another user may have set. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "safety/environment.h"

/* Returns true for names and numbers, but not for paths: with a slash, a locale or a terminal names a file. */
static bool is_word(const char *value)
{
	return !value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-@,")] && *value != '.';
}

/* Returns true for a name such as Europe/Berlin, a file below the system's folder of time zones. */
static bool is_zone(const char *value)
{
	return isalpha((unsigned char)*value) && !strstr(value, "..") &&
	       !value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-/,")];
}

static const struct {
	const char *name;
	bool (*harmless)(const char *value);
} trusted[] = {
	{"TERM", is_word}, {"NO_COLOR", is_word}, {"COLUMNS", is_word}, {"LINES", is_word}, {"TZ", is_zone},
	{"LANG", is_word}, {"LC_ALL", is_word}, {"LC_CTYPE", is_word}, {"LC_NUMERIC", is_word}, {"LC_MESSAGES", is_word},
	{"SUDO_UID", is_word}, {"SUDO_GID", is_word},
	{"DCBS_BPFPROF_DEBUG", is_word},	/* a switch; a user who may run this program as root may read the verifier's messages */
};

#define NR_TRUSTED (sizeof(trusted) / sizeof(trusted[0]))

static char **original;

static bool is_trusted(const char *variable)
{
	size_t i, length = strcspn(variable, "=");

	for (i = 0; i < NR_TRUSTED; i++)
		if (strlen(trusted[i].name) == length && !strncmp(trusted[i].name, variable, length))
			return variable[length] && trusted[i].harmless(variable + length + 1);
	return false;
}

/* Returns true if another user started this program with these rights: by sudo, set-user-ID, or file capabilities. */
static bool is_from_other_user(void)
{
	return getuid() != geteuid() || getgid() != getegid() || getauxval(AT_SECURE) || getenv("SUDO_UID");
}

void environment_clean(void)
{
	bool strict = is_from_other_user();
	size_t i, n = 0, all = 0;
	char **kept;

	original = environ;
	while (environ && environ[all])
		all++;
	kept = calloc(all + 1, sizeof(*kept));
	if (!kept)
		abort();	/* some bytes at the very start of the program */
	for (i = 0; i < all; i++)
		if (strict ? is_trusted(environ[i]) : strncmp(environ[i], "DEBUGINFOD_", 11) != 0)
			kept[n++] = original[i];
	environ = kept;	/* without DEBUGINFOD_*: libdw would ask these servers */
}

char **environment_original(void)
{
	return original;
}

const char *environment_original_value(const char *name)
{
	size_t length = strlen(name);
	char **variable;

	for (variable = original; variable && *variable; variable++)
		if (!strncmp(*variable, name, length) && (*variable)[length] == '=')
			return *variable + length + 1;
	return NULL;
}
