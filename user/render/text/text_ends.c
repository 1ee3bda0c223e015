// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_ends.c - how the targets ended: exit status or signal. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "render/text/text_parts.h"

#define MOST_CHILDREN 8	/* lines for children that failed */

/* Returns NULL for a number that is no signal of this machine. */
static const char *signal_name(int64_t number)
{
	return number > 0 && number < NSIG ? sigabbrev_np((int)number) : NULL;
}

/* Returns false if the end is unknown. */
static bool format_end(char *to, size_t size, const struct dcbs_target *target)
{
	const char *name = signal_name(target->signal);

	if (target->exit_status != DCBS_UNKNOWN)
		snprintf(to, size, "exit status %lld", (long long)target->exit_status);
	else if (name)
		snprintf(to, size, "killed by signal %lld (SIG%s)", (long long)target->signal, name);
	else if (target->signal != DCBS_UNKNOWN)
		snprintf(to, size, "killed by signal %lld", (long long)target->signal);
	else
		return false;
	return true;
}

void text_ends(const struct text *t, int label_width)
{
	bool several = t->report->nr_targets > 1;
	const char *label = "ended";
	char words[64];
	size_t i;

	for (i = 0; i < t->report->nr_targets; i++) {
		const struct dcbs_target *target = &t->report->targets[i];

		if (target->parent || !format_end(words, sizeof(words), target))
			continue;
		if (several)
			text_lines_beside(t, label, label_width, "%d: %s", (int)target->pid, words);
		else
			text_lines_beside(t, label, label_width, "%s", words);
		label = "";
	}
}

static bool has_failed(const struct dcbs_target *target)
{
	return target->signal != DCBS_UNKNOWN || (target->exit_status != DCBS_UNKNOWN && target->exit_status);
}

void text_failed_children(const struct text *t)
{
	int64_t failed = 0;
	char words[64];
	size_t i;

	for (i = 0; i < t->report->nr_targets; i++) {
		const struct dcbs_target *target = &t->report->targets[i];

		if (!target->parent || !has_failed(target) || !format_end(words, sizeof(words), target))
			continue;
		if (failed++ < MOST_CHILDREN)
			text_lines_paragraph(t, "Process %d (%s) ended: %s.", (int)target->pid, target->comm, words);
	}
	if (failed > MOST_CHILDREN)
		text_lines_paragraph(t, "%s more ended with another status than 0.", human_exact(failed - MOST_CHILDREN).text);
}
