// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_lookup.c - finds a function of --section in a file of a target, and the code where it is probed. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "collect/target/function_lookup.h"
#include "host/isolate.h"
#include "symbol/find_function.h"
#include "symbol/function_places.h"

struct question {
	pid_t pid;
	const struct dcbs_native_section *option;
};

static void read_code(struct function_lookup *found, int fd)
{
	size_t i;

	code_place_read(&found->entry, fd, found->places.entry);
	for (i = 0; i < found->places.nr_exits; i++)
		code_place_read(&found->exits[i], fd, found->places.exits[i]);
}

static void search_file(void *ctx, void *result)
{
	const struct question *question = ctx;
	struct function_lookup *found = result;
	struct found_function function;

	found->err = find_function(&function, question->pid, question->option->binary, question->option->function);
	if (!found->err) {
		found->err = function_places_find(&found->places, function.fd, function.address, function.size);
		if (!found->err)
			read_code(found, function.fd);
		close(function.fd);
	}
	snprintf(found->error, sizeof(found->error), "%s", dcbs_profiler_error());
}

int function_lookup(struct function_lookup *found, int *fd, pid_t pid, const struct dcbs_native_section *option)
{
	struct question question = {pid, option};
	int err;

	memset(found, 0, sizeof(*found));
	function_places_prepare();
	err = isolate_call(search_file, &question, found, sizeof(*found));
	if (err)
		return fail(err, "--section: %s cannot be read: %s", option->binary, strerror(-err));
	if (found->err)
		return fail(found->err, "%s", found->error);
	*fd = find_function_open(pid, option->binary);
	return *fd < 0 ? fail(*fd, "--section: cannot open %s: %s", option->binary, strerror(-*fd)) : 0;
}
