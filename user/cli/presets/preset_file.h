/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* preset_file.h - a file of --sections: the functions of a package that become sections. */
#ifndef CLI_PRESETS_PRESET_FILE_H
#define CLI_PRESETS_PRESET_FILE_H

#include <stddef.h>

#include "dcbs/profiler.h"

#define PRESET_FUNCTIONS 64
#define PRESET_PATHS 8

struct preset {
	char *text;		/* of the file, cut into the following strings */
	struct dcbs_native_section functions[PRESET_FUNCTIONS];
	size_t nr_functions;
	const char *paths[PRESET_PATHS];	/* a process that has a file with one of them in its path has loaded the package */
	size_t nr_paths;
};

/*
 * Reads a file with the rights of the user who started the program. Returns 0 or -errno, with a line that names the file, the line
 * in it, and what is wrong there.
 */
int preset_file_read(struct preset *preset, const char *file);

void preset_file_free(struct preset *preset);

#endif
