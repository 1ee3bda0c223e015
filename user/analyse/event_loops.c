// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* event_loops.c - see event_loops.h. A function holds a loop if it is the innermost one of Python on a stack of that time. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/event_loops.h"
#include "analyse/sums/ledger.h"
#include "base/clock.h"
#include "base/sanitize.h"

#define TEXT_BYTES 4096
#define MOST_HOLDERS 8
#define STEP_TICKS 6.0	/* one before and one after those that see a step: each up to twice a period of 1 / 0.7, see tick_jitter.h */

/* The samples of a function, or of one line of it, in the time in which a loop was held. */
struct holder {
	const struct snapshot_frame *frame;	/* of the line with the most time; NULL: no samples */
	double seconds, variance;
	double line_s;		/* of that line */
	double step_s;		/* the longest step that it was found in */
};

/* ---- samples ---- */

/* Returns the frame of the function that a stack is charged to; NULL: the stack is empty. */
static const struct snapshot_frame *holding_frame(const struct snapshot *snap, const struct snapshot_stack *stack)
{
	const struct snapshot_frame *frame;
	__u32 i;

	for (i = 0; i < stack->nr_frames; i++) {
		frame = &snap->frames[stack->frames[i]];
		if (frame->python)
			return frame;
	}
	return stack->nr_frames ? &snap->frames[stack->frames[0]] : NULL;
}

static void add_stack(struct holder *to, const struct snapshot *snap, const struct snapshot_stack *stack)
{
	double tick_s = snap->frequency_hz ? 1.0 / snap->frequency_hz : 0;

	to->seconds += (double)stack->cpu_samples * tick_s + ledger_off_ns(stack->off_ns) * S_PER_NS;
	to->variance += stack->cpu_samples2 * tick_s * tick_s + stack->off_ns2 * S_PER_NS * S_PER_NS;
	to->step_s = fmax(to->step_s, (double)stack->step_ns * S_PER_NS);
}

static int by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int function_order(const struct holder *x, const struct holder *y)
{
	int order;

	if (!x->frame || !y->frame)
		return !x->frame - !y->frame;
	order = by_text(x->frame->file, y->frame->file);
	if (!order)
		order = by_text(x->frame->function, y->frame->function);
	return order ? order : (x->frame->first_line > y->frame->first_line) - (x->frame->first_line < y->frame->first_line);
}

static int by_function(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;
	int order = function_order(x, y);

	return order || !x->frame ? order : (x->frame->line > y->frame->line) - (x->frame->line < y->frame->line);
}

static int longest_first(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->seconds != y->seconds)
		return x->seconds < y->seconds ? 1 : -1;
	return by_function(a, b);
}

/* Adds up the lines of each function. Returns the number of functions. */
static size_t merge_lines(struct holder *holders, size_t nr)
{
	size_t i, n = 0;

	qsort(holders, nr, sizeof(*holders), by_function);
	for (i = 0; i < nr && holders[i].frame; i++) {
		struct holder *to = n ? &holders[n - 1] : NULL, line = holders[i];

		line.line_s = line.seconds;
		if (!to || function_order(to, &line)) {
			holders[n++] = line;
			continue;
		}
		to->seconds += line.seconds;
		to->variance += line.variance;
		to->step_s = fmax(to->step_s, line.step_s);
		if (line.line_s > to->line_s) {
			to->line_s = line.line_s;
			to->frame = line.frame;
		}
	}
	return n;
}

/* Returns the functions of a loop's samples, those with the most time first; NULL: no memory. *nr: how many. */
static struct holder *find_holders(const struct snapshot *snap, __u32 loop, size_t *nr)
{
	struct holder *holders = calloc(snap->nr_frames + 1, sizeof(*holders));
	const struct snapshot_frame *frame;
	size_t i;

	for (i = 0; holders && i < snap->nr_stacks; i++) {
		frame = snap->stacks[i].loop == loop ? holding_frame(snap, &snap->stacks[i]) : NULL;
		if (!frame)
			continue;
		holders[frame - snap->frames].frame = frame;
		add_stack(&holders[frame - snap->frames], snap, &snap->stacks[i]);
	}
	if (!holders)
		return NULL;
	*nr = merge_lines(holders, snap->nr_frames);
	qsort(holders, *nr, sizeof(*holders), longest_first);
	return holders;
}

/* ---- the report ---- */

static char *copy_text(const char *raw)
{
	return sanitize(raw ? raw : "(unknown)", TEXT_BYTES);
}

/* Samples divide the exact time for which the loop was held among themselves. */
static int fill_holder(struct dcbs_loop_holder *to, const struct holder *from, double seconds, double held_s)
{
	double scale = seconds > 0 ? held_s / seconds : 0;

	*to = (struct dcbs_loop_holder) {
		.function = copy_text(from->frame->function), .file = from->frame->file ? copy_text(from->frame->file) : NULL,
		.line = from->frame->first_line ? from->frame->first_line : DCBS_UNKNOWN,
		.hot_line = from->frame->line ? from->frame->line : DCBS_UNKNOWN,
		.held_s = from->seconds * scale, .error_s = sqrt(from->variance) * scale,
		.share = seconds > 0 ? from->seconds / seconds : NAN, .step_s = from->step_s > 0 ? from->step_s : NAN,
	};
	return to->function && (to->file || !from->frame->file) ? 0 : -ENOMEM;
}

static bool is_listed(const struct holder *holders, size_t i, size_t longest)
{
	return holders[i].seconds > 0 && (i < MOST_HOLDERS - 1 || i == longest);
}

static int add_holders(struct dcbs_event_loop *to, const struct snapshot *snap, __u32 number)
{
	size_t i, nr = 0, longest = 0;
	struct holder *holders = find_holders(snap, number, &nr);
	double seconds = 0;
	int err = 0;

	to->holders = calloc(MOST_HOLDERS, sizeof(*to->holders));
	for (i = 0; holders && i < nr; i++) {
		seconds += holders[i].seconds;
		if (holders[i].step_s > holders[longest].step_s)
			longest = i;
	}
	for (i = 0; holders && to->holders && i < nr && !err; i++)
		if (is_listed(holders, i, longest))
			err = fill_holder(&to->holders[to->nr_holders++], &holders[i], seconds, to->held_s);
	err = holders && to->holders ? err : -ENOMEM;
	free(holders);
	return err;
}

/* Counters are read while they change: parts are not above their whole. */
static void fill_waits(struct dcbs_event_loop *to, const struct event_loop *f)
{
	double *parts[LOOP_WAITS] = {&to->network_s, &to->timer_s, &to->thread_s, &to->pipe_s}, sum_s = 0, scale;
	int i;

	for (i = 0; i < LOOP_WAITS; i++)
		sum_s += (double)f->waited_for_ns[i] * S_PER_NS;
	scale = sum_s > to->waited_s ? to->waited_s / sum_s : 1;
	for (i = 0; i < LOOP_WAITS; i++)
		*parts[i] = (double)f->waited_for_ns[i] * S_PER_NS * scale;
}

static int fill_loop(struct dcbs_event_loop *to, const struct snapshot *snap, const struct snapshot_event_loop *from)
{
	const struct event_loop *f = &from->figures;
	double all_ns = (double)f->waited_ns + (double)f->held_ns;
	struct dcbs_spread hold;
	int err = ledger_spread(&hold, f->holds, f->hold_max_ns, 0);

	if (err)
		return err;
	free(hold.histogram.buckets);
	*to = (struct dcbs_event_loop) {
		.pid = (pid_t)f->pid, .tid = (pid_t)f->tid, .name = sanitize(f->comm, sizeof(f->comm)),
		.waited_s = (double)f->waited_ns * S_PER_NS, .held_s = (double)f->held_ns * S_PER_NS,
		.busy_share = (double)f->held_ns / all_ns,
		.in_flight = (double)f->flows_ns / all_ns, .in_flight_most = (int64_t)f->flows_most,
		.holds = hold.calls, .hold_p50_s = hold.p50 * S_PER_NS, .hold_p99_s = hold.p99 * S_PER_NS,
		.hold_max_s = hold.max * S_PER_NS, .hold_in_flight = hold.calls ? (int64_t)f->hold_max_flows : DCBS_UNKNOWN,
		.step_max_s = f->steps ? (double)f->step_max_ns * S_PER_NS : NAN,
		.step_error_s = f->steps ? STEP_TICKS / TICK_HZ : NAN,
		.step_in_flight = f->step_max_ns ? (int64_t)f->step_max_flows : DCBS_UNKNOWN,
	};
	fill_waits(to, f);
	return to->name ? add_holders(to, snap, from->number) : -ENOMEM;
}

/* The loop with the most coroutines in flight first. */
static int most_in_flight_first(const void *a, const void *b)
{
	const struct dcbs_event_loop *x = a, *y = b;
	double x_s = x->in_flight * (x->waited_s + x->held_s), y_s = y->in_flight * (y->waited_s + y->held_s);

	if (x_s != y_s)
		return x_s < y_s ? 1 : -1;
	return x->pid != y->pid ? x->pid - y->pid : x->tid - y->tid;
}

int event_loops_fill(struct dcbs_report *r, const struct snapshot *snap)
{
	size_t i;

	r->more_event_loops = (int64_t)snap->more_event_loops;
	r->event_loops = calloc(snap->nr_event_loops + 1, sizeof(*r->event_loops));
	if (!r->event_loops)
		return -ENOMEM;
	for (i = 0; i < snap->nr_event_loops; i++) {
		r->nr_event_loops++;
		if (fill_loop(&r->event_loops[i], snap, &snap->event_loops[i]))
			return -ENOMEM;
	}
	qsort(r->event_loops, r->nr_event_loops, sizeof(*r->event_loops), most_in_flight_first);
	return 0;
}

void event_loops_free(struct dcbs_report *r)
{
	size_t i, k;

	for (k = 0; k < r->nr_event_loops; k++) {
		struct dcbs_event_loop *loop = &r->event_loops[k];

		for (i = 0; i < loop->nr_holders; i++) {
			free(loop->holders[i].function);
			free(loop->holders[i].file);
		}
		free(loop->holders);
		free(loop->name);
	}
	free(r->event_loops);
}
