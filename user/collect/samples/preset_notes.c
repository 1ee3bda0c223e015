// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* preset_notes.c - what the report says about presets: functions that were not found, and packages that have a preset. */
#include <string.h>

#include "collect/kernel/section_ids.h"
#include "collect/list_targets.h"
#include "collect/samples/preset_notes.h"
#include "collect/samples/sampler.h"
#include "collect/samples/section_functions.h"

/* ---- presets in use ---- */

static bool was_found(const struct session *session, const struct dcbs_native_section *option)
{
	const struct section_functions *functions;
	const struct section_function *f;

	if (!section_ids_option_is_python(option))
		return function_probes_has(&session->probes, option);
	if (!session->sampler)
		return false;
	functions = sampler_functions(session->sampler);
	f = section_functions_find(functions, option->function);
	return f && section_functions_has_met(functions, f);
}

/* Notes the preset whose first function is options[first]. */
static void note_preset(struct session *session, size_t first)
{
	const struct dcbs_native_section *options = session->opts.sections;
	size_t i, nr = 0, found = 0;

	for (i = first; i < session->opts.nr_sections; i++) {
		if (!options[i].preset || strcmp(options[i].preset, options[first].preset))
			continue;
		nr++;
		found += was_found(session, &options[i]);
	}
	if (found < nr)
		notes_add(&session->notes, "--sections %s: %zu of its %zu functions were not found. They are of other versions of the package, "
			  "were not called, or took so little time that no sample was in them", options[first].preset, nr - found, nr);
}

static void note_presets(struct session *session)
{
	const struct dcbs_native_section *options = session->opts.sections;
	size_t i, k;

	for (i = 0; i < session->opts.nr_sections; i++) {
		for (k = 0; k < i && options[i].preset && (!options[k].preset || strcmp(options[k].preset, options[i].preset)); k++)
			;
		if (options[i].preset && k == i)
			note_preset(session, i);
	}
}

/* ---- presets to propose ---- */

static bool some_sample_shows(const struct session *session, const struct dcbs_package *package)
{
	size_t i;

	for (i = 0; session->sampler && i < package->nr_paths; i++)
		if (sampler_has_file(session->sampler, package->paths[i]))
			return true;
	return false;
}

static bool is_loaded(const struct session *session, const struct dcbs_package *package)
{
	size_t i;

	for (i = 0; i < session->targets.nr; i++) {
		const struct target *target = &session->targets.list[i];

		if (target->pid && !target->ended && list_targets_has_package(target->pid, package) > 0)
			return true;
	}
	return some_sample_shows(session, package);
}

static void note_proposals(struct session *session)
{
	size_t i;

	if (session->opts.nr_sections || session->bpf.skel->bss->counters.section_ids_used > SECTION_FIRST)
		return;
	for (i = 0; i < session->opts.nr_packages; i++)
		if (is_loaded(session, &session->opts.packages[i]))
			notes_add(&session->notes, "%s is loaded: --sections %s", session->opts.packages[i].preset,
				  session->opts.packages[i].preset);
}

void preset_notes_add(struct session *session)
{
	note_presets(session);
	note_proposals(session);
}
