/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* state.h - what session.c, attach.c and snapshot.c share. */
#ifndef COLLECT_STATE_H
#define COLLECT_STATE_H

#include <bpf/libbpf.h>

#include "collect/overhead/calibrate.h"
#include "collect/session.h"
#include "host/uprobe.h"

#include "bpfprof.skel.h"	/* needs the types of bpfprof/abi.h before it */

#define SESSION_LINKS 1024
#define SESSION_NOTES 32
#define SESSION_REDUCED 8
#define TRACE_USUAL_NS 60	/* of a trace point with a program, until it has been measured */

/* A map that is read in place. */
struct figures {
	void *at;
	size_t bytes, mapped;	/* at most, and so far */
	int fd;
};

struct session {
	struct dcbs_options opts;
	struct bpfprof *skel;
	struct section_stat *stats;		/* the maps, in place; as many of each as stat_maps_reach() was asked for */
	struct section_ledger *ledgers;
	struct figures stats_map, ledgers_map;
	bool has_function_probes;		/* there are --section functions besides Python's */
	bool has_ledgers;		/* the scheduler's events are attached that tell why a thread waits */
	bool has_memory;		/* likewise those of RSS */
	double trap_ns;			/* of a hit of the marker's probe; NAN: not measured */
	double step_ns;			/* of a hit of a probe that the kernel has to step over, likewise */
	double clock_read_ns;		/* of a look at the clock, likewise */
	double page_touch_ns;		/* of the first touch of a page, likewise */
	double trace_ns;		/* of a trace point with a program, besides the program's own time, ... */
	bool trace_known;		/* ... measured */
	struct uprobe *own_probe;	/* on our own copy of the marker function */
	struct process *processes;	/* the map, in place */
	struct target targets[BPFPROF_FOLLOWED];	/* at their index of `processes`; of children's, some are free */
	size_t nr_targets;
	struct children *children;	/* NULL: they are not followed */
	struct bpf_link *links[SESSION_LINKS];
	size_t nr_links;
	struct bpf_link *waits[3];	/* of the programs that follow threads on and off their CPUs */
	struct bpf_link *memory[2];	/* of those that follow RSS and the address space */
	struct gaps *gaps;		/* in which they did not; NULL: none */
	struct native_section *native;
	size_t nr_native;
	struct governor *governor;
	char *reduced[SESSION_REDUCED];	/* what has been turned down to keep the cost within its limit */
	size_t nr_reduced;
	bool calls_given_up;		/* --section functions have no probes any more */
	bool over_budget;		/* it could not be kept */
	__u64 images_missed;		/* executed and left by a target between two looks */
	__u64 begun_missed;		/* sections open when the window began for which `begun` had no room, ... */
	__u64 baselines_missed;		/* ... and records for which `baselines` had none */
	struct bpf_link *list;		/* of the program that lists threads; NULL: not used yet */
	struct sampler *sampler;	/* NULL: stacks are not sampled */
	bool run_time_on;		/* the kernel measures our programs now */
	unsigned int run_times;		/* so often they have been */
	__u64 run_time_since_ns;
	__u64 run_time_next_ns;
	__u64 looks_ns;			/* CPU time of looks at threads, so far */
	double started_at;
	__u64 attached_ns;
	enum dcbs_ended_by ended_by;
	__u64 rss_ns;			/* when RSS was last asked for */
	__s64 rss_start_bytes, rss_end_bytes, rss_peak_bytes;
	char *notes[SESSION_NOTES];
	size_t nr_notes;
};

/* A line for the reader of the report; the same line only once. */
void session_note(struct session *session, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The targets' threads, to be freed; returns how many. See on_iter_thread in bpf/iter_threads.bpf.c for what it does besides. */
size_t session_list(struct session *session, struct thread_view **views);

/* The same for that alone: threads are met, and those that wait are charged up to now. */
void session_look_at_threads(struct session *session);

/* Programs that a kernel may have no place for. */
struct choice {
	bool fentry;	/* on the kernel's own functions */
	bool memory;	/* on changes of RSS */
	bool waking;	/* on threads that wake others */
};

/* stacks.c: the sampler and what it needs of the targets. All do nothing where stacks are not sampled. */
int stacks_open(struct session *session);
void stacks_begin(struct session *session, struct target *target, const struct target *parent);	/* parent: who has just forked it, or NULL */
void stacks_poll(struct session *session);
void stacks_renew(struct session *session, struct target *target);	/* it has executed another image */
void stacks_note_missing(struct session *session);		/* functions that were to be sections, and were not seen */
void stacks_close(struct session *session);

/* session.c: the target has executed another image, the so-manieth. */
void session_renew(struct session *session, struct target *target, __u32 execs);

/* load.c */
int session_load(struct session *session, size_t nr_targets, pid_t only);
void session_unload(struct session *session);

/* figures.c: the maps of the sections' figures. */
int stat_maps_open(struct session *session);
int stat_maps_reach(struct session *session, size_t sections);	/* so many can be read and written */
size_t stat_maps_used(const struct session *session);		/* that are in use */
__u64 stat_maps_kernel_bytes(const struct session *session);		/* of kernel memory that all maps take, the same from start to end */
__u64 stat_maps_thread_bytes(const struct session *session);	/* likewise, for each thread of a target that is met */
void stat_maps_clear(struct session *session);
void stat_maps_close(struct session *session);

/* configure.c: what is decided between open and load. */
void configure(struct session *session, size_t nr_targets, pid_t only, const struct choice *choice);

/* attach.c: everything that is attached once, and what is attached to one target. */
int attach_kernel_events(struct session *session);
int attach_target(struct session *session, struct target *target);
void publish_python(struct session *session, const struct target *target);
const char *attach_hint(int err);
__u32 section_id_reserve(struct session *session, const struct section_name *name);	/* of a name, new or not; 0: no room */
bool attach_seldom(struct session *session);	/* asks the targets to hand over less often; false: none can, or all do already */
int attach_waits(struct session *session);
void detach_waits(struct session *session);
int attach_memory(struct session *session);
void detach_memory(struct session *session);

/* has_function_probes.c: the functions of --section, and sections for those of Python. */
int attach_native_sections(struct session *session, struct target *target);
int native_watch(struct session *session);	/* again, after ... */
void native_rest(struct session *session);
bool native_are_stepped(const struct session *session);	/* some probes, see probe_is_stepped() */
bool native_are_long(const struct session *session);	/* calls take so long that the probes do not distort that */
void native_note_probes(struct session *session);	/* of functions so short that it matters */
double native_probe_ns(const struct session *session, __u32 section_id);	/* by which a call of the section_id is told longer than it is; 0: it has none; NAN: unknown */
void native_are_sampled(struct session *session);	/* their figures are those of samples */
void native_close(struct session *session);
bool attach_is_python(const struct dcbs_native_section *section);
__u32 section_id_of_option(struct session *session, const struct dcbs_native_section *section);	/* 0: no room */
int attach_keep(struct session *session, struct bpf_link *link, const char *what);

#endif
