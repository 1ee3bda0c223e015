/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* rss_total.h - RSS of all targets together, by /proc. */
#ifndef COLLECT_STATS_RSS_TOTAL_H
#define COLLECT_STATS_RSS_TOTAL_H

#include "collect/state.h"

void rss_total_init(struct rss_total *rss);

/* Reads the RSS of the targets into rss.end_bytes and rss.peak_bytes. If no target can be read, they stay as they are. */
void rss_total_read(struct session *session);

#endif
