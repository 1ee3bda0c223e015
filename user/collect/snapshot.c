// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * snapshot.c - copies the figures out of the maps and adds what only the targets' memory holds: the
 * sections that are still open, and what a ring holds that no BPF program could read.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "collect/kernel/program_copies.h"
#include "collect/overhead/gaps.h"
#include "collect/stats/read_ledgers.h"
#include "host/bpf_stats.h"
#include "collect/samples/sampler.h"
#include "collect/state.h"
#include "collect/children/process_facts.h"
#include "base/error.h"

struct build {
	struct session *session;
	struct snapshot *snap;
	const struct target *target;
	__u64 start_ns;			/* of the window, or of the target's life */
	struct thread_view *views;	/* how far the rings have been read */
	size_t nr_views;
	bool ended;			/* the window has: what is left in the rings now is left over */
};

void snapshot_free(struct snapshot *snap)
{
	size_t i;

	if (!snap)
		return;
	for (i = 0; i < snap->nr_sections; i++)
		free(snap->sections[i]);
	for (i = 0; i < snap->nr_notes; i++)
		free(snap->notes[i]);
	free(snap->sections);
	free(snap->threads);
	for (i = 0; i < snap->nr_frames; i++) {
		free(snap->frames[i].function);
		free(snap->frames[i].file);
	}
	for (i = 0; i < snap->nr_stacks; i++)
		free(snap->stacks[i].frames);
	free(snap->frames);
	free(snap->stacks);
	for (i = 0; i < snap->nr_targets; i++)
		free(snap->targets[i].command);
	free(snap->notes);
	for (i = 0; i < snap->nr_reduced; i++)
		free(snap->reduced[i]);
	free(snap->reduced);
	free(snap->targets);
	free(snap->shares);
	free(snap);
}

static struct snapshot_section *add_section(struct snapshot *snap, const struct section_name *name)
{
	struct snapshot_section *section_id = calloc(1, sizeof(*section_id));

	if (!section_id)
		return NULL;
	memcpy(section_id->name, name->text, sizeof(section_id->name));
	section_id->name[sizeof(section_id->name) - 1] = 0;
	section_id->kind = name->kind;
	snap->sections[snap->nr_sections++] = section_id;
	return section_id;
}

static struct snapshot_section *find_section(struct snapshot *snap, const struct section_name *name)
{
	size_t i;

	for (i = 0; i < snap->nr_sections; i++)
		if (snap->sections[i]->kind == name->kind && !strcmp(snap->sections[i]->name, name->text))
			return snap->sections[i];
	return NULL;
}

/* The section_id of a name; made if it is new, which is so for a section that no call of has ended yet. NULL: no room. */
static struct snapshot_section *get_section(struct snapshot *snap, const struct section_name *name)
{
	struct snapshot_section *section_id = find_section(snap, name);

	if (section_id)
		return section_id;
	return snap->nr_sections < BPFPROF_SECTIONS ? add_section(snap, name) : NULL;
}

/*
 * Adds a section_id of the same name: the kernel tells names apart by all their bytes, also those that a
 * process has put behind the end. All fields but the extremes are sums.
 */
static void merge_stat(struct section_stat *to, const struct section_stat *from)
{
	const __u64 *add = &from->count, *end = (const __u64 *)(from + 1);
	__u64 max = to->max_ns > from->max_ns ? to->max_ns : from->max_ns;
	__u64 min_inv = to->min_inv_ns > from->min_inv_ns ? to->min_inv_ns : from->min_inv_ns;
	__u64 size_max = to->size_max > from->size_max ? to->size_max : from->size_max;
	__u64 rss_max = to->rss_max > from->rss_max ? to->rss_max : from->rss_max;
	__u64 rss_min_inv = to->rss_min_inv > from->rss_min_inv ? to->rss_min_inv : from->rss_min_inv;
	__u64 size_last = from->sizes ? from->size_last : to->size_last;
	__u64 *sum = &to->count;

	to->sampled |= from->sampled;
	for (; add < end; add++, sum++)
		if (*add)	/* pages of zeros need not be there */
			*sum += *add;
	to->max_ns = max;
	to->min_inv_ns = min_inv;
	to->size_max = size_max;
	to->size_last = size_last;
	to->rss_max = rss_max;
	to->rss_min_inv = rss_min_inv;
}

static struct snapshot_section *section_id_of(struct build *b, __u32 id)
{
	struct section_name key = {};
	struct dcbs_name name;

	if (id >= DCBS_NAMES || !id || target_read(b->target, b->target->state + offsetof(struct dcbs_state, names) +
						   id * sizeof(name), &name, sizeof(name)) || !name.kind)
		return NULL;
	memcpy(key.text, name.text, sizeof(key.text));
	key.text[sizeof(key.text) - 1] = 0;
	key.kind = name.kind;
	return get_section(b->snap, &key);
}

static __u16 index_of(const struct snapshot *snap, const struct snapshot_section *section_id)
{
	size_t i;

	for (i = 0; i < snap->nr_sections; i++)
		if (snap->sections[i] == section_id)
			return (__u16)i;
	return SNAPSHOT_OUTSIDE;
}

static bool same_name_below(const struct dcbs_record *r, unsigned int i)
{
	unsigned int below = dcbs_use_below(r->slots[i].use), left = DCBS_SLOTS;

	for (; below && left--; below = dcbs_use_below(r->slots[below].use))
		if (r->slots[below].name == r->slots[i].name)
			return true;
	return false;
}

/* Begun under another profiler, before our window: what it had taken by then is not ours. */
static __u64 self_in_window(const struct build *b, const struct dcbs_slot *s)
{
	__u64 before = 0;

	bpf_map_lookup_elem(bpf_map__fd(b->session->skel->maps.begun), &s->start_ns, &before);
	return s->self_ns > before ? s->self_ns - before : 0;
}

/*
 * An open section has taken the time since it began, or since the window did. Until the thread's
 * first begin or end in the window (last_ns is 0) only the list of open sections is kept.
 */
static void add_open(struct build *b, const struct dcbs_record *r, unsigned int i)
{
	const struct dcbs_slot *s = &r->slots[i];
	__u64 window = b->start_ns, end = b->snap->end_ns, start = s->start_ns > window ? s->start_ns : window;
	__u64 last = r->last_ns > window ? r->last_ns : window, self = r->last_ns ? s->self_ns : 0, total = 0;
	struct snapshot_section *section_id;

	if (s->use & DCBS_USE_ENDED || start > end || !(section_id = section_id_of(b, s->name)))
		return;
	if (r->last_ns && s->flags & DCBS_SELF_FROM_0)
		self = self > window ? self - window : 0;
	else if (s->start_ns && s->start_ns < window)
		self = self_in_window(b, s);
	if (i == r->innermost && end > last)
		self += end - last;
	section_id->open++;
	section_id->stat.items += s->items;
	self = self < end - start ? self : end - start;
	if (r->last_ns ? s->flags & DCBS_OUTERMOST : !same_name_below(r, i))
		total = end - start;
	section_id->stat.self_ns += self;
	section_id->stat.total_ns += total;
	shares_add_open(b->snap, b->target, index_of(b->snap, section_id), total, self);
}

static const struct thread_view *find_view(const struct build *b, __u64 record)
{
	size_t i;

	for (i = 0; i < b->nr_views; i++)
		if (b->views[i].record == record)
			return &b->views[i];
	return NULL;
}

static void add_leftover(struct build *b, const struct dcbs_event *e)
{
	struct snapshot_section *section_id;
	struct section_stat *stat;

	if (e->kind != DCBS_EVENT_SECTION || e->end_ns < b->start_ns || e->end_ns > b->snap->end_ns ||
	    e->flags & (DCBS_NO_START | DCBS_OPEN_AT_EXIT) || e->value_ns > e->end_ns || !(section_id = section_id_of(b, e->name)))
		return;
	stat = &section_id->stat;
	stat->count++;
	stat->sum_ns += e->value_ns;
	stat->self_ns += e->self_ns;
	stat->items += e->items;
	if (e->flags & DCBS_OUTERMOST)
		stat->total_ns += e->value_ns;
	if (e->flags & DCBS_ERROR)
		stat->errors++;
	if (e->value_ns > stat->max_ns)
		stat->max_ns = e->value_ns;
	if (~e->value_ns > stat->min_inv_ns)
		stat->min_inv_ns = ~e->value_ns;
	if (e->value_ns)
		stat->buckets[hist_place(e->value_ns)]++;
	else
		stat->zero_count++;
}

/* What the BPF programs have not read of a ring by the end: its pages were swapped out, or its thread was frozen. */
static void add_leftovers(struct build *b, __u64 address, const struct dcbs_record *r)
{
	const struct thread_view *view = find_view(b, address);
	__u64 i;

	if (!view || r->head <= view->consumed || r->head - view->consumed > DCBS_RING)
		return;
	for (i = view->consumed; i < r->head; i++)
		add_leftover(b, &r->ring[i & (DCBS_RING - 1)]);
}

/* A section that ended after the window closed, but before we read the record, was open at its end. */
static void add_straddlers(struct build *b, const struct dcbs_record *r)
{
	__u64 i, first = r->head > DCBS_RING ? r->head - DCBS_RING : 0;

	for (i = first; i < r->head; i++) {
		const struct dcbs_event *e = &r->ring[i & (DCBS_RING - 1)];
		__u64 end = b->snap->end_ns, start = e->flags & DCBS_NO_START ? 0 : e->end_ns - e->value_ns;
		struct snapshot_section *section_id;

		if (e->kind != DCBS_EVENT_SECTION || e->flags & DCBS_AFTER_EXIT || e->end_ns <= end || start > end || !(section_id = section_id_of(b, e->name)))
			continue;
		if (start < b->start_ns)
			start = b->start_ns;
		section_id->open++;
		if (e->flags & DCBS_OUTERMOST)
			section_id->stat.total_ns += end - start;
	}
}

static int visit_record(void *ctx, __u64 address, const struct dcbs_record *r)
{
	unsigned int i = r->innermost, left = DCBS_SLOTS;
	struct build *b = ctx;

	for (; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use))
		add_open(b, r, i);
	if (b->ended) {
		add_leftovers(b, address, r);
		add_straddlers(b, r);
	}
	return 0;
}

/* section_index[section_id]: where the kernel's section_id has gone. */
static int copy_sections(struct session *session, struct snapshot *snap, __u16 *section_index)
{
	size_t used = stat_maps_used(session);
	__u32 section_id;
	int err = stat_maps_reach(session, used);

	if (err)
		return err;
	snap->sections = calloc(BPFPROF_SECTIONS, sizeof(*snap->sections));
	if (!snap->sections)
		return fail(-ENOMEM, "out of memory");
	for (section_id = SECTION_OTHER; section_id < used; section_id++) {
		struct snapshot_section *same;
		struct section_name name;

		if (bpf_map_lookup_elem(bpf_map__fd(session->skel->maps.section_names), &section_id, &name) || !name.kind)
			continue;
		name.text[sizeof(name.text) - 1] = 0;
		same = find_section(snap, &name);
		if (!same)
			same = add_section(snap, &name);
		if (!same)
			return fail(-ENOMEM, "out of memory");
		section_index[section_id] = index_of(snap, same);
		merge_stat(&same->stat, &session->stats[section_id]);
		ledger_merge(&same->ledger, &session->ledgers[section_id]);
		same->probe_ns = native_probe_ns(session, section_id);
	}
	for (section_id = 0; section_id < snap->nr_sections; section_id++) {
		ledger_scale_waits(&snap->sections[section_id]->ledger, snap->wait_scale);
		snap->sections[section_id]->open = snap->sections[section_id]->stat.open;
	}
	return 0;
}

static int copy_notes(const struct session *session, struct snapshot *snap)
{
	size_t i;

	snap->notes = calloc(SESSION_NOTES, sizeof(*snap->notes));
	for (i = 0; snap->notes && i < session->nr_notes; i++)
		if ((snap->notes[i] = strdup(session->notes[i])))
			snap->nr_notes++;
	snap->reduced = calloc(SESSION_REDUCED, sizeof(*snap->reduced));
	for (i = 0; snap->reduced && i < session->nr_reduced; i++)
		if ((snap->reduced[i] = strdup(session->reduced[i])))
			snap->nr_reduced++;
	return snap->notes && snap->reduced ? 0 : fail(-ENOMEM, "out of memory");
}

static void copy_costs(const struct session *session, struct snapshot *snap)
{
	snap->bpf_ns_per_flush = bpf_stats_run_ns(session->skel->progs.on_flush);
	snap->bpf_ns_per_switch = bpf_stats_run_ns(session->skel->progs.on_switch);
	snap->bpf_ns_per_tick = bpf_stats_run_ns(session->skel->progs.on_tick);
	snap->bpf_ns_per_sample = session->sampler ? bpf_stats_run_ns(session->skel->progs.on_sample) : NAN;
	snap->trap_ns = session->trap_ns;
	snap->trace_ns = session->trace_ns;
	snap->page_touch_ns = session->page_touch_ns;
	snap->clock_read_ns = session->clock_read_ns;
	snap->bpf_ns_per_waking = bpf_stats_run_ns(session->skel->progs.on_wakeup) +
				  bpf_stats_run_ns(session->skel->progs.on_waking);
	snap->bpf_ns_per_rss_event = bpf_stats_run_ns(session->skel->progs.on_rss);
}

static void copy_memory(const struct session *session, struct snapshot *snap)
{
	struct rusage usage;

	if (!getrusage(RUSAGE_SELF, &usage))
		snap->profiler_bytes = (__u64)usage.ru_maxrss << 10;
	snap->maps_bytes = stat_maps_kernel_bytes(session);
	snap->thread_bytes = stat_maps_thread_bytes(session);
}

static void copy_misses(const struct session *session, struct snapshot *snap)
{
	const struct bpfprof *skel = session->skel;

	snap->missed_ends = again_missed(skel, skel->progs.on_exit) + bpf_stats_missed(skel->progs.on_do_exit);
	snap->missed_starts = again_missed(skel, skel->progs.on_fork) + again_missed(skel, skel->progs.on_exec) +
			      again_missed(skel, skel->progs.on_prepare_exec) + bpf_stats_missed(skel->progs.on_begin_exec);
	snap->begun_missed = session->begun_missed;
	snap->baselines_missed = session->baselines_missed;
	snap->missed_pages = bpf_stats_missed(skel->progs.on_rss) + bpf_stats_missed(skel->progs.on_map);
}

static int fill(struct session *session, struct snapshot *snap)
{
	struct build b = {.session = session, .snap = snap};
	const struct window *window = &session->skel->bss->window;
	__u16 section_index[BPFPROF_SECTIONS];
	size_t i;
	int err;

	memset(section_index, 0xff, sizeof(section_index));
	snap->frequency_hz = session->opts.frequency_hz;
	snap->start_ns = window->start_ns;
	snap->end_ns = window->end_ns ? window->end_ns : clock_now_ns();
	snap->started_at = session->started_at;
	snap->ended_by = session->ended_by;
	b.nr_views = session_list(session, &b.views);
	b.ended = window->end_ns;
	(window->end_ns ? sampler_end : sampler_poll)(session->sampler);	/* the list sends the stacks of those that wait */
	err = ledger_copy(session, snap, b.views, b.nr_views);
	if (!err)
		err = copy_sections(session, snap, section_index);
	if (!err)
		gaps_fill(session, snap, section_index);
	if (!err)
		err = sampler_copy(session->sampler, snap, section_index);
	if (!err)
		err = shares_copy(session, snap, section_index);
	for (i = 0; i < session->nr_targets && !err; i++) {
		b.target = &session->targets[i];
		b.start_ns = b.target->born_ns > snap->start_ns ? b.target->born_ns : snap->start_ns;
		if (!session->targets[i].ended)
			target_each_record(b.target, visit_record, &b);
	}
	free(b.views);
	if (b.ended)
		stacks_note_missing(session);
	if (!err)
		err = copy_notes(session, snap);
	if (!err) {
		copy_costs(session, snap);
		copy_memory(session, snap);
	copy_misses(session, snap);
	}
	return err;
}

int session_snapshot(struct session *session, struct snapshot **result)
{
	struct snapshot *snap = calloc(1, sizeof(*snap));
	int err = snap ? fill(session, snap) : fail(-ENOMEM, "out of memory");

	if (err) {
		snapshot_free(snap);
		return err;
	}
	*result = snap;
	return 0;
}
