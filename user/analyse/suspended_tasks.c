// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* suspended_tasks.c - where the suspended tasks of asyncio are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/suspended_tasks.h"
#include "base/sanitize.h"

#define TEXT_BYTES 4096

static char *copy_name(const char *raw)
{
	return sanitize(raw ? raw : "(unknown)", TEXT_BYTES);
}

static int fill_place(struct dcbs_awaiting *to, const struct snapshot_awaiting *from, double looks)
{
	*to = (struct dcbs_awaiting) {
		.function = copy_name(from->at.function), .file = from->at.file ? copy_name(from->at.file) : NULL,
		.line = from->at.line ? from->at.line : DCBS_UNKNOWN,
		.inner_function = copy_name(from->inner.function), .inner_file = from->inner.file ? copy_name(from->inner.file) : NULL,
		.inner_line = from->inner.line ? from->inner.line : DCBS_UNKNOWN,
		.tasks = (double)from->tasks / looks, .most = (int64_t)from->most,
	};
	if (!to->function || !to->inner_function || (from->at.file && !to->file) || (from->inner.file && !to->inner_file))
		return -ENOMEM;
	return 0;
}

static int most_tasks_first(const void *a, const void *b)
{
	const struct dcbs_awaiting *x = a, *y = b;

	if (x->tasks != y->tasks)
		return x->tasks < y->tasks ? 1 : -1;
	return strcmp(x->function, y->function) ?: strcmp(x->inner_function, y->inner_function);
}

int suspended_tasks_fill(struct dcbs_report *r, const struct snapshot *snap)
{
	size_t i;

	r->await_looks = snap->await_looks ? (int64_t)snap->await_looks : DCBS_UNKNOWN;
	if (!snap->await_looks)
		return 0;
	r->awaiting_others = (double)snap->awaiting_others / (double)snap->await_looks;
	r->awaiting_more = snap->awaiting_more;
	r->awaiting = calloc(snap->nr_awaiting + 1, sizeof(*r->awaiting));
	if (!r->awaiting)
		return -ENOMEM;
	for (i = 0; i < snap->nr_awaiting; i++) {
		r->nr_awaiting++;
		if (fill_place(&r->awaiting[i], &snap->awaiting[i], (double)snap->await_looks))
			return -ENOMEM;
	}
	qsort(r->awaiting, r->nr_awaiting, sizeof(*r->awaiting), most_tasks_first);
	return 0;
}

void suspended_tasks_free(struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_awaiting; i++) {
		free(r->awaiting[i].function);
		free(r->awaiting[i].file);
		free(r->awaiting[i].inner_function);
		free(r->awaiting[i].inner_file);
	}
	free(r->awaiting);
}
