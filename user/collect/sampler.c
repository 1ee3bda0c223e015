// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sampler.c - samples of the targets' stacks: taken out of the kernel's ring, named, and counted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "collect/sampler.h"
#include "fail.h"
#include "symbol/pyname.h"
#include "symbol/symbols.h"

#define FRAMES_MAX (1 << 16)
#define STACKS_MAX (1 << 15)
#define DEPTH_MAX (SAMPLE_PYTHON + 2 * SAMPLE_NATIVE)	/* with functions that were inlined */
#define INLINED_MAX 8
#define FUNCTIONS_MAX 64	/* Python functions that are sections: a bit of a word each */

/* Entries in the order they came, and an open hash table of their numbers + 1, at most half full. */
struct index {
	__u32 *slots;
	__u32 mask;
};

struct sampler {
	struct ring_buffer *ring;
	struct target *targets;
	const size_t *nr_targets;
	struct snapshot_frame *frames;
	__u64 *is_section;		/* of each frame: bit i, it is functions[i] */
	size_t nr_frames, room_frames, room_bits;
	struct snapshot_stack *stacks;	/* rows are the kernel's */
	size_t nr_stacks, room_stacks;
	struct index by_frame, by_stack;
	struct {
		const char *qualname;
		__u32 row;
	} functions[FUNCTIONS_MAX];
	size_t nr_functions;
	__u32 depth;			/* of the sample at hand */
	__u32 at[DEPTH_MAX];
	__u64 lost_stacks;
};

/* ---- the tables ---- */

static __u64 hash_bytes(__u64 h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3ULL;
	return h;
}

static __u64 hash_text(__u64 h, const char *text)
{
	return text ? hash_bytes(h, text, strlen(text) + 1) : h * 0x100000001b3ULL;
}

static int index_open(struct index *index, __u32 entries)
{
	index->mask = 2 * entries - 1;
	index->slots = calloc(2 * (size_t)entries, sizeof(*index->slots));
	return index->slots ? 0 : -ENOMEM;
}

/* Room for one more of an array that doubles. */
static bool make_room(void **array, size_t *room, size_t used, size_t size, size_t max)
{
	size_t larger = *room ? 2 * *room : 256;
	void *grown;

	if (used < *room)
		return true;
	if (used >= max || !(grown = realloc(*array, larger * size)))
		return false;
	*array = grown;
	*room = larger;
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_frame(const struct snapshot_frame *f, const struct symbol *s)
{
	return f->line == s->line && f->python == s->python && same_text(f->function, s->function) && same_text(f->file, s->file);
}

static __u64 sections_of(const struct sampler *sampler, const struct symbol *s)
{
	__u64 bits = 0;
	size_t i;

	for (i = 0; i < sampler->nr_functions && s->python; i++)
		if (pyname_matches(sampler->functions[i].qualname, s->function, s->file))
			bits |= 1ULL << i;
	return bits;
}

static bool add_frame(struct sampler *sampler, const struct symbol *s)
{
	struct snapshot_frame *f;

	if (!make_room((void **)&sampler->frames, &sampler->room_frames, sampler->nr_frames, sizeof(*f), FRAMES_MAX) ||
	    !make_room((void **)&sampler->is_section, &sampler->room_bits, sampler->nr_frames, sizeof(__u64), FRAMES_MAX))
		return false;
	sampler->is_section[sampler->nr_frames] = sections_of(sampler, s);
	f = &sampler->frames[sampler->nr_frames];
	*f = (struct snapshot_frame) {
		.function = s->function ? strdup(s->function) : NULL, .file = s->file ? strdup(s->file) : NULL,
		.line = s->line, .python = s->python,
	};
	sampler->nr_frames++;
	return true;
}

/* The number of a function and line, FRAMES_MAX if there is no room. */
static __u32 frame_of(struct sampler *sampler, const struct symbol *s)
{
	__u64 h = hash_bytes(hash_text(hash_text(0xcbf29ce484222325ULL + s->python, s->function), s->file), &s->line, sizeof(s->line));
	struct index *index = &sampler->by_frame;
	__u32 i;

	for (i = (__u32)(h >> 20) & index->mask; index->slots[i]; i = (i + 1) & index->mask)
		if (same_frame(&sampler->frames[index->slots[i] - 1], s))
			return index->slots[i] - 1;
	if (!add_frame(sampler, s))
		return FRAMES_MAX;
	index->slots[i] = (__u32)sampler->nr_frames;
	return (__u32)sampler->nr_frames - 1;
}

static bool same_stack(const struct sampler *sampler, const struct snapshot_stack *stack, const struct sample *sample)
{
	return stack->nr_rows == sample->nr_rows && stack->nr_frames == sampler->depth &&
	       !memcmp(stack->rows, sample->rows, sample->nr_rows * sizeof(sample->rows[0])) &&
	       !memcmp(stack->frames, sampler->at, sampler->depth * sizeof(sampler->at[0]));
}

static struct snapshot_stack *add_stack(struct sampler *sampler, const struct sample *sample)
{
	__u32 *frames = malloc((sampler->depth + 1) * sizeof(*frames));
	struct snapshot_stack *stack;

	if (!frames || !make_room((void **)&sampler->stacks, &sampler->room_stacks, sampler->nr_stacks, sizeof(*stack), STACKS_MAX)) {
		free(frames);
		return NULL;
	}
	stack = &sampler->stacks[sampler->nr_stacks++];
	memset(stack, 0, sizeof(*stack));
	memcpy(stack->rows, sample->rows, sizeof(stack->rows));
	memcpy(frames, sampler->at, sampler->depth * sizeof(*frames));
	stack->nr_rows = sample->nr_rows;
	stack->nr_frames = sampler->depth;
	stack->frames = frames;
	return stack;
}

static struct snapshot_stack *stack_of(struct sampler *sampler, const struct sample *sample)
{
	__u64 h = hash_bytes(hash_bytes(0xcbf29ce484222325ULL, sample->rows, sample->nr_rows * sizeof(sample->rows[0])),
			     sampler->at, sampler->depth * sizeof(sampler->at[0]));
	struct index *index = &sampler->by_stack;
	struct snapshot_stack *stack;
	__u32 i;

	for (i = (__u32)(h >> 20) & index->mask; index->slots[i]; i = (i + 1) & index->mask)
		if (same_stack(sampler, &sampler->stacks[index->slots[i] - 1], sample))
			return &sampler->stacks[index->slots[i] - 1];
	stack = add_stack(sampler, sample);
	if (stack)
		index->slots[i] = (__u32)sampler->nr_stacks;
	return stack;
}

/* ---- one sample ---- */

static void push(struct sampler *sampler, const struct symbol *symbol)
{
	__u32 frame = frame_of(sampler, symbol);

	if (frame < FRAMES_MAX && sampler->depth < DEPTH_MAX)
		sampler->at[sampler->depth++] = frame;
	else
		sampler->lost_stacks++;
}

static bool is_call(const unsigned char *end, int bytes)
{
	return end[-bytes] == 0xff && (end[1 - bytes] & 0x38) == 0x10;
}

/*
 * Code without frame pointers leaves anything in that register, and the kernel's walk goes where it leads. A
 * return address has a call before it; at the first that has none, the walk has gone astray.
 */
static bool follows_call(const struct target *target, __u64 address)
{
#if defined(__x86_64__)
	unsigned char code[7], *end = code + sizeof(code);

	if (target_read(target, address - sizeof(code), code, sizeof(code)))
		return false;
	return end[-5] == 0xe8 || is_call(end, 2) || is_call(end, 3) || is_call(end, 4) || is_call(end, 6) || is_call(end, 7);
#else
	__u32 code;

	if (target_read(target, address - sizeof(code), &code, sizeof(code)))
		return false;
	return code >> 26 == 0x25 || (code & 0xfffffc1f) == 0xd63f0000;	/* bl, blr */
#endif
}

/* Native frames, up to the interpreter: from there on Python's own say more. */
static void push_native(struct sampler *sampler, struct target *target, const __u64 *addresses, __u32 n, bool python)
{
	struct symbol symbols[INLINED_MAX];
	size_t k, nr;
	__u32 i;

	for (i = 0; i < n; i++) {
		if (i && !follows_call(target, addresses[i]))
			return;
		if (python && (addresses[i] - target->python_start < target->python_end - target->python_start ||
			       symbols_is_interpreter(target->symbols, addresses[i])))
			return;
		nr = symbols_native(target->symbols, addresses[i], i > 0, symbols, INLINED_MAX);
		for (k = 0; k < nr; k++)
			push(sampler, &symbols[k]);
	}
}

static void push_python(struct sampler *sampler, struct target *target, const struct python_frame *frames, __u32 n)
{
	struct symbol symbol;
	__u32 i;

	for (i = 0; i < n; i++) {
		if (!symbols_python(target->symbols, &frames[i], &symbol))
			sampler->lost_stacks++;
		push(sampler, &symbol);
	}
}

static struct target *target_of(struct sampler *sampler, __u32 tgid)
{
	size_t i;

	for (i = 0; i < *sampler->nr_targets; i++)
		if ((__u32)sampler->targets[i].pid == tgid)
			return &sampler->targets[i];
	return NULL;
}

/* Python functions that are sections count as the outermost ones: what is marked inside them is inside. */
static void add_functions(struct sampler *sampler, struct sample *sample)
{
	__u64 bits = 0;
	__u32 i;

	for (i = 0; i < sampler->depth; i++)
		bits |= sampler->is_section[sampler->at[i]];
	if (bits && sample->nr_rows == 1 && sample->rows[0] == ROW_OUTSIDE)
		sample->nr_rows = 0;
	for (; bits; bits &= bits - 1)
		if (sample->nr_rows < SAMPLE_ROWS)
			sample->rows[sample->nr_rows++] = (__u16)sampler->functions[__builtin_ctzll(bits)].row;
}

/* The ring is the kernel's, but what is in it was read from the target: the sizes are checked nevertheless. */
static int on_sample(void *ctx, void *data, size_t size)
{
	struct sampler *sampler = ctx;
	struct sample head, *sample = &head;
	const struct python_frame *python = (const void *)((const char *)data + sizeof(head));
	struct snapshot_stack *stack;
	struct target *target;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	if (head.nr_rows > SAMPLE_ROWS ||
	    size < sizeof(head) + head.nr_python * sizeof(*python) + head.nr_native * sizeof(__u64))
		return 0;
	target = target_of(sampler, sample->tgid);
	if (!target || !target->symbols)
		return 0;
	sampler->depth = 0;
	push_native(sampler, target, (const __u64 *)(python + sample->nr_python), sample->nr_native, sample->nr_python > 0);
	push_python(sampler, target, python, sample->nr_python);
	add_functions(sampler, sample);
	stack = stack_of(sampler, sample);
	if (!stack) {
		sampler->lost_stacks++;
		return 0;
	}
	if (sample->kind == SAMPLE_CPU) {
		stack->cpu_samples++;
	} else {
		stack->off_samples++;
		stack->off_ns[sample->cause & (CAUSES - 1)] += sample->off_ns;
	}
	return 0;
}

void sampler_poll(struct sampler *sampler)
{
	if (sampler)
		ring_buffer__consume(sampler->ring);
}

/* ---- life ---- */

int sampler_add_function(struct sampler *sampler, const char *qualname, __u32 row)
{
	if (sampler->nr_functions == FUNCTIONS_MAX)
		return fail(-E2BIG, "--section: more than %d Python functions", FUNCTIONS_MAX);
	sampler->functions[sampler->nr_functions].qualname = qualname;
	sampler->functions[sampler->nr_functions++].row = row;
	return 0;
}

int sampler_open(struct sampler **result, int ring_fd, struct target *targets, const size_t *nr_targets)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));

	if (!sampler)
		return fail(-ENOMEM, "out of memory");
	sampler->targets = targets;
	sampler->nr_targets = nr_targets;
	sampler->ring = ring_buffer__new(ring_fd, on_sample, sampler, NULL);
	if (!sampler->ring || index_open(&sampler->by_frame, FRAMES_MAX) || index_open(&sampler->by_stack, STACKS_MAX)) {
		sampler_close(sampler);
		return fail(-ENOMEM, "cannot map the ring of samples: out of memory");
	}
	*result = sampler;
	return 0;
}

void sampler_clear(struct sampler *sampler)
{
	size_t i;

	if (!sampler)
		return;
	sampler_poll(sampler);
	for (i = 0; i < sampler->nr_stacks; i++)
		free(sampler->stacks[i].frames);
	sampler->nr_stacks = 0;
	sampler->lost_stacks = 0;
	if (sampler->by_stack.slots)
		memset(sampler->by_stack.slots, 0, (sampler->by_stack.mask + 1) * sizeof(__u32));
}

void sampler_close(struct sampler *sampler)
{
	size_t i;

	if (!sampler)
		return;
	for (i = 0; i < sampler->nr_stacks; i++)
		free(sampler->stacks[i].frames);
	for (i = 0; i < sampler->nr_frames; i++) {
		free(sampler->frames[i].function);
		free(sampler->frames[i].file);
	}
	ring_buffer__free(sampler->ring);
	free(sampler->stacks);
	free(sampler->frames);
	free(sampler->is_section);
	free(sampler->by_frame.slots);
	free(sampler->by_stack.slots);
	free(sampler);
}

/* ---- copies ---- */

static int copy_frames(const struct sampler *sampler, struct snapshot *snap)
{
	size_t i;

	snap->frames = calloc(sampler->nr_frames + 1, sizeof(*snap->frames));
	if (!snap->frames)
		return -ENOMEM;
	for (i = 0; i < sampler->nr_frames; i++) {
		const struct snapshot_frame *from = &sampler->frames[i];

		snap->frames[snap->nr_frames++] = (struct snapshot_frame) {
			.function = from->function ? strdup(from->function) : NULL,
			.file = from->file ? strdup(from->file) : NULL, .line = from->line, .python = from->python,
		};
	}
	return 0;
}

static int copy_stack(struct snapshot_stack *to, const struct snapshot_stack *from, const __u16 *row_index)
{
	__u32 i;

	*to = *from;
	to->frames = malloc((from->nr_frames + 1) * sizeof(*to->frames));
	if (!to->frames)
		return -ENOMEM;
	memcpy(to->frames, from->frames, from->nr_frames * sizeof(*to->frames));
	for (i = 0; i < from->nr_rows; i++)
		to->rows[i] = from->rows[i] < BPFPROF_ROWS ? row_index[from->rows[i]] : SNAPSHOT_OUTSIDE;
	return 0;
}

int sampler_copy(const struct sampler *sampler, struct snapshot *snap, const __u16 *row_index)
{
	size_t i;

	if (!sampler)
		return 0;
	snap->counters.stacks_broken += sampler->lost_stacks;
	snap->stacks = calloc(sampler->nr_stacks + 1, sizeof(*snap->stacks));
	if (!snap->stacks || copy_frames(sampler, snap))
		return fail(-ENOMEM, "out of memory");
	for (i = 0; i < sampler->nr_stacks; i++) {
		if (copy_stack(&snap->stacks[i], &sampler->stacks[i], row_index))
			return fail(-ENOMEM, "out of memory");
		snap->nr_stacks++;
	}
	return 0;
}
