/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sampled_stacks.h - snapshots with samples of the stack, written by hand. */
#ifndef TESTS_UNIT_SAMPLED_STACKS_H
#define TESTS_UNIT_SAMPLED_STACKS_H

#include "fixture.h"

#define STACKS_ROOM 64
#define FRAMES_ROOM 64
#define END ((__u32)-1)		/* ends the frames of a stack */

/* Gives the snapshot room for frames and stacks. */
static inline struct snapshot *stacks_begin(struct snapshot *snap)
{
	snap->frequency_hz = 99;
	snap->frames = calloc(FRAMES_ROOM, sizeof(*snap->frames));
	snap->stacks = calloc(STACKS_ROOM, sizeof(*snap->stacks));
	assert_true(snap->frames && snap->stacks);
	return snap;
}

/* The first line of a function is the line of the first frame that is made of it. */
static inline __u32 stacks_first_line(const struct snapshot *snap, const char *function, const char *source, __u32 line)
{
	size_t i;

	for (i = 0; i < snap->nr_frames && function && source; i++)
		if (snap->frames[i].function && snap->frames[i].file && !strcmp(snap->frames[i].function, function) &&
		    !strcmp(snap->frames[i].file, source))
			return snap->frames[i].first_line;
	return line;
}

static inline __u32 stacks_frame(struct snapshot *snap, const char *function, const char *source, __u32 line, bool python)
{
	struct snapshot_frame *f = &snap->frames[snap->nr_frames];

	assert_true(snap->nr_frames < FRAMES_ROOM);
	f->function = function ? strdup(function) : NULL;
	f->file = source ? strdup(source) : NULL;
	f->line = line;
	f->first_line = stacks_first_line(snap, function, source, line);
	f->python = python;
	return (__u32)snap->nr_frames++;
}

/* Adds a stack in a section; its frames are given outermost first, up to END. */
static inline struct snapshot_stack *stacks_stack(struct snapshot *snap, __u16 section, const __u32 *outermost_first)
{
	struct snapshot_stack *s = &snap->stacks[snap->nr_stacks++];
	__u32 i;

	assert_true(snap->nr_stacks <= STACKS_ROOM);
	s->sections[0] = section;
	s->nr_sections = 1;
	while (outermost_first[s->nr_frames] != END)
		s->nr_frames++;
	s->frames = calloc(s->nr_frames + 1, sizeof(*s->frames));
	assert_non_null(s->frames);
	for (i = 0; i < s->nr_frames; i++)
		s->frames[i] = outermost_first[s->nr_frames - 1 - i];
	return s;
}

#define STACK(snap, section, ...) stacks_stack(snap, section, (const __u32[]) {__VA_ARGS__, END})

/* Adds the next outer section of the stack. */
static inline struct snapshot_stack *stacks_within(struct snapshot_stack *s, __u16 section)
{
	assert_true(s->nr_sections < SAMPLE_SECTIONS);
	s->sections[s->nr_sections++] = section;
	return s;
}

static inline struct snapshot_stack *stacks_ran(struct snapshot_stack *s, __u64 ticks)
{
	s->cpu_samples += ticks;
	s->cpu_samples2 += (double)ticks;
	return s;
}

static inline struct snapshot_stack *stacks_waited(struct snapshot_stack *s, enum cause cause, __u64 ns)
{
	s->off_samples++;
	s->off_ns[cause] += ns;
	return s;
}

static inline __u16 stacks_section(struct snapshot *snap, const char *name)
{
	__u16 i;

	for (i = 0; i < snap->nr_sections; i++)
		if (!strcmp(snap->sections[i]->name, name))
			return i;
	fail_msg("no section %s", name);
	return 0;
}

struct stacks_callers {
	__u32 run, module, main, evaluate, answer;
	__u16 outer, question;
};

static inline struct stacks_callers stacks_callers(struct snapshot *snap)
{
	return (struct stacks_callers) {
		.run = stacks_frame(snap, "_run_module_as_main", "/usr/lib/python3.11/runpy.py", 198, true),
		.module = stacks_frame(snap, "<module>", "/srv/evaluations/tiny/evaluate.py", 311, true),
		.main = stacks_frame(snap, "main", "/srv/evaluations/tiny/evaluate.py", 290, true),
		.evaluate = stacks_frame(snap, "Evaluation.run", "/srv/evaluations/tiny/evaluate.py", 204, true),
		.answer = stacks_frame(snap, "Evaluation.answer_question", "/srv/evaluations/tiny/evaluate.py", 141, true),
		.outer = stacks_section(snap, "evaluation"), .question = stacks_section(snap, "answer_question"),
	};
}

#define CALLERS(c) (c).run, (c).module, (c).main, (c).evaluate

static inline struct snapshot_stack *stacks_in_question(struct snapshot_stack *s, const struct stacks_callers *c)
{
	return stacks_within(stacks_within(s, c->question), c->outer);
}

static inline void stacks_forward(struct snapshot *snap, const struct stacks_callers *c)
{
	__u16 section = stacks_section(snap, "forward_pass");
	__u32 call = stacks_frame(snap, "Module._call_impl", "/usr/lib/python3/dist-packages/torch/nn/modules/module.py", 1194, true);
	__u32 call_line = stacks_frame(snap, "Module._call_impl", "/usr/lib/python3/dist-packages/torch/nn/modules/module.py", 1212, true);
	__u32 block = stacks_frame(snap, "Block.forward", "/srv/evaluations/tiny/model.py", 77, true);
	__u32 linear = stacks_frame(snap, "Linear.forward", "/usr/lib/python3/dist-packages/torch/nn/modules/linear.py", 114, true);
	__u32 addmm = stacks_frame(snap, "at::native::addmm_out_cpu(at::Tensor const&, at::Tensor const&)",
				   "/usr/lib/x86_64-linux-gnu/libtorch_cpu.so", 0, false);
	__u32 gemm = stacks_frame(snap, "sgemm_kernel", "/usr/lib/x86_64-linux-gnu/libopenblas.so.0", 0, false);
	__u32 wait = stacks_frame(snap, "pthread_cond_wait", "/usr/lib/x86_64-linux-gnu/libc.so.6", 0, false);
	__u32 unknown = stacks_frame(snap, NULL, "/usr/lib/x86_64-linux-gnu/libtorch_cpu.so", 0, false);

	stacks_in_question(stacks_ran(STACK(snap, section, CALLERS(*c), c->answer, call, block, call_line, linear, addmm, gemm), 1740), c);
	stacks_in_question(stacks_ran(STACK(snap, section, CALLERS(*c), c->answer, call, block, call_line, linear, addmm), 212), c);
	stacks_in_question(stacks_ran(STACK(snap, section, CALLERS(*c), c->answer, call, block, unknown), 301), c);
	stacks_in_question(stacks_ran(STACK(snap, section, CALLERS(*c), c->answer, call), 60), c);
	stacks_in_question(stacks_waited(STACK(snap, section, CALLERS(*c), c->answer, call, block, call_line, linear, addmm, gemm),
					 CAUSE_RUNQUEUE, 3 * SEC), c);
	stacks_in_question(stacks_waited(STACK(snap, section, CALLERS(*c), c->answer, call, block, call_line, linear, addmm, wait),
					 CAUSE_GIL, 200 * MS), c);
}

static inline void stacks_cluster(struct snapshot *snap, const struct stacks_callers *c)
{
	__u16 section = stacks_section(snap, "cluster_token_embeddings");
	__u32 cluster = stacks_frame(snap, "cluster_token_embeddings", "/srv/evaluations/tiny/cluster.py", 31, true);
	__u32 comprehension = stacks_frame(snap, "cluster_token_embeddings.<locals>.<listcomp>", "/srv/evaluations/tiny/cluster.py", 40, true);
	__u32 distance = stacks_frame(snap, "distance", "/srv/evaluations/tiny/cluster.py", 12, true);
	__u32 gil = stacks_frame(snap, "take_gil", "/usr/bin/python3.11", 0, false);

	stacks_in_question(stacks_ran(STACK(snap, section, CALLERS(*c), c->answer, cluster, comprehension, distance), 390), c);
	stacks_in_question(stacks_ran(STACK(snap, section, CALLERS(*c), c->answer, cluster), 70), c);
	stacks_in_question(stacks_waited(STACK(snap, section, CALLERS(*c), c->answer, cluster, comprehension, gil), CAUSE_GIL, 7 * SEC), c);
}

/* The main thread runs an event loop, too, and one function holds it. */
static inline void stacks_loop(struct snapshot *snap, struct snapshot_stack *holder)
{
	struct snapshot_event_loop *loop = calloc(1, sizeof(*loop));

	assert_non_null(loop);
	*loop = (struct snapshot_event_loop) {.number = 1, .figures = {
		.pid = 4242, .tid = 4242, .comm = "python3", .waited_ns = 40 * SEC,
		.waited_for_ns = {31 * SEC, 6 * SEC, 2 * SEC}, .held_ns = 20 * SEC, .flows_ns = 60 * SEC * 212,
		.flows_most = 300, .hold_max_ns = 350 * MS, .hold_max_flows = 256, .step_max_ns = 340 * MS, .step_max_flows = 213, .steps = 9000,
	}};
	loop->figures.holds[(hist_place(4 * MS) + 7) / 8] = 1200;
	loop->figures.holds[(hist_place(340 * MS) + 7) / 8] = 30;
	holder->loop = 1;
	holder->step_ns = 330 * MS;
	snap->event_loops = loop;
	snap->nr_event_loops = 1;
}

/* fixture_measured() with some stacks. */
static inline struct snapshot *stacks_evaluation(void)
{
	struct snapshot *snap = stacks_begin(fixture_measured());
	struct stacks_callers c = stacks_callers(snap);
	__u32 pause = stacks_frame(snap, "throttle", "/srv/evaluations/tiny/evaluate.py", 58, true);
	__u32 nanosleep = stacks_frame(snap, "clock_nanosleep", "/usr/lib/x86_64-linux-gnu/libc.so.6", 0, false);
	__u32 pool = stacks_frame(snap, "worker_main", "/srv/evaluations/tiny/pool.py", 9, true);

	stacks_forward(snap, &c);
	stacks_cluster(snap, &c);
	stacks_ran(STACK(snap, c.outer, CALLERS(c)), 97);
	stacks_loop(snap, stacks_waited(STACK(snap, c.outer, CALLERS(c), pause, nanosleep), CAUSE_SLEEP, 9900 * MS));
	stacks_waited(stacks_ran(STACK(snap, SNAPSHOT_OUTSIDE, pool), 690), CAUSE_LOCK, 40 * SEC);
	snap->counters.ticks = 3560;
	return snap;
}

#endif
