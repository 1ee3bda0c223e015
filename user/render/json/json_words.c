// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_words.c - the words of the JSON document. */
#include <string.h>

#include "base/array.h"
#include "bpfprof/marker_abi.h"
#include "dcbs/profiler.h"
#include "render/json/json_words.h"

static const char *const ended_by[] = {
	[DCBS_ENDED_DURATION] = "duration", [DCBS_ENDED_SIGNAL] = "signal", [DCBS_ENDED_TARGET_EXIT] = "target-exit",
	[DCBS_ENDED_COST] = "cost",
};
static const char *const causes[] = {
	[DCBS_CAUSE_UNKNOWN] = "unknown", [DCBS_CAUSE_CPU] = "cpu", [DCBS_CAUSE_RUNQUEUE] = "runqueue",
	[DCBS_CAUSE_GIL] = "gil", [DCBS_CAUSE_LOCK] = "lock", [DCBS_CAUSE_DISK] = "disk",
	[DCBS_CAUSE_NETWORK] = "network", [DCBS_CAUSE_FAULT] = "fault", [DCBS_CAUSE_SLEEP] = "sleep",
	[DCBS_CAUSE_GPU] = "gpu", [DCBS_CAUSE_THROTTLED] = "throttled", [DCBS_CAUSE_STEAL] = "steal", [DCBS_CAUSE_OTHER] = "other",
	[DCBS_CAUSE_MEMORY_GROWTH] = "memory-growth",
	[DCBS_CAUSE_MEMORY_CHURN] = "memory-churn", [DCBS_CAUSE_CACHE] = "cache",
	[DCBS_CAUSE_SPIN] = "spin", [DCBS_CAUSE_COLLECTIVE] = "collective",
	[DCBS_CAUSE_AWAIT] = "await", [DCBS_CAUSE_LOOP] = "loop", [DCBS_CAUSE_CPU_OR_GPU] = "cpu-or-gpu",
};
static const char *const kinds[] = {
	[DCBS_NAME_SECTION] = "section", [DCBS_NAME_FORWARD] = "forward_pass", [DCBS_NAME_GENERATION] = "generation",
};
static const char *const roles[] = {
	[DCBS_ROLE_MAIN] = "main", [DCBS_ROLE_SECTIONS] = "sections", [DCBS_ROLE_POOL] = "pool", [DCBS_ROLE_HELPER] = "helper",
	[DCBS_ROLE_ENDED] = "ended",
};

const struct json_words json_words_ended_by = {ended_by, ARRAY_SIZE(ended_by)};
const struct json_words json_words_causes = {causes, ARRAY_SIZE(causes)};
const struct json_words json_words_kinds = {kinds, ARRAY_SIZE(kinds)};
const struct json_words json_words_roles = {roles, ARRAY_SIZE(roles)};

const char *json_words_of(const struct json_words *words, int value)
{
	return value >= 0 && value < words->nr ? words->words[value] : NULL;
}

int json_words_find(const struct json_words *words, const char *word)
{
	int i;

	for (i = 0; i < words->nr && word; i++)
		if (words->words[i] && !strcmp(words->words[i], word))
			return i;
	return -1;
}
