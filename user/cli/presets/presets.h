/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * presets.h - the presets of --sections: files NAME.sections in the folders of the user, of this machine, and of this program.
 *
 * The folders, in the order in which they are searched: $XDG_CONFIG_HOME/dcbs-bpfprof or ~/.config/dcbs-bpfprof,
 * /etc/dcbs-bpfprof, share/dcbs-bpfprof beside the folder of the program, and presets in it (for a program that is not installed).
 */
#ifndef CLI_PRESETS_PRESETS_H
#define CLI_PRESETS_PRESETS_H

#include "cli/command_line.h"
#include "cli/presets/preset_file.h"

/*
 * Adds the functions of a preset, or of a file, to the sections. A word with a slash, or that ends in .sections, is a file. A
 * function that is a section already stays the one that it is. Returns 0 or -errno with a line that says what is wrong.
 */
int presets_add(struct opts *opts, const char *word);

#define PRESETS_MOST 16
#define PRESET_NAME_BYTES 64

/* Presets by name. The packages point to the rest. */
struct preset_list {
	struct preset presets[PRESETS_MOST];
	char names[PRESETS_MOST][PRESET_NAME_BYTES];
	struct dcbs_package packages[PRESETS_MOST];
	size_t nr;
};

/* Reads all presets that there are, for proposals. Files that cannot be read are left out. */
void presets_find(struct preset_list *all);
void presets_free(struct preset_list *all);

#endif
