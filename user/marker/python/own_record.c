// SPDX-License-Identifier: MIT
/*
 * own_record.c - begin and end of a section as the process records them itself.
 *
 * Times mean what the profiler's do. A thread's wall time belongs to its innermost open section; a
 * section's total is the time it was open on a thread, recursion counted once; where sections end in
 * any order, as those of interleaved coroutines do, the eldest that is left takes over.
 */
#include <pthread.h>
#include <stdlib.h>

#include "own_record.h"
#include "vdso_clock.h"

/* How many enclosing sections are told that one has ended: neither deep recursion nor thousands of tasks must make an end slow. */
#define NESTED_LEVELS 16

/* A thread. Never freed, but used again: a call may end after its thread did. */
struct lane {
	struct call *innermost;
	uint64_t last_ns;	/* of the last begin or end */
	struct lane *next;
	bool gone;		/* its thread has ended; the only field that is written without the GIL */
};

static __thread struct lane *lane_here __attribute__((tls_model("initial-exec")));
static struct lane *lanes;
static pthread_key_t at_thread_exit;

static void thread_exit(void *lane)
{
	__atomic_store_n(&((struct lane *)lane)->gone, true, __ATOMIC_RELEASE);
}

static struct lane *lane_again(void)
{
	struct lane *lane;

	for (lane = lanes; lane; lane = lane->next)
		if (__atomic_load_n(&lane->gone, __ATOMIC_ACQUIRE) && !lane->innermost)
			return lane;
	return NULL;
}

static cold struct lane *lane_make(void)
{
	struct lane *lane = lane_again();

	if (!lane) {
		lane = calloc(1, sizeof(*lane));
		if (!lane)
			return NULL;
		lane->next = lanes;
		lanes = lane;
	}
	lane->gone = false;
	pthread_setspecific(at_thread_exit, lane);
	lane_here = lane;
	return lane;
}

/* The child keeps what was recorded: it is its copy of the parent's figures, as every object is. Its threads are gone. */
static void after_fork_child(void)
{
	struct lane *lane;

	rss_forget();
	for (lane = lanes; lane; lane = lane->next)
		if (lane != lane_here)
			lane->gone = true;
}

int record_start(void)
{
	static bool started;

	if (started)
		return 0;
	if (pthread_key_create(&at_thread_exit, thread_exit) || pthread_atfork(NULL, NULL, after_fork_child)) {
		PyErr_SetString(PyExc_OSError, "no thread-specific data left");
		return -1;
	}
	started = true;
	return 0;
}

static inline void charge(struct lane *lane, uint64_t now)
{
	if (lane->innermost)
		lane->innermost->self_ns += now - lane->last_ns;
	lane->last_ns = now;
}

/* A size that is too old is read before the section begins, not within it. */
static inline uint64_t begin_ns(void)
{
	uint64_t now = now_ns();

	if (likely(now - rss_last.at_ns < RSS_AGE_AT_BEGIN_NS))
		return now;
	rss_read(now);
	return now_ns();
}

enum here { NOT_OPEN_HERE, OPEN_HERE, MAYBE_OPEN_HERE };

/* Counts one that begins, and says whether others are open on its lane. */
static inline enum here spread_begin(struct spread *s, const struct lane *lane)
{
	if (likely(!s->open++)) {
		s->lane = lane;
		return NOT_OPEN_HERE;
	}
	if (likely(s->lane == lane))
		return OPEN_HERE;
	if (!s->lane)
		return MAYBE_OPEN_HERE;
	s->lane = NULL;
	return NOT_OPEN_HERE;
}

static cold void look_below(const struct call *c, enum here *row, enum here *owner)
{
	bool row_found = false, owner_found = false;
	const struct call *b;

	for (b = c->below; b && !row_found; b = b->below) {
		row_found = b->row == c->row;
		owner_found |= b->row->owner == c->row->owner;
	}
	*row = row_found ? OPEN_HERE : NOT_OPEN_HERE;
	*owner = owner_found ? OPEN_HERE : NOT_OPEN_HERE;
}

static inline void find_outermost(struct call *c)
{
	enum here row = spread_begin(&c->row->spread, c->lane), owner = spread_begin(&c->row->owner->spread, c->lane);

	if (unlikely(row == MAYBE_OPEN_HERE || owner == MAYBE_OPEN_HERE))
		look_below(c, &row, &owner);
	c->outer_ns = row == OPEN_HERE ? 0 : c->begin_ns;
	c->root_ns = owner == OPEN_HERE ? 0 : c->begin_ns;
}

void record_begin(struct call *c, struct row *row)
{
	struct lane *lane = likely(lane_here) ? lane_here : lane_make();

	c->row = likely(lane) ? row : NULL;
	c->lane = lane;
	if (unlikely(!c->row))
		return;
	c->begin_ns = begin_ns();
	c->self_ns = 0;
	c->rss_bytes = rss_last.bytes;
	charge(lane, c->begin_ns);
	c->below = lane->innermost;
	c->above = NULL;
	if (c->below)
		c->below->above = c;
	lane->innermost = c;
	find_outermost(c);
}

/* An outermost section has left while others are open above it. */
static cold void pass_on(const struct call *c, uint64_t now)
{
	bool outer = c->outer_ns && c->row->spread.open, root = c->root_ns && c->row->owner->spread.open;
	struct call *a;

	for (a = c->above; a && (outer || root); a = a->above) {
		if (root && a->row->owner == c->row->owner) {
			a->root_ns = now;
			root = false;
		}
		if (outer && a->row == c->row) {
			a->outer_ns = now;
			outer = false;
		}
	}
}

static void unlink_call(struct call *c)
{
	if (c->below)
		c->below->above = c->above;
	if (c->above)
		c->above->below = c->below;
	else
		c->lane->innermost = c->below;
}

static inline void tell_enclosing(const struct call *c, uint64_t duration_ns)
{
	bool again = false;
	int levels = NESTED_LEVELS;
	const struct call *b;

	for (b = c->below; b && levels; b = b->below, levels--) {
		if (b->row == c->row)
			again = true;
		else if (b->outer_ns)
			row_add_nested(b->row, c->row, duration_ns, c->self_ns, again);
	}
}

static void add_rss(struct figures *f, const struct call *c, uint64_t now)
{
	uint64_t bytes;

	if (unlikely(now - rss_last.at_ns >= RSS_AGE_AT_END_NS))
		rss_read(now);
	bytes = rss_last.bytes;
	if (unlikely(!bytes))
		return;
	if (likely(c->rss_bytes) && c->outer_ns == c->begin_ns)
		f->rss_growth_bytes += (int64_t)(bytes - c->rss_bytes);
	f->rss_samples++;
	f->rss_sum_bytes += bytes;
	if (bytes < f->rss_min_bytes)
		f->rss_min_bytes = bytes;
	if (bytes > f->rss_max_bytes)
		f->rss_max_bytes = bytes;
}

static inline void add_times(struct figures *f, const struct call *c, uint64_t now, uint64_t duration_ns)
{
	f->count++;
	f->primitive += c->outer_ns == c->begin_ns;
	f->sum_ns += duration_ns;
	f->self_ns += c->self_ns;
	if (c->outer_ns)
		f->total_ns += now - c->outer_ns;
	if (c->root_ns)
		f->root_ns += now - c->root_ns;
	if (duration_ns < f->min_ns)
		f->min_ns = duration_ns;
	if (duration_ns > f->max_ns)
		f->max_ns = duration_ns;
}

void record_end(struct call *c, bool failed)
{
	uint64_t now, duration_ns;
	struct row *row = c->row;

	if (unlikely(!row))
		return;
	now = now_ns();
	duration_ns = now - c->begin_ns;
	charge(c->lane, now);
	unlink_call(c);
	row->spread.open--;
	row->owner->spread.open--;
	if (unlikely(c->above))
		pass_on(c, now);
	tell_enclosing(c, duration_ns);
	add_times(&row->figures, c, now, duration_ns);
	add_rss(&row->figures, c, now);
	buckets_add(&row->buckets, duration_ns);
	row->figures.errors += failed;
	c->row = NULL;
}

void record_items(const struct call *c, uint64_t n)
{
	uint64_t *items;

	if (!c->row)
		return;
	items = &c->row->figures.items;
	*items = n > UINT64_MAX - *items ? UINT64_MAX : *items + n;
}

void record_move(struct call *to, struct call *from)
{
	*to = *from;
	if (!to->row)
		return;
	from->row = NULL;
	if (to->below)
		to->below->above = to;
	if (to->above)
		to->above->below = to;
	else
		to->lane->innermost = to;
}

bool record_is_here(const struct call *c)
{
	return c->lane == lane_here;
}
