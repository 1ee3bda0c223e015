// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* name_notes.c - what the report says about which functions an option --section names. */
#include <stdio.h>
#include <stdlib.h>

#include "base/sanitize.h"
#include "collect/target/name_notes.h"

#define LIST_BYTES 600
#define LISTED 6		/* functions of a name that are listed */

static void list_names(const struct found_functions *found, char list[LIST_BYTES])
{
	size_t i, n = 0;

	for (i = 0; i < found->nr && i < LISTED; i++) {
		char *name = sanitize(found->list[i].name, sizeof(found->list[i].name));

		n += (size_t)snprintf(list + n, LIST_BYTES - n, "%s%.80s", i ? ", " : "", name ? name : "?");
		free(name);
	}
	if (found->nr > LISTED)
		snprintf(list + n, LIST_BYTES - n, " and %zu more", found->nr - LISTED);
}

void name_notes_add(const struct found_functions *found, pid_t pid, const struct dcbs_native_section *option, struct notes *notes)
{
	char *old = sanitize(found->old_versions, sizeof(found->old_versions)), *path = sanitize(found->file.path, sizeof(found->file.path));
	char list[LIST_BYTES];

	list_names(found, list);
	if (found->nr_slots)
		notes_add(notes, "section %s: %s stands for a function that the process has chosen for this machine (IFUNC). The calls of the "
			  "chosen one are counted, also those by another name that has chosen it", option->name, option->function);
	if (found->nr > 1)
		notes_add(notes, "section %s: %zu functions are named %s, and the calls of all count: %s", option->name, found->nr,
			  option->function, list);
	if (found->is_part)
		notes_add(notes, "section %s: the compiler has inlined %s, and only parts of it are functions: %s. Calls that did not get there "
			  "are not counted", option->name, option->function, list);
	else if (found->has_parts)
		notes_add(notes, "section %s: the compiler has split %s. Where its first part was inlined, a call is not counted",
			  option->name, option->function);
	if (old && *old)
		notes_add(notes, "section %s: older versions of %s are not counted; a program that was linked long ago calls %s", option->name,
			  option->function, old);
	if (found->file.replaced)
		notes_add(notes, "section %s: the file %s was replaced since process %d mapped it. The mapped file is probed, and the new one is "
			  "not", option->name, path ? path : "?", pid);
	free(old);
	free(path);
}
