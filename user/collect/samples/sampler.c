// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sampler.c - samples of the targets' stacks: taken out of the kernel's ring, named, and counted. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "collect/samples/recent_samples.h"
#include "collect/samples/return_check.h"
#include "collect/samples/sampled_parts.h"
#include "collect/samples/sampler.h"
#include "collect/samples/section_functions.h"
#include "collect/samples/stack_table.h"
#include "base/error.h"
#include "symbol/symbols.h"

#define DEPTH_MAX (SAMPLE_PYTHON + 2 * SAMPLE_NATIVE + 1)	/* inlined functions, and a frame for missing ones */
#define INLINED_MAX 8

struct sampler {
	struct ring_buffer *ring;
	struct target_list *targets;
	void (*find_children)(void *ctx);
	void *ctx;
	struct stack_table table;
	struct section_functions functions;
	struct sampled_parts parts;
	struct recent_samples recent;
	__u32 depth;			/* frames of the sample at hand ... */
	__u32 at[DEPTH_MAX];		/* ... by their numbers in the table */
	struct return_cache returns;
	__u64 lost_stacks;
	unsigned int gpu_libraries;	/* of all targets so far, see symbols_gpu_libraries() */
};

/* ---- one sample ---- */

static void push_symbol(struct sampler *sampler, const struct symbol *symbol)
{
	size_t known = sampler->table.nr_frames;
	__u32 frame = stack_table_frame(&sampler->table, symbol);

	if (frame == STACK_FRAMES || sampler->depth == DEPTH_MAX) {
		sampler->lost_stacks++;
		return;
	}
	assert(frame < STACK_FRAMES && sampler->depth < DEPTH_MAX);
	if (frame == known)
		section_functions_meet(&sampler->functions, &sampler->table, symbol, frame);
	if (!symbol->function && sampler->depth && sampler->at[sampler->depth - 1] == frame)
		return;		/* a second frame without a name in the same library adds nothing */
	sampler->at[sampler->depth++] = frame;
}

/*
 * Pushes native frames up to the interpreter, from where on Python's own frames take over. Returns false if it stopped before
 * the last frame.
 */
static bool push_native_frames(struct sampler *sampler, struct target *target, const __u64 *addresses, __u32 n, bool python)
{
	struct symbol symbols[INLINED_MAX];
	size_t k, nr;
	__u32 i;

	for (i = 0; i < n; i++) {
		if (i && !return_check(&sampler->returns, target, addresses[i]))
			return false;
		if (python && (addresses[i] - target->python_start < target->python_end - target->python_start ||
			       symbols_is_interpreter(target->symbols, addresses[i])))
			return false;
		nr = symbols_native(target->symbols, addresses[i], i > 0, symbols, INLINED_MAX);
		for (k = 0; k < nr; k++)
			push_symbol(sampler, &symbols[k]);
	}
	return true;
}

/* Returns the place in the kernel's walk of the last address that was unwound; nr_walked: it is not there. */
static size_t end_of_walk(const __u64 *to, size_t nr, const __u64 *walked, size_t nr_walked)
{
	size_t i;

	for (i = 0; i < nr_walked && walked[i] != to[nr - 1]; i++)
		;
	return i;
}

/*
 * Unwinds the copy of the stack. Where the copy ends, the kernel's walk by frame pointers continues if it passed the same
 * address.
 */
static size_t unwind_stack_copy(const struct sample *sample, struct target *target, const __u64 *walked, const unsigned char *bytes,
				__u64 *to)
{
	struct unwind_stack stack = {walked[0], sample->sp, sample->bp, bytes, sample->sp, sample->stack_bytes};
	size_t n = symbols_unwind(target->symbols, &stack, to, SAMPLE_NATIVE), i;

	for (i = end_of_walk(to, n, walked, sample->nr_native) + 1; i < sample->nr_native && n < SAMPLE_NATIVE; i++)
		to[n++] = walked[i];
	return n;
}

/* The last of the frames are a ring, if there are as many as fit. */
static __u32 python_frame_place(const struct sample *sample, __u32 i)
{
	const __u32 inner = SAMPLE_PYTHON - SAMPLE_OUTER;

	return i < inner ? i : inner + ((i - inner + sample->outer_from) & (SAMPLE_OUTER - 1));
}

static void push_stand_in(struct sampler *sampler, const char *name)
{
	const struct symbol symbol = {.function = name};

	push_symbol(sampler, &symbol);
}

/* Among the outermost frames, an entry from native code has no code object. */
static void push_python_frames(struct sampler *sampler, struct target *target, const struct sample *sample,
			       const struct python_frame *frames)
{
	const struct python_frame *frame;
	struct symbol symbol;
	__u32 i;

	for (i = 0; i < sample->nr_python; i++) {
		if (i == SAMPLE_PYTHON - SAMPLE_OUTER && sample->flags & SAMPLE_PYTHON_CUT)
			push_stand_in(sampler, SNAPSHOT_MORE_FRAMES);
		frame = &frames[python_frame_place(sample, i)];
		if (!frame->code)
			continue;
		if (!symbols_python(target->symbols, frame, &symbol))
			sampler->lost_stacks++;
		if (!symbol.internal)
			push_symbol(sampler, &symbol);
	}
}

/* If the outermost frames are missing, pushes one that stands for them. So all stacks whose walk failed have one root. */
static void push_missing_frames(struct sampler *sampler, __u16 flags, bool lost_callers)
{
	if (flags & SAMPLE_PYTHON_BROKEN)
		push_stand_in(sampler, "(unknown)");
	else if (flags & (SAMPLE_PYTHON_ENDLESS | SAMPLE_NATIVE_CUT))
		push_stand_in(sampler, SNAPSHOT_MORE_FRAMES);
	else if (lost_callers)
		push_stand_in(sampler, SNAPSHOT_LOST_CALLERS);
}

/* Returns true if the walk reached the function in which the thread began. The first address is not a return address. */
static bool reached_beginning(struct target *target, const __u64 *native, __u32 nr)
{
	return nr > 1 && symbols_is_outermost(target->symbols, native[nr - 1]);
}

/* An unknown process may be a child that was forked a moment ago. */
static struct target *target_of_sample(struct sampler *sampler, __u32 tgid)
{
	struct target *target = target_list_find_tgid(sampler->targets, tgid);

	if (target)
		return target;
	sampler->find_children(sampler->ctx);
	return target_list_find_tgid(sampler->targets, tgid);
}

/* Samples are independent of each other: each wait is sampled with probability 1/weight. */
static void count_sample(struct snapshot_stack *stack, const struct sample *sample)
{
	double ns = (double)sample->off_ns + (double)sample->throttled_ns + (double)sample->queue_ns;
	__u64 step_ns = sample->step_ns + (sample->weight ? (__u64)(ns / sample->weight) : 0);

	if (sample->loop && step_ns > stack->step_ns)
		stack->step_ns = step_ns;
	if (sample->kind == SAMPLE_CPU) {
		stack->cpu_samples += sample->weight;
		stack->fault_samples += sample->flags & SAMPLE_IN_FAULT ? sample->weight : 0;
		stack->cpu_samples2 += (double)sample->weight * sample->weight;
		return;
	}
	stack->off_samples++;
	stack->off_ns[sample->cause & (CAUSES - 1)] += sample->off_ns;
	stack->off_ns[CAUSE_THROTTLED] += sample->throttled_ns;
	stack->off_ns[CAUSE_RUNQUEUE] += sample->queue_ns;
	if (sample->weight > 1)
		stack->off_ns2 += ns * ns * (1 - 1.0 / sample->weight);
}

static bool may_be_idle_thread(const struct sample *sample, const struct target *target)
{
	return sample->kind == SAMPLE_OFF && (pid_t)sample->tid != target->pid && sample->nr_sections == 1 &&
	       sample->sections[0] == SECTION_OUTSIDE;
}

static bool sample_is_whole(const struct sample *sample, size_t size)
{
	size_t frames = sample->nr_python * sizeof(struct python_frame) + sample->nr_native * sizeof(__u64);

	if (sample->stack_bytes && (!sample->nr_native || frames > SAMPLE_STACK_AT * sizeof(struct python_frame)))
		return false;
	if (sample->stack_bytes)
		frames = SAMPLE_STACK_AT * sizeof(struct python_frame) + sample->stack_bytes;
	return sample->nr_native <= SAMPLE_NATIVE && sample->nr_python <= SAMPLE_PYTHON && size >= sizeof(*sample) + frames;
}

/* The ring is the kernel's, but its contents were read from the target, so the sizes are checked. */
static int take_sample(void *ctx, void *data, size_t size)
{
	struct sampler *sampler = ctx;
	struct sample head, *sample = &head;
	const struct python_frame *python = (const void *)((const char *)data + sizeof(head));
	struct snapshot_stack *stack;
	struct stack_key key;
	struct target *target;
	__u64 unwound[SAMPLE_NATIVE];
	const __u64 *native;
	__u32 tid, nr_native;
	bool whole, begun;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	if (head.nr_sections > SAMPLE_SECTIONS || !sample_is_whole(&head, size))
		return 0;
	target = target_of_sample(sampler, sample->tgid);
	if (!target || !target->symbols) {	/* it is a child that has ended already */
		sampler->lost_stacks++;
		return 0;
	}
	/* The sample was taken before the interpreter was known, so it has no Python frames. */
	if (sample->flags & SAMPLE_PYTHON_UNKNOWN && target->python_known && sample->kind == SAMPLE_CPU)
		return 0;
	sampler->depth = 0;
	native = (const __u64 *)(python + sample->nr_python);
	nr_native = sample->nr_native;
	if (sample->stack_bytes) {
		nr_native = (__u32)unwind_stack_copy(sample, target, native, (const unsigned char *)(python + SAMPLE_STACK_AT), unwound);
		native = unwound;
	}
	whole = push_native_frames(sampler, target, native, nr_native, sample->nr_python > 0);
	begun = whole && reached_beginning(target, native, nr_native);
	if (!whole || begun)
		sample->flags &= (__u16)~SAMPLE_NATIVE_CUT;
	push_python_frames(sampler, target, sample, python);
	push_missing_frames(sampler, sample->flags, nr_native && !sample->nr_python && !begun);
	sampler->gpu_libraries |= symbols_gpu_libraries(target->symbols);
	tid = may_be_idle_thread(sample, target) ? sample->tid : 0;
	section_functions_add_to(&sampler->functions, &sampler->parts, target ? target->pid : 0, sample, sampler->at, sampler->depth);
	key = (struct stack_key){sample->sections, sample->nr_sections, sampler->at, sampler->depth, tid, sample->loop, sample->gpu_kind};
	stack = stack_table_add(&sampler->table, &key);
	if (!stack) {
		sampler->lost_stacks++;
		return 0;
	}
	count_sample(stack, sample);
	recent_samples_add(&sampler->recent, sample->at_ns, sample->tid, (__u32)(stack - sampler->table.stacks));
	return 0;
}

void sampler_poll(struct sampler *sampler)
{
	if (sampler && sampler->ring)
		ring_buffer__consume(sampler->ring);
}

void sampler_end(struct sampler *sampler)
{
	sampler_poll(sampler);
	if (!sampler)
		return;
	ring_buffer__free(sampler->ring);
	sampler->ring = NULL;
}

int sampler_fd(const struct sampler *sampler)
{
	return sampler->ring ? ring_buffer__epoll_fd(sampler->ring) : -1;
}

/* ---- life ---- */

struct section_functions *sampler_functions(struct sampler *sampler)
{
	return &sampler->functions;
}

const struct snapshot_frame *sampler_frame(const struct sampler *sampler, __u32 frame)
{
	return &sampler->table.frames[frame];
}

bool sampler_has_file(const struct sampler *sampler, const char *part)
{
	size_t i;

	for (i = 0; i < sampler->table.nr_frames; i++)
		if (sampler->table.frames[i].file && strstr(sampler->table.frames[i].file, part))
			return true;
	return false;
}

int sampler_open(struct sampler **result, int ring_fd, struct target_list *targets, void (*find_children)(void *ctx), void *ctx)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));

	if (!sampler)
		return fail(-ENOMEM, "out of memory");
	sampler->targets = targets;
	sampler->find_children = find_children;
	sampler->ctx = ctx;
	sampler->ring = ring_buffer__new(ring_fd, take_sample, sampler, NULL);
	if (!sampler->ring || section_functions_open(&sampler->functions) || stack_table_open(&sampler->table)) {
		sampler_close(sampler);
		return fail(-ENOMEM, "cannot map the ring of samples: out of memory");
	}
	*result = sampler;
	return 0;
}

void sampler_clear(struct sampler *sampler)
{
	if (!sampler)
		return;
	sampler_poll(sampler);
	stack_table_clear(&sampler->table);
	sampled_parts_clear(&sampler->parts);
	recent_samples_clear(&sampler->recent);
	sampler->lost_stacks = 0;
}

double sampler_most_ns(const struct sampler *sampler, __u16 section_id, int frequency_hz)
{
	return sampled_parts_most_ns(&sampler->parts, section_id, 1e9 / frequency_hz);
}

struct wanted_section {
	const struct stack_table *table;
	__u16 section_id;
};

static int has_section(const void *ctx, __u32 stack)
{
	const struct wanted_section *wanted = ctx;
	const struct snapshot_stack *s = &wanted->table->stacks[stack];
	__u32 i;

	for (i = 0; i < s->nr_sections && s->sections[i] != wanted->section_id; i++)
		;
	return i < s->nr_sections;
}

__u32 sampler_stack_in_call(const struct sampler *sampler, __u32 tid, __u64 start_ns, __u64 end_ns, __u16 section_id)
{
	struct wanted_section wanted = {&sampler->table, section_id};

	return recent_samples_find(&sampler->recent, tid, start_ns, end_ns, has_section, &wanted);
}

/* Marks the sections of functions whose time is only partly seen. */
static void copy_suspending(const struct section_functions *functions, struct snapshot *snap, const __u16 *section_index)
{
	size_t i;

	for (i = 0; i < functions->nr; i++)
		if (functions->list[i].suspends && section_index[functions->list[i].section_id] < snap->nr_sections)
			snap->sections[section_index[functions->list[i].section_id]]->suspends = true;
}

int sampler_copy(const struct sampler *sampler, struct snapshot *snap, const __u16 *section_index)
{
	if (!sampler)
		return 0;
	snap->counters.stacks_broken += sampler->lost_stacks;
	copy_suspending(&sampler->functions, snap, section_index);
	snap->gpu_libraries = sampler->gpu_libraries;
	if (sampled_parts_copy(&sampler->parts, snap, section_index))
		return -ENOMEM;
	return stack_table_copy(&sampler->table, snap, section_index);
}

void sampler_close(struct sampler *sampler)
{
	if (!sampler)
		return;
	ring_buffer__free(sampler->ring);
	stack_table_close(&sampler->table);
	section_functions_close(&sampler->functions);
	sampled_parts_clear(&sampler->parts);
	recent_samples_clear(&sampler->recent);
	free(sampler);
}
