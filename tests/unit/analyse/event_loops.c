// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* event_loops.c - the figures of event loops, the functions that held them, and the reasons why coroutines wait. */
#include "sampled_stacks.h"
#include "verdict.h"

/* A section of 100 calls in coroutines, which are suspended all the time, on one loop. Times are those of the loop. */
static struct snapshot *loop_target(__u64 waited_ns, __u64 held_ns, double in_flight, __u64 most)
{
	struct snapshot *snap = stacks_begin(verdict_target());
	struct section_stat *stat = &snap->sections[0]->stat;
	struct snapshot_event_loop *loop = calloc(1, sizeof(*loop));

	assert_non_null(loop);
	stat->flow_total_ns = stat->total_ns;
	stat->flow_self_ns = stat->self_ns;
	loop->number = 1;
	loop->figures = (struct event_loop) {
		.pid = 4242, .tid = 4243, .comm = "main", .waited_ns = waited_ns, .held_ns = held_ns,
		.flows_ns = (__u64)(in_flight * (double)(waited_ns + held_ns)), .flows_most = most, .steps = 1,
	};
	snap->event_loops = loop;
	snap->nr_event_loops = 1;
	snap->nr_threads = 0;	/* there is no time outside of sections */
	return snap;
}

static struct snapshot_stack *loop_stack(struct snapshot *snap, __u32 frame, __u64 step_ns)
{
	struct snapshot_stack *stack = STACK(snap, 0, frame);

	stack->loop = 1;
	stack->step_ns = step_ns;
	return stack;
}

static void test_figures(void **state)
{
	struct snapshot *snap = loop_target(6 * SEC, 2 * SEC, 12.5, 40);
	struct event_loop *f = &snap->event_loops->figures;
	const struct dcbs_event_loop *loop;
	struct dcbs_report *r;

	(void)state;
	f->holds[(hist_place(MS) + 7) / 8] = 99;
	f->holds[(hist_place(300 * MS) + 7) / 8] = 1;
	f->hold_max_ns = 300 * MS;
	f->hold_max_flows = 33;
	r = verdict_report(snap);
	assert_int_equal(r->nr_event_loops, 1);
	loop = r->event_loops;
	assert_string_equal(loop->name, "main");
	assert_int_equal(loop->tid, 4243);
	assert_float_equal(loop->busy_share, 0.25, 1e-9);
	assert_float_equal(loop->in_flight, 12.5, 1e-6);
	assert_int_equal(loop->in_flight_most, 40);
	assert_int_equal(loop->holds, 100);
	assert_float_equal(loop->hold_p50_s, 0.001, 0.0001);
	assert_float_equal(loop->hold_p99_s, 0.001, 0.0001);
	assert_float_equal(loop->hold_max_s, 0.3, 1e-9);
	assert_int_equal(loop->hold_in_flight, 33);
	assert_float_equal(loop->step_max_s, 0, 1e-9);
	assert_int_equal(loop->step_in_flight, DCBS_UNKNOWN);
	assert_int_equal(loop->nr_holders, 0);
	dcbs_report_free(r);
}

/* Without a count of the changes of the context nothing is known of steps, and without a hold that ended nothing of holds. */
static void test_unknown(void **state)
{
	struct snapshot *snap = loop_target(6 * SEC, 2 * SEC, 12.5, 40);
	struct dcbs_report *r;

	(void)state;
	snap->event_loops->figures.steps = 0;
	r = verdict_report(snap);
	assert_true(isnan(r->event_loops->step_max_s) && isnan(r->event_loops->step_error_s));
	assert_true(isnan(r->event_loops->hold_p50_s) && isnan(r->event_loops->hold_max_s));
	assert_int_equal(r->event_loops->hold_in_flight, DCBS_UNKNOWN);
	dcbs_report_free(r);
}

/* The innermost Python function counts, all of its lines together, by running and by waiting; stacks of other threads do not. */
static void test_holders(void **state)
{
	struct snapshot *snap = loop_target(5 * SEC, 5 * SEC, 3, 3);
	__u32 run = stacks_frame(snap, "Handle._run", "/usr/lib/python3.11/asyncio/events.py", 80, true);
	__u32 encode = stacks_frame(snap, "encode", "/srv/evaluate.py", 88, true);
	__u32 line = stacks_frame(snap, "encode", "/srv/evaluate.py", 90, true);
	__u32 read = stacks_frame(snap, "read_all", "/srv/evaluate.py", 20, true);
	__u32 native = stacks_frame(snap, "memcpy", "/usr/lib/libc.so.6", 0, false);
	const struct dcbs_loop_holder *h;
	struct dcbs_report *r;

	(void)state;
	stacks_ran(loop_stack(snap, encode, 200 * MS), 99);
	stacks_ran(STACK(snap, 0, run, line, native), 198)->loop = 1;
	stacks_waited(loop_stack(snap, read, 900 * MS), CAUSE_SLEEP, 1 * SEC);
	stacks_ran(STACK(snap, SNAPSHOT_OUTSIDE, read), 9900);
	r = verdict_report(snap);
	h = r->event_loops->holders;
	assert_int_equal(r->event_loops->nr_holders, 2);
	assert_string_equal(h[0].function, "encode");
	assert_int_equal(h[0].line, 88);
	assert_int_equal(h[0].hot_line, 90);
	assert_float_equal(h[0].share, 0.75, 1e-9);
	assert_float_equal(h[0].held_s, 3.75, 1e-9);
	assert_float_equal(h[0].error_s, sqrt(297) / 99 * 5 / 4, 1e-6);
	assert_float_equal(h[0].step_s, 0.2, 1e-9);
	assert_string_equal(h[1].function, "read_all");
	assert_float_equal(h[1].held_s, 1.25, 1e-9);
	verdict_check(r, 0, DCBS_CAUSE_LOOP, "held for 900 ms by read_all (evaluate.py:20); it is busy 50.0%", "asyncio.to_thread()");
	dcbs_report_free(r);
}

/* The function of the longest step is listed, however little of the time it took. */
static void test_longest_step_is_listed(void **state)
{
	struct snapshot *snap = loop_target(5 * SEC, 5 * SEC, 3, 3);
	struct dcbs_report *r;
	char name[32];
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "function_%d", i);
		stacks_ran(loop_stack(snap, stacks_frame(snap, name, "/srv/evaluate.py", (__u32)i + 1, true), i == 19 ? 80 * MS : MS),
			   (__u64)(100 - i));
	}
	r = verdict_report(snap);
	assert_int_equal(r->event_loops->nr_holders, 8);
	assert_string_equal(r->event_loops->holders[0].function, "function_0");
	assert_string_equal(r->event_loops->holders[7].function, "function_19");
	dcbs_report_free(r);
}

static void test_held(void **state)
{
	struct snapshot *snap = loop_target(5 * SEC, 5 * SEC, 30, 31);

	(void)state;
	snap->event_loops->figures.step_max_ns = 340 * MS;
	snap->event_loops->figures.step_max_flows = 213;
	stacks_ran(loop_stack(snap, stacks_frame(snap, "encode", "/srv/evaluate.py", 88, true), 330 * MS), 50);
	verdict_expect(snap, DCBS_CAUSE_LOOP, "the event loop is held for 340 ms by encode (evaluate.py:88) while 212 others wait", "to_thread");
}

/* One long step of a function that hardly matters is not the reason. */
static void test_busy(void **state)
{
	struct snapshot *snap = loop_target(SEC / 2, 9 * SEC, 30, 31);

	(void)state;
	stacks_ran(loop_stack(snap, stacks_frame(snap, "parse", "/srv/evaluate.py", 7, true), 2 * MS), 900);
	stacks_ran(loop_stack(snap, stacks_frame(snap, "collect", "/srv/evaluate.py", 9, true), 60 * MS), 20);
	verdict_expect(snap, DCBS_CAUSE_LOOP, "busy 94.7% of the time, 97.8% of it held by parse (evaluate.py:7); 30.0 in flight", "other processes");
}

static void test_idle(void **state)
{
	(void)state;
	verdict_expect(loop_target(9 * SEC, SEC, 1, 1), DCBS_CAUSE_AWAIT, "1.00 of at most 1 in flight on average", "start requests together");
	verdict_expect(loop_target(96 * SEC, 4 * SEC, 37, 100), DCBS_CAUSE_AWAIT,
		       "the event loop is idle 96.0% of the time: 37.0 of at most 100 in flight on average", "slowest of a batch");
	verdict_expect(loop_target(9 * SEC, SEC, 3.9, 4), DCBS_CAUSE_AWAIT, "3.90 of at most 4 in flight", "raise the concurrency");
}

static struct snapshot *waiting_loop(double in_flight, __u64 network_s, __u64 timer_s, __u64 thread_s, __u64 pipe_s)
{
	struct snapshot *snap = loop_target(9 * SEC, SEC, in_flight, 60);
	const __u64 waits[LOOP_WAITS] = {network_s * SEC, timer_s * SEC, thread_s * SEC, pipe_s * SEC};

	memcpy(snap->event_loops->figures.waited_for_ns, waits, sizeof(waits));
	return snap;
}

static void test_waited_for(void **state)
{
	struct dcbs_report *r = verdict_report(waiting_loop(59, 4, 2, 1, 1));

	(void)state;
	assert_float_equal(r->event_loops->network_s, 4, 1e-9);
	assert_float_equal(r->event_loops->timer_s, 2, 1e-9);
	assert_float_equal(r->event_loops->thread_s, 1, 1e-9);
	assert_float_equal(r->event_loops->pipe_s, 1, 1e-9);
	dcbs_report_free(r);
	r = verdict_report(waiting_loop(59, 9, 9, 0, 0));	/* read while they changed */
	assert_float_equal(r->event_loops->network_s + r->event_loops->timer_s, 9, 1e-9);
	dcbs_report_free(r);
}

/* One section tells nothing of what timers are for. If various things end the waits, none of them is the reason. */
static void test_waits(void **state)
{
	(void)state;
	verdict_expect(waiting_loop(59, 8, 1, 0, 0), DCBS_CAUSE_AWAIT, "59.0 of at most 60 in flight", "the other side is slow");
	verdict_expect(waiting_loop(59, 1, 8, 0, 0), DCBS_CAUSE_AWAIT, "timers end 88.9% of the time", "a section around each attempt tells");
	verdict_expect(waiting_loop(59, 1, 0, 8, 0), DCBS_CAUSE_AWAIT, "they end 88.9% of the time", "max_workers");
	verdict_expect(waiting_loop(59, 1, 0, 0, 8), DCBS_CAUSE_AWAIT, "they end 88.9% of the time", "start more of those processes");
	verdict_expect(waiting_loop(59, 4, 4, 1, 0), DCBS_CAUSE_AWAIT, "while other coroutines ran or the event loop waited", "it is suspended");
}

/* Another section, inside of the first one, which is suspended itself but for that time. `most`: of its calls that were open at once. */
static struct snapshot *nested_loop(__u64 inside_s, __u64 most, __u64 network_s, __u64 timer_s)
{
	struct snapshot *snap = waiting_loop(59, network_s, timer_s, 0, 0);
	struct section_stat *around = &snap->sections[0]->stat;
	struct snapshot_section *inside = fixture_section(snap, "attempt", DCBS_NAME_SECTION);

	around->total_ns = around->flow_total_ns = 590 * SEC;
	around->self_ns = around->flow_self_ns = (590 - inside_s) * SEC;
	snap->sections[0]->most_open = 60;
	fixture_call(inside, inside_s * SEC, inside_s * SEC);
	inside->stat.flow_total_ns = inside->stat.flow_self_ns = inside_s * SEC;
	inside->most_open = most;
	inside->stat.errors = 1;
	return snap;
}

static void test_bounds(void **state)
{
	struct dcbs_report *r = verdict_report(nested_loop(79, 8, 9, 0));
	struct snapshot *snap;

	(void)state;
	verdict_check(r, 0, DCBS_CAUSE_AWAIT, "7.90 of attempt in flight on average, never more than 8, while 59.0 of work are", "raise it");
	verdict_check(r, 1, DCBS_CAUSE_AWAIT, "7.90 of attempt in flight on average, never more than 8", "raise the bound");
	dcbs_report_free(r);
	r = verdict_report(nested_loop(79, 16, 9, 0));	/* it had more at times, and the outer one waits for something else */
	verdict_check(r, 0, DCBS_CAUSE_AWAIT, "while other coroutines ran or the event loop waited", "it is suspended");
	dcbs_report_free(r);
	snap = nested_loop(79, 8, 9, 0);	/* a third one that is hardly ever open tells nothing */
	fixture_call(fixture_section(snap, "grade", DCBS_NAME_SECTION), MS, MS);
	r = verdict_report(snap);
	verdict_check(r, 1, DCBS_CAUSE_AWAIT, "7.90 of attempt in flight on average, never more than 8", "raise the bound");
	dcbs_report_free(r);
	r = verdict_report(nested_loop(79, 9, 7, 2));	/* not quite at its bound, and there are timers */
	verdict_check(r, 0, DCBS_CAUSE_AWAIT, "timers end 22.2% of the time", "429");
	verdict_check(r, 1, DCBS_CAUSE_AWAIT, "59.0 of at most 60 in flight", "the other side is slow");
	dcbs_report_free(r);
	r = verdict_report(nested_loop(560, 60, 9, 0));	/* all of them are in it */
	verdict_check(r, 0, DCBS_CAUSE_AWAIT, "59.0 of at most 60 in flight", "the other side is slow");
	dcbs_report_free(r);
}

/* Tasks of asyncio at two places; the snapshot has one section, of which `in_flight` are in flight. */
static struct snapshot *tasks_loop(const char *inner, const char *file, __u64 asleep, __u64 others)
{
	struct snapshot *snap = waiting_loop(59, 9, 0, 0, 0);
	struct section_stat *stat = &snap->sections[0]->stat;

	stat->total_ns = stat->flow_total_ns = stat->self_ns = stat->flow_self_ns = 60 * 62 * SEC;
	snap->await_looks = 10;
	snap->awaiting = calloc(2, sizeof(*snap->awaiting));
	assert_non_null(snap->awaiting);
	snap->nr_awaiting = 2;
	snap->awaiting[0] = (struct snapshot_awaiting) {
		.at = {.function = strdup("Client.complete"), .file = strdup("/srv/client.py"), .line = 88},
		.inner = {.function = strdup(inner), .file = strdup(file), .line = 716}, .tasks = 10 * asleep, .most = asleep,
	};
	snap->awaiting[1] = (struct snapshot_awaiting) {
		.at = {.function = strdup("read"), .file = strdup("/srv/client.py"), .line = 20},
		.inner = {.function = strdup("read"), .file = strdup("/srv/client.py"), .line = 20}, .tasks = 10 * others, .most = others,
	};
	return snap;
}

static void test_tasks(void **state)
{
	(void)state;
	verdict_expect(tasks_loop("sleep", "/usr/lib/python3.14/asyncio/tasks.py", 57, 5), DCBS_CAUSE_AWAIT,
		       "57.0 of 62.0 tasks are in sleep at Client.complete (client.py:88)", "429");
	verdict_expect(tasks_loop("Semaphore.acquire", "/usr/lib/python3.14/asyncio/locks.py", 57, 5), DCBS_CAUSE_AWAIT,
		       "57.0 of 62.0 tasks are in Semaphore.acquire at Client.complete (client.py:88)", "raise it");
	verdict_expect(tasks_loop("sleep", "/usr/lib/python3.14/asyncio/tasks.py", 5, 57), DCBS_CAUSE_AWAIT, "59.0 of at most 60 in flight",
		       "the other side is slow");
	verdict_expect(tasks_loop("sleep", "/srv/trio.py", 57, 5), DCBS_CAUSE_AWAIT, "59.0 of at most 60 in flight", "the other side is slow");
}

static void test_between_requests(void **state)
{
	struct dcbs_report *r = verdict_report(nested_loop(40, 20, 8, 1));

	(void)state;
	verdict_check(r, 0, DCBS_CAUSE_AWAIT, "timers end 11.1% of the time for which the event loop waits; 4.00 of attempt in flight", "429");
	verdict_check(r, 1, DCBS_CAUSE_AWAIT, "59.0 of at most 60 in flight", "the other side is slow");
	dcbs_report_free(r);
	r = verdict_report(nested_loop(4, 20, 1, 8));
	verdict_check(r, 0, DCBS_CAUSE_AWAIT, "timers end 88.9% of the time for which the event loop waits; 0.40 of attempt in flight on average, "
		      "59.0 of work; 1 call of attempt failed", "429");
	dcbs_report_free(r);
}

/* A loop that is neither idle nor busy, and coroutines whose loop was not seen. */
static void test_unclear(void **state)
{
	struct snapshot *snap = loop_target(5 * SEC, 5 * SEC, 30, 31);

	(void)state;
	verdict_expect(snap, DCBS_CAUSE_AWAIT, "while other coroutines ran or the event loop waited", "it is suspended");
	snap = loop_target(9 * SEC, SEC, 3, 3);
	snap->nr_event_loops = 0;
	verdict_expect(snap, DCBS_CAUSE_AWAIT, "while other coroutines ran or the event loop waited", "it is suspended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures), cmocka_unit_test(test_unknown), cmocka_unit_test(test_holders),
		cmocka_unit_test(test_longest_step_is_listed), cmocka_unit_test(test_held), cmocka_unit_test(test_busy),
		cmocka_unit_test(test_idle), cmocka_unit_test(test_waited_for), cmocka_unit_test(test_waits),
		cmocka_unit_test(test_bounds), cmocka_unit_test(test_between_requests), cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_unclear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
