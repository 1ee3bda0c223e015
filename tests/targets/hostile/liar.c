// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * liar.c - a target that writes into its own record and table of names, where only the library should.
 *
 *     liar [--sections K] [--skip N] [--names N] [--dirty-names]
 *
 * "before" and "after" run K times each. Between the two, --skip advances `head` by N events that were never written,
 * without a flush; all pages of the ring are in memory, as after a first lap. --names registers N names that no other process has and uses each once. --dirty-names fills the bytes
 * behind the end of every name with random values.
 */
#include "bpfprof/marker_abi.h"
#include "dcbs/markers.h"
#include "truth.h"

static struct truth truths[] = {{.name = "before"}, {.name = "after"}};

static void run(struct truth *truth, uint64_t times)
{
	dcbs_id id = dcbs_section_name(truth->name);

	for (; truth->count < times; truth->count++)
		dcbs_section_end(dcbs_section_begin(id));
}

/* A token leads to the record of its thread. */
static struct dcbs_record *own_record(void)
{
	dcbs_token token = dcbs_section_begin(dcbs_section_name("before"));

	dcbs_section_end(token);
	return token.record;
}

static void dirty_names(uint64_t state)
{
	struct dcbs_state *s = (void *)(uintptr_t)state;
	uint64_t chance = (uint64_t)getpid();
	unsigned int i;
	size_t j;

	for (i = DCBS_NAME_OTHER + 1; i < s->names_used; i++)
		for (j = strlen(s->names[i].text) + 1; j < DCBS_NAME_BYTES; j++)
			s->names[i].text[j] = (char)truth_random(&chance);
}

static void use_names(uint64_t names)
{
	char name[48];
	uint64_t i;

	for (i = 0; i < names; i++) {
		snprintf(name, sizeof(name), "own-%d-%" PRIu64, (int)getpid(), i);
		dcbs_section_end(dcbs_section_begin(dcbs_section_name(name)));
	}
}

static void touch_ring(const struct dcbs_record *record)
{
	size_t i;

	for (i = 0; i < DCBS_RING; i++)
		(void)((const volatile struct dcbs_event *)record->ring)[i].end_ns;
}

int main(int argc, char **argv)
{
	uint64_t sections = 100, skip = 0, names = 0;
	bool dirty = false;
	const struct truth_option options[] = {
		{.name = "--sections", .number = &sections},
		{.name = "--skip", .number = &skip},
		{.name = "--names", .number = &names},
		{.name = "--dirty-names", .flag = &dirty},
		{0},
	};
	struct dcbs_record *record = own_record();

	truth_options(argc, argv, options);
	dcbs_section_name("after");
	if (dirty)
		dirty_names(record->state);
	truth_gate();
	run(&truths[0], sections);
	touch_ring(record);
	record->head += skip;
	use_names(names);
	run(&truths[1], sections);
	truth_open();
	truth_number("skipped", skip);
	truth_sections(truths, 2);
	truth_close();
	return 0;
}
