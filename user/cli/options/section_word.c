// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* section_word.c - NAME=BINARY:FUNCTION and NAME=python:QUALNAME, as --section and the files of --sections have them. */
#include <string.h>

#include "cli/options/section_word.h"

/* Returns the colon that divides BINARY:FUNCTION: the last single one. Pairs belong to a C++ name; other colons to the path. */
static char *find_division(char *binary)
{
	char *division = strchr(binary, ':'), *p;

	if (!strncmp(binary, "python:", 7))
		return division;
	for (p = division; p; p = strchr(p + strspn(p, ":"), ':'))
		if (p[1] != ':')
			division = p;
	return division;
}

bool section_word_split(struct dcbs_native_section *section, char *word)
{
	char *binary = strchr(word, '='), *function = binary ? find_division(binary + 1) : NULL;

	if (!binary || !function || binary == word || function == binary + 1 || !function[1])
		return false;
	*binary++ = 0;
	*function++ = 0;
	*section = (struct dcbs_native_section){.name = word, .binary = binary, .function = function};
	return true;
}

const struct dcbs_native_section *section_word_find(const struct dcbs_native_section *sections, size_t nr,
						    const struct dcbs_native_section *function)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(sections[i].binary, function->binary) && !strcmp(sections[i].function, function->function))
			return &sections[i];
	return NULL;
}

static bool is_python(const struct dcbs_native_section *section)
{
	return !strcmp(section->binary, "python");
}

bool section_word_mixes(const struct dcbs_native_section *sections, size_t nr, const struct dcbs_native_section *function)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(sections[i].name, function->name) && is_python(&sections[i]) != is_python(function))
			return true;
	return false;
}
