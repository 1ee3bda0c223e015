/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* scrape_figures.h - what --listen needs: its socket, opened before the profiler attaches, and figures of the profile. */
#ifndef CLI_SCRAPE_SCRAPE_FIGURES_H
#define CLI_SCRAPE_SCRAPE_FIGURES_H

#include "render/format.h"
#include "serve/server.h"

struct scrape_figures {
	bool wanted;
	int listener;		/* until it belongs to the server */
	struct dcbs_profiler *prof;
	struct metrics_memory *memory;
};

/* address: of --listen; NULL: there is nothing to do. Returns -errno, with a line that gives the reason. */
int scrape_figures_listen(struct scrape_figures *figures, const char *address);

/* From now on the server answers scrapers. */
int scrape_figures_serve(struct scrape_figures *figures, struct dcbs_profiler *prof, struct server *server);

void scrape_figures_end(struct scrape_figures *figures);

#endif
