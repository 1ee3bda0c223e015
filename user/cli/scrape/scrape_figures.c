// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* scrape_figures.c - the socket of --listen, and figures of the profile for those that connect to it. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/scrape/scrape_figures.h"
#include "render/render.h"
#include "serve/listen_address.h"

int scrape_figures_listen(struct scrape_figures *figures, const char *address)
{
	if (!address)
		return 0;
	figures->listener = listen_address_open(address);
	if (figures->listener < 0)
		return figures->listener;
	figures->wanted = true;
	figures->memory = metrics_memory_new();
	return figures->memory ? 0 : fail(-ENOMEM, "out of memory");
}

static int write_figures(struct scrape_figures *figures, FILE *file, bool protobuf)
{
	struct dcbs_report *report;
	int err = dcbs_profiler_snapshot(figures->prof, &report);

	if (err)
		return err;
	err = metrics_memory_write(figures->memory, file, report, protobuf);
	dcbs_report_free(report);
	return err;
}

static bool build_figures(void *ctx, bool protobuf, char **text, size_t *size)
{
	FILE *file = open_memstream(text, size);
	int err;

	if (!file)
		return false;
	err = write_figures(ctx, file, protobuf);
	if (!fclose(file) && !err)
		return true;
	free(*text);
	return false;
}

int scrape_figures_serve(struct scrape_figures *figures, struct dcbs_profiler *prof, struct server *server)
{
	const struct scrape_source source = {figures, build_figures};
	struct scrape_server *scrapes;

	if (!figures->wanted)
		return 0;
	figures->prof = prof;
	figures->wanted = false;
	scrapes = scrape_server_open(figures->listener, &source);
	if (!scrapes)
		return fail(-ENOMEM, "out of memory");
	server_answer_scrapes(server, scrapes);
	return 0;
}

void scrape_figures_end(struct scrape_figures *figures)
{
	if (figures->wanted)
		close(figures->listener);
	metrics_memory_free(figures->memory);
	*figures = (struct scrape_figures){0};
}
