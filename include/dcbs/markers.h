/* SPDX-License-Identifier: MIT */
/*
 * <dcbs/markers.h> - names the parts of an evaluation so that dcbs-bpfprof can time them.
 *
 * Link with -ldcbs-markers (pkg-config dcbs-markers), or with libdcbs-markers.a. C11 and C++17.
 *
 *     dcbs_profile_section("tokenize") {               // C and C++: the block that follows
 *             ...
 *     }
 *
 *     dcbs_token t = dcbs_section_begin(dcbs_section_name("generate"));      // begin and end apart
 *     ...
 *     dcbs_section_end(t);
 *
 *     dcbs::section s("score");                        // C++: until s goes out of scope, exceptions included
 *
 *     static dcbs_cache *c;
 *     c = c ? c : dcbs_cache_name("embeddings");
 *     dcbs_record_hit(c, 2e-6);                        // seconds
 *
 * Cost. Without a profiler a section is two calls and a few stores, about 3 ns. With one it is two
 * clock reads, plus one probe hit per 512 sections or per millisecond. After a thread's first section
 * nothing allocates, locks or makes a system call. A name is looked up once and becomes a small number.
 *
 * Flows. Sections nest within a flow. A flow is a logical thread: the thread itself, or a fiber or
 * coroutine that it runs. A scheduler calls dcbs_flow_enter() when it resumes one and dcbs_flow_leave()
 * when that yields; without these calls all of them are one flow, and time is charged to the section
 * that was begun last. The Python module needs no such calls: a context of CPython is a flow.
 *
 * Safety. A section may end on another thread or in another flow than the one that began it, and sections
 * may end in any order. A section that is ended twice, or never, is counted and harmless. A thread can
 * have 62 sections open in its first flow at no further cost, and 130,880 others. Each of these takes 80 bytes,
 * and each flow up to 100, which are mapped when they are needed and kept. Sections beyond them
 * run untimed and are counted as lost. After fork() the child continues the sections that its thread had open. All functions may be called from any thread,
 * but not from signal handlers. A name may hold any bytes but zero. In a name of more than 119 bytes
 * a hash replaces the end.
 *
 * Compile with -DDCBS_MARKERS_OFF and every marker disappears.
 */
#ifndef DCBS_MARKERS_H
#define DCBS_MARKERS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The number of a registered section name. Never 0, valid until the process ends. */
typedef uint16_t dcbs_id;

/* A named cache. The pointer stays valid until the process ends. */
typedef struct dcbs_cache dcbs_cache;

/* One open section: begin returns it and end takes it. A token of zeros is valid and does nothing. */
typedef struct dcbs_token {
	void *record;
	uint64_t use;
} dcbs_token;

#ifndef DCBS_MARKERS_OFF

/*
 * Returns the number of a name, the same number for the same name. It takes a lock: call it once, not in
 * a loop. A process can have 510 names; all names beyond are timed together as "(other)". NULL and ""
 * become "(unnamed)".
 */
dcbs_id dcbs_section_name(const char *name);

/* Opens a section on this thread. It never fails: it returns a token of zeros if the section cannot be timed. */
dcbs_token dcbs_section_begin(dcbs_id name);

/* Ends a section, on any thread. */
void dcbs_section_end(dcbs_token token);

/* Ends a section and counts it under `errors` as well. */
void dcbs_section_fail(dcbs_token token);

/* Ends a section whose task was cancelled, and counts it under `cancelled` as well. It is no error. */
void dcbs_section_cancel(dcbs_token token);

/* Adds n processed items (questions, tokens, bytes) to an open section. The report shows items per second. */
void dcbs_section_items(dcbs_token token, uint64_t n);

/*
 * Makes `id` the current flow of the calling thread: its sections are those that were begun in it and have not
 * ended. Any number will do, such as the address of the fiber. 0, as dcbs_flow_leave(), is the thread itself.
 */
void dcbs_flow_enter(uint64_t id);
void dcbs_flow_leave(void);

/* A model's forward pass, and its generation of `tokens` tokens (0: unknown). Both are sections in all respects. */
dcbs_token dcbs_forward_pass_begin(void);
void dcbs_forward_pass_end(dcbs_token token);
dcbs_token dcbs_generation_begin(void);
void dcbs_generation_end(dcbs_token token, uint64_t tokens);

/* Returns the cache of that name. It takes a lock: keep the pointer. */
dcbs_cache *dcbs_cache_name(const char *name);

/* Records a look-up that the cache answered, and the seconds it took. Values that are no time count as 0. */
void dcbs_record_hit(dcbs_cache *cache, double access_time);

/* Records a look-up that the cache did not answer, and the seconds it took to compute the value. */
void dcbs_record_miss(dcbs_cache *cache, double computation_time);

/* Records the current size of the cache in bytes. */
void dcbs_record_size(dcbs_cache *cache, uint64_t size_bytes);

/* Returns how many profilers are attached to this process (the number of probes on the marker). */
unsigned int dcbs_attached(void);

#else /* DCBS_MARKERS_OFF */

static inline dcbs_id dcbs_section_name(const char *name) { (void)name; return 1; }
static inline dcbs_token dcbs_section_begin(dcbs_id name) { dcbs_token t = {0, 0}; (void)name; return t; }
static inline void dcbs_section_end(dcbs_token token) { (void)token; }
static inline void dcbs_section_fail(dcbs_token token) { (void)token; }
static inline void dcbs_section_cancel(dcbs_token token) { (void)token; }
static inline void dcbs_section_items(dcbs_token token, uint64_t n) { (void)token; (void)n; }
static inline void dcbs_flow_enter(uint64_t id) { (void)id; }
static inline void dcbs_flow_leave(void) { }
static inline dcbs_token dcbs_forward_pass_begin(void) { return dcbs_section_begin(1); }
static inline void dcbs_forward_pass_end(dcbs_token token) { (void)token; }
static inline dcbs_token dcbs_generation_begin(void) { return dcbs_section_begin(1); }
static inline void dcbs_generation_end(dcbs_token token, uint64_t tokens) { (void)token; (void)tokens; }
static inline dcbs_cache *dcbs_cache_name(const char *name) { (void)name; return 0; }
static inline void dcbs_record_hit(dcbs_cache *cache, double access_time) { (void)cache; (void)access_time; }
static inline void dcbs_record_miss(dcbs_cache *cache, double computation_time) { (void)cache; (void)computation_time; }
static inline void dcbs_record_size(dcbs_cache *cache, uint64_t size_bytes) { (void)cache; (void)size_bytes; }
static inline unsigned int dcbs_attached(void) { return 0; }

#endif

#ifdef __cplusplus
}

namespace dcbs {

/* A section that lasts until the end of the scope. If an exception ends the scope, it counts under `errors`. */
class section {
public:
	explicit section(const char *name) : section(dcbs_section_name(name)) {}
	explicit section(dcbs_id name) noexcept : token_(dcbs_section_begin(name)), unwinding_(unwinding()) {}
	section(const section &) = delete;
	section &operator=(const section &) = delete;
	~section()
	{
		if (unwinding() > unwinding_)
			dcbs_section_fail(token_);
		else
			dcbs_section_end(token_);
	}
	void items(uint64_t n) noexcept { dcbs_section_items(token_, n); }

private:
	static int unwinding() noexcept;
	dcbs_token token_;
	int unwinding_;
};

} /* namespace dcbs */

#include <exception>

inline int dcbs::section::unwinding() noexcept { return std::uncaught_exceptions(); }
#endif

/* ------------------------------------------------------------------------------------------------
 * The scoped blocks and their implementation.
 *
 *     dcbs_profile_section("name") { ... }     the name is looked up once for each place in the code
 *     dcbs_profile_forward_pass() { ... }
 *     dcbs_profile_generation(tokens) { ... }  `tokens` is evaluated at the end of the block
 *
 * break and continue leave the block, not a loop around it. return and goto leave it, too. All four end the
 * section (GCC and Clang).
 */
#ifdef __cplusplus
extern "C" {
#endif

struct dcbs_scope {
	dcbs_token token;
	int once;
};

static inline void dcbs_scope_end(struct dcbs_scope *scope)
{
	dcbs_section_end(scope->token);
}

static inline dcbs_token dcbs_scope_begin(dcbs_id *site, const char *name)
{
	dcbs_id n = __atomic_load_n(site, __ATOMIC_RELAXED);

	if (__builtin_expect(!n, 0)) {
		n = dcbs_section_name(name);
		__atomic_store_n(site, n, __ATOMIC_RELAXED);
	}
	return dcbs_section_begin(n);
}

/* Adds the tokens and stops the loop, so that dcbs_scope_end() runs. */
static inline int dcbs_scope_tokens(struct dcbs_scope *scope, uint64_t tokens)
{
	dcbs_section_items(scope->token, tokens);
	return 0;
}

#ifdef __cplusplus
}
#endif

#define DCBS_SCOPE(begin, at_end)								\
	for (struct dcbs_scope dcbs_scope_var __attribute__((cleanup(dcbs_scope_end))) = {begin, 1};	\
	     dcbs_scope_var.once; dcbs_scope_var.once = at_end)

#define dcbs_profile_section(name)								\
	DCBS_SCOPE(dcbs_scope_begin((__extension__({ static dcbs_id dcbs_site; &dcbs_site; })), name), 0)
#define dcbs_profile_forward_pass() DCBS_SCOPE(dcbs_forward_pass_begin(), 0)
#define dcbs_profile_generation(tokens)								\
	DCBS_SCOPE(dcbs_generation_begin(), dcbs_scope_tokens(&dcbs_scope_var, tokens))

#endif
