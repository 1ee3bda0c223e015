// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sampler.c - samples of the targets' stacks: taken out of the kernel's ring, named, and counted. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "collect/samples/return_check.h"
#include "collect/samples/sampled_parts.h"
#include "collect/samples/sampler.h"
#include "collect/samples/stack_table.h"
#include "base/error.h"
#include "symbol/function_name.h"
#include "symbol/python_match.h"
#include "symbol/symbols.h"

#define DEPTH_MAX (SAMPLE_PYTHON + 2 * SAMPLE_NATIVE + 1)	/* inlined functions, and a frame for missing ones */
#define INLINED_MAX 8
#define FUNCTIONS_MAX 64	/* functions that are sections: one bit each in a word */

struct sampler {
	struct ring_buffer *ring;
	struct target_list *targets;
	void (*find_children)(void *ctx);
	void *ctx;
	struct stack_table table;
	struct sampled_parts parts;
	__u64 *is_section;		/* by frame of the table; bit i: the frame is functions[i] */
	struct sampler_function {
		const char *name;
		bool python;
		__u32 section_id;
	} functions[FUNCTIONS_MAX];
	size_t nr_functions;
	__u64 met;			/* bit i: functions[i] was on some stack */
	__u32 depth;			/* frames of the sample at hand ... */
	__u32 at[DEPTH_MAX];		/* ... by their numbers in the table */
	struct return_cache returns;
	__u64 lost_stacks;
};

/* ---- one sample ---- */

static bool symbol_is_function(const struct sampler_function *f, const struct symbol *s)
{
	if (f->python)
		return s->python && python_match_function(f->name, s->function, s->file);
	return !s->python && s->function && function_name_match(s->function, f->name) == FUNCTION_WHOLE;
}

static __u64 sections_of_symbol(const struct sampler *sampler, const struct symbol *s)
{
	__u64 bits = 0;
	size_t i;

	for (i = 0; i < sampler->nr_functions; i++)
		if (symbol_is_function(&sampler->functions[i], s))
			bits |= 1ULL << i;
	return bits;
}

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
		sampler->is_section[frame] = sections_of_symbol(sampler, symbol);
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

static void push_python_frames(struct sampler *sampler, struct target *target, const struct python_frame *frames, __u32 n)
{
	struct symbol symbol;
	__u32 i;

	for (i = 0; i < n; i++) {
		if (!symbols_python(target->symbols, &frames[i], &symbol))
			sampler->lost_stacks++;
		if (!symbol.internal)
			push_symbol(sampler, &symbol);
	}
}

/* If frames are missing, pushes one that stands for the callers of the outermost frame. */
static void push_missing_frames(struct sampler *sampler, __u16 flags)
{
	const struct symbol more = {.function = "(more frames)"}, broken = {.function = "(unknown)"};

	if (flags & SAMPLE_PYTHON_BROKEN)
		push_symbol(sampler, &broken);
	else if (flags & (SAMPLE_PYTHON_CUT | SAMPLE_NATIVE_CUT))
		push_symbol(sampler, &more);
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

/* The section is among them already if the function is probed, too. */
static bool sample_has_section(const struct sample *sample, __u32 section_id)
{
	int i;

	for (i = 0; i < sample->nr_sections; i++)
		if (sample->sections[i] == section_id)
			return true;
	return false;
}

static void add_sample_section(struct sampler *sampler, pid_t pid, struct sample *sample, __u32 section_id, bool innermost)
{
	sampled_parts_count(&sampler->parts, pid, (__u16)section_id, innermost, sample);
	if (sample->nr_sections < SAMPLE_SECTIONS && !sample_has_section(sample, section_id))
		sample->sections[sample->nr_sections++] = (__u16)section_id;
}

/* Adds the functions that are sections behind the marked sections or "(outside)", innermost first. */
static void add_function_sections(struct sampler *sampler, pid_t pid, struct sample *sample)
{
	__u64 bits, met = 0, before;
	__u32 i;

	for (i = 0; i < sampler->depth; i++) {
		bits = sampler->is_section[sampler->at[i]] & ~met;
		before = met;
		met |= bits;
		for (; bits; bits &= bits - 1)
			add_sample_section(sampler, pid, sample, sampler->functions[__builtin_ctzll(bits)].section_id, !before);
	}
	sampler->met |= met;
}

/* Samples are independent of each other: each wait is sampled with probability 1/weight. */
static void count_sample(struct snapshot_stack *stack, const struct sample *sample)
{
	double ns = (double)sample->off_ns;

	if (sample->kind == SAMPLE_CPU) {
		stack->cpu_samples += sample->weight;
		stack->cpu_samples2 += (double)sample->weight * sample->weight;
		return;
	}
	stack->off_samples++;
	stack->off_ns[sample->cause & (CAUSES - 1)] += sample->off_ns;
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
	return sample->nr_native <= SAMPLE_NATIVE && size >= sizeof(*sample) + frames;
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
	if (!push_native_frames(sampler, target, native, nr_native, sample->nr_python > 0))
		sample->flags &= (__u16)~SAMPLE_NATIVE_CUT;
	push_python_frames(sampler, target, python, sample->nr_python);
	push_missing_frames(sampler, sample->flags);
	tid = may_be_idle_thread(sample, target) ? sample->tid : 0;
	add_function_sections(sampler, target ? target->pid : 0, sample);
	key = (struct stack_key){sample->sections, sample->nr_sections, sampler->at, sampler->depth, tid};
	stack = stack_table_add(&sampler->table, &key);
	if (!stack) {
		sampler->lost_stacks++;
		return 0;
	}
	count_sample(stack, sample);
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

int sampler_add_function(struct sampler *sampler, const char *name, bool python, __u32 section_id)
{
	if (sampler->nr_functions == FUNCTIONS_MAX)
		return fail(-E2BIG, "--section: more than %d functions", FUNCTIONS_MAX);
	sampler->functions[sampler->nr_functions++] = (struct sampler_function){name, python, section_id};
	return 0;
}

bool sampler_has_met(const struct sampler *sampler, const char *qualname)
{
	size_t i;

	for (i = 0; i < sampler->nr_functions; i++)
		if (!strcmp(sampler->functions[i].name, qualname))
			return sampler->met >> i & 1;
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
	sampler->is_section = calloc(STACK_FRAMES, sizeof(*sampler->is_section));
	if (!sampler->ring || !sampler->is_section || stack_table_open(&sampler->table)) {
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
	sampler->lost_stacks = 0;
}

double sampler_most_ns(const struct sampler *sampler, __u16 section_id, int frequency_hz)
{
	return sampled_parts_most_ns(&sampler->parts, section_id, 1e9 / frequency_hz);
}

int sampler_copy(const struct sampler *sampler, struct snapshot *snap, const __u16 *section_index)
{
	if (!sampler)
		return 0;
	snap->counters.stacks_broken += sampler->lost_stacks;
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
	sampled_parts_clear(&sampler->parts);
	free(sampler->is_section);
	free(sampler);
}
