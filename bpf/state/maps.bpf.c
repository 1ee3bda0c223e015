// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* maps.bpf.c - defines the maps and globals that maps.bpf.h declares. */
#include "state/maps.bpf.h"

const volatile bool one_target = false;
const volatile __u16 small_place[SMALL_NS] = {};
const volatile __u8 syscall_kinds[SYSCALLS] = {};
const volatile __u32 map_syscall = 0, unmap_syscall = 0;
const volatile __u32 nr_cpus = 1;
const volatile __u32 slow_kept = 1;
const volatile bool follow_children = false;
const volatile bool leave_secure = false;
const volatile bool has_function_probes = false;
const volatile bool sampling = false;
const volatile __u64 sample_period_ns = 10000000;
const volatile __u64 samples_half = 0;
const volatile bool switch_tells_state = true;
const volatile bool kernel_counts_steal = false;
const volatile bool kernel_counts_delay = false;
struct window window = {};
struct throttle throttle = {};
struct counters counters = {};
__u32 nr_event_loops = 0;
__u32 cpu_quotas, wakeups_wanted;
struct pid_space pid_space = {};
__u32 only_tgid = 0;
__s32 rss_locals_fd = 0;

struct stats_map stats SEC(".maps");
struct section_ids_map section_ids SEC(".maps");
struct section_names_map section_names SEC(".maps");
struct processes_map processes SEC(".maps");
struct targets_map targets SEC(".maps");
struct neighbours_map neighbours SEC(".maps");
struct event_loops_map event_loops SEC(".maps");
struct parts_map parts SEC(".maps");
struct gils_map gils SEC(".maps");
struct vacant_map vacant SEC(".maps");
struct news_map news SEC(".maps");
struct baselines_map baselines SEC(".maps");
struct begun_map begun SEC(".maps");
struct ring_readers_map ring_readers SEC(".maps");
struct thread_accounts_map thread_accounts SEC(".maps");
struct open_calls_map open_calls SEC(".maps");
struct calls_map calls SEC(".maps");
struct slow_calls_map slow_calls SEC(".maps");
struct ledgers_map ledgers SEC(".maps");
struct gpu_sums_map gpu_sums SEC(".maps");
struct gpu_memory_map gpu_memory SEC(".maps");
struct gpu_pieces_map gpu_pieces SEC(".maps");
struct process_sums_map process_sums SEC(".maps");
struct rss_locals_map rss_locals SEC(".maps");
struct mms_map mms SEC(".maps");
struct pythons_map pythons SEC(".maps");
struct samples_map samples SEC(".maps");
struct walkers_map walkers SEC(".maps");
struct waits_map waits SEC(".maps");

char LICENSE[] SEC("license") = "Dual MIT/GPL";
