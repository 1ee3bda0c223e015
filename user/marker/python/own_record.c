// SPDX-License-Identifier: MIT
/*
 * own_record.c - see own_record.h.
 *
 * Times have the same meaning as in the profiler. The wall time of a flow, which is a thread or a context on it, belongs to
 * its innermost open section. A section's total is the time it was open in a flow, recursion counted once; those of several
 * flows add up. If sections of a flow end in any order, the eldest open one becomes the outermost.
 */
#include <pthread.h>
#include <stdlib.h>

#include "flows/context.h"
#include "own_record.h"
#include "rss_reader.h"
#include "vdso_clock.h"

/* An end is added to at most this many enclosing sections, so that neither deep recursion nor thousands of tasks make it slow. */
#define NESTED_LEVELS 16

static __thread struct own_thread *this_thread __attribute__((tls_model("initial-exec")));
static struct own_thread *threads;
static pthread_key_t at_thread_exit;

static void on_thread_exit(void *thread)
{
	__atomic_store_n(&((struct own_thread *)thread)->ended, true, __ATOMIC_RELEASE);
}

static struct own_thread *find_unused_thread(void)
{
	struct own_thread *thread;

	for (thread = threads; thread; thread = thread->next)
		if (__atomic_load_n(&thread->ended, __ATOMIC_ACQUIRE) && !thread->first.innermost && !thread->flows)
			return thread;
	return NULL;
}

static cold struct own_thread *make_thread(void)
{
	struct own_thread *thread = find_unused_thread();

	if (!thread) {
		thread = calloc(1, sizeof(*thread));
		if (!thread)
			return NULL;
		thread->first.thread = thread;
		thread->next = threads;
		threads = thread;
	}
	thread->ended = false;
	section_figures_begin(now_ns());
	pthread_setspecific(at_thread_exit, thread);
	this_thread = thread;
	return thread;
}

/* The child keeps its copy of the parent's figures, as of every object. It has only the thread that forked. */
static void after_fork_in_child(void)
{
	struct own_thread *thread;

	rss_reader_forget();
	for (thread = threads; thread; thread = thread->next)
		if (thread != this_thread)
			thread->ended = true;
}

int own_record_start(void)
{
	static bool started;

	if (started)
		return 0;
	if (pthread_key_create(&at_thread_exit, on_thread_exit) || pthread_atfork(NULL, NULL, after_fork_in_child)) {
		PyErr_SetString(PyExc_OSError, "no thread-specific data left");
		return -1;
	}
	started = true;
	return 0;
}

static inline void charge_innermost(struct own_flow *flow, uint64_t now)
{
	if (flow->innermost)
		flow->innermost->self_ns += now - flow->last_ns;
	flow->last_ns = now;
}

/* Reads a size that is too old before the section begins, not within it. */
static inline uint64_t read_begin_ns(void)
{
	uint64_t now = now_ns();

	if (likely(now - rss_reader_last.at_ns < RSS_READER_AGE_AT_BEGIN_NS))
		return now;
	rss_reader_read(now);
	return now_ns();
}

enum open_here { NOT_OPEN_HERE, OPEN_HERE, MAYBE_OPEN_HERE };

/* Counts a call that begins. Returns whether others are open in its flow. */
static inline enum open_here count_open_call(struct open_calls *open, const struct own_flow *flow)
{
	if (likely(!open->count++)) {
		open->flow = flow;
		return NOT_OPEN_HERE;
	}
	if (likely(open->flow == flow))
		return OPEN_HERE;
	if (!open->flow)
		return MAYBE_OPEN_HERE;
	open->flow = NULL;
	return NOT_OPEN_HERE;
}

static cold enum open_here search_below(const struct own_call *c)
{
	const struct own_call *b;

	for (b = c->below; b; b = b->below)
		if (b->figures == c->figures)
			return OPEN_HERE;
	return NOT_OPEN_HERE;
}

static inline void set_outermost(struct own_call *c)
{
	enum open_here here = count_open_call(&c->figures->open, c->flow);

	if (unlikely(here == MAYBE_OPEN_HERE))
		here = search_below(c);
	c->outer_ns = here == OPEN_HERE ? 0 : c->begin_ns;
}

static inline struct own_flow *current_flow(PyObject *context)
{
	struct own_thread *thread = likely(this_thread) ? this_thread : make_thread();

	if (unlikely(!thread))
		return NULL;
	return likely(!context) ? &thread->first : own_flow_get(thread, context);
}

void own_record_begin(struct own_call *c, struct section_figures *figures, PyObject *context)
{
	struct own_flow *flow = likely(figures) ? current_flow(context) : NULL;

	c->figures = likely(flow) ? figures : NULL;
	c->flow = flow;
	if (unlikely(!c->figures))
		return;
	c->begin_ns = read_begin_ns();
	c->self_ns = 0;
	charge_innermost(flow, c->begin_ns);
	c->below = flow->innermost;
	c->above = NULL;
	if (c->below)
		c->below->above = c;
	flow->innermost = c;
	set_outermost(c);
	if (figures->open.count == 1)
		figures->rss_mark_bytes = rss_reader_last.bytes;
}

/* An outermost call has ended while others are open above it. */
static cold void pass_on_outermost(const struct own_call *c, uint64_t now)
{
	struct own_call *a;

	if (!c->outer_ns || !c->figures->open.count)
		return;
	for (a = c->above; a && a->figures != c->figures; a = a->above)
		;
	if (a)
		a->outer_ns = now;
}

static void unlink_call(struct own_call *c)
{
	if (c->below)
		c->below->above = c->above;
	if (c->above)
		c->above->below = c->below;
	else
		c->flow->innermost = c->below;
}

/* A thread's contexts run inside the sections of the thread itself: its event loop runs in them. */
static inline const struct own_call *enclosing_call(const struct own_call *c)
{
	const struct own_flow *first = &c->flow->thread->first;

	return likely(c->below) || likely(c->flow == first) ? c->below : first->innermost;
}

static inline void add_to_enclosing(const struct own_call *c, uint64_t duration_ns)
{
	bool recursive = false;
	int levels = NESTED_LEVELS;
	const struct own_call *b;

	for (b = enclosing_call(c); b && levels; b = enclosing_call(b), levels--) {
		if (b->figures == c->figures)
			recursive = true;
		else if (b->outer_ns)
			section_figures_add_nested(b->figures, c->figures, duration_ns, c->self_ns, recursive);
	}
}

/* Calls in several flows may be open at once. What the process grows by meanwhile counts once. */
static void add_rss_sample(struct section_figures *figures, uint64_t now)
{
	struct section_totals *f = &figures->totals;
	uint64_t bytes;

	if (unlikely(now - rss_reader_last.at_ns >= RSS_READER_AGE_AT_END_NS))
		rss_reader_read(now);
	bytes = rss_reader_last.bytes;
	if (unlikely(!bytes))
		return;
	if (likely(figures->rss_mark_bytes))
		f->rss_growth_bytes += (int64_t)(bytes - figures->rss_mark_bytes);
	figures->rss_mark_bytes = bytes;
	f->rss_samples++;
	f->rss_sum_bytes += bytes;
	if (bytes < f->rss_min_bytes)
		f->rss_min_bytes = bytes;
	if (bytes > f->rss_max_bytes)
		f->rss_max_bytes = bytes;
}

static inline void add_call_times(struct section_totals *f, const struct own_call *c, uint64_t now, uint64_t duration_ns)
{
	f->count++;
	f->primitive += c->outer_ns == c->begin_ns;
	f->sum_ns += duration_ns;
	f->self_ns += c->self_ns;
	if (c->outer_ns)
		f->total_ns += now - c->outer_ns;
	if (duration_ns < f->min_ns)
		f->min_ns = duration_ns;
	if (duration_ns > f->max_ns)
		f->max_ns = duration_ns;
}

void own_record_end(struct own_call *c, enum call_end end)
{
	uint64_t now, duration_ns;
	struct section_figures *figures = c->figures;

	if (unlikely(!figures))
		return;
	now = now_ns();
	duration_ns = now - c->begin_ns;
	charge_innermost(c->flow, now);
	unlink_call(c);
	figures->open.count--;
	if (unlikely(c->above))
		pass_on_outermost(c, now);
	add_to_enclosing(c, duration_ns);
	add_call_times(&figures->totals, c, now, duration_ns);
	add_rss_sample(figures, now);
	buckets_add(&figures->buckets, duration_ns);
	figures->totals.errors += end == CALL_FAILED;
	figures->totals.cancelled += end == CALL_CANCELLED;
	c->figures = NULL;
	if (unlikely(c->flow->context) && !c->flow->innermost)
		Py_DECREF(own_flow_end(c->flow));
}

void own_record_add_items(const struct own_call *c, uint64_t n)
{
	uint64_t *items;

	if (!c->figures)
		return;
	items = &c->figures->totals.items;
	*items = n > UINT64_MAX - *items ? UINT64_MAX : *items + n;
}

void own_record_move(struct own_call *to, struct own_call *from)
{
	*to = *from;
	if (!to->figures)
		return;
	from->figures = NULL;
	if (to->below)
		to->below->above = to;
	if (to->above)
		to->above->below = to;
	else
		to->flow->innermost = to;
}

bool own_record_is_in_this_flow(const struct own_call *c)
{
	return c->figures && this_thread && c->flow == own_flow_find(this_thread, context_follow());
}
