// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * programs.bpf.c - all programs but the marker's probe (flush.bpf.c), as one unit: the object has each function that they share
 * once, so it takes less memory to load. The maps come first: the linker of libbpf 1.1 gives a map that it has met as an extern
 * the place 0.
 */
#include "state/maps.bpf.c"

#include "exit.bpf.c"
#include "function_calls.bpf.c"
#include "gpu_calls.bpf.c"
#include "iter_pids.bpf.c"
#include "iter_threads.bpf.c"
#include "rss_events.bpf.c"
#include "sample.bpf.c"
#include "sched.bpf.c"
