// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* loaded_sessions.c - see loaded_sessions.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "analyse/merge.h"
#include "base/error.h"
#include "base/sanitize.h"
#include "cli/command/loaded_sessions.h"

#define NAME_BYTES 4096

static_assert(MERGE_SESSIONS == COMPARISON_SESSIONS, "as many sessions can be merged as compared");

static int load_session(struct loaded_sessions *loaded, const char *file)
{
	char *name = sanitize(file, NAME_BYTES);
	int err = name ? dcbs_report_load(&loaded->reports[loaded->nr], file) : fail(-ENOMEM, "no memory for %s", file);

	if (err) {
		free(name);
		return err;
	}
	loaded->names[loaded->nr++] = name;
	return 0;
}

int loaded_sessions_add(struct loaded_sessions *loaded, const char *const *files, size_t nr)
{
	size_t i;
	int err = 0;

	assert(loaded->nr + nr <= COMPARISON_SESSIONS);
	for (i = 0; i < nr && !err; i++)
		err = load_session(loaded, files[i]);
	return err;
}

int loaded_sessions_merge(struct dcbs_report **report, const struct loaded_sessions *loaded)
{
	return merge_reports(report, loaded->reports, (const char *const *)loaded->names, loaded->nr);
}

void loaded_sessions_free(struct loaded_sessions *loaded)
{
	size_t i;

	for (i = 0; i < loaded->nr; i++) {
		dcbs_report_free(loaded->reports[i]);
		free(loaded->names[i]);
	}
	loaded->nr = 0;
}
