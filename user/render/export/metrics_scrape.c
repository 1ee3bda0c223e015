// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* metrics_scrape.c - figures for a scraper, in the format that it prefers. */
#include <errno.h>

#include "render/export/metrics.h"
#include "render/format.h"

static int write_protobuf(FILE *file, const struct dcbs_report *report, struct metrics_memory *memory)
{
	struct wire out = {0};
	int err;

	metrics_protobuf(&out, report, memory);
	err = out.failed || fwrite(out.list, 1, out.nr, file) != out.nr ? -ENOMEM : 0;
	wire_free(&out);
	return err;
}

int metrics_memory_write(struct metrics_memory *memory, FILE *file, const struct dcbs_report *report, bool protobuf)
{
	if (protobuf)
		return write_protobuf(file, report, memory);
	metrics_text(file, report, false, memory);
	return 0;
}
