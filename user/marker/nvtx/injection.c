// SPDX-License-Identifier: MIT
/*
 * injection.c - makes sections of a program's NVTX ranges.
 *
 * NVTX is a header of NVIDIA for names of spans. At its first call it loads the library that the variable NVTX_INJECTION64_PATH
 * names, and calls InitializeInjectionNvtx2(), which stores the functions of that library. All functions that are not stored, such
 * as those for marks, do nothing. Each library with the header inside does so once.
 */
#include "bpfprof/marker_abi.h"
#include "nvtx/nvtx_abi.h"
#include "nvtx/open_ranges.h"
#include "nvtx/range_names.h"

EXPORT int InitializeInjectionNvtx2(nvtx_export_table get_export_table);

/* ---- ranges of the default domain ---- */

static int push_event(const struct nvtx_event *event)
{
	return open_ranges_push(NULL, range_names_of_event(NULL, event));
}

static int push_ascii(const char *text)
{
	return open_ranges_push(NULL, range_names_find(NULL, text));
}

static int push_wide(const wchar_t *text)
{
	return open_ranges_push(NULL, range_names_find_wide(NULL, text));
}

static int pop_range(void)
{
	return open_ranges_pop(NULL);
}

static uint64_t start_event(const struct nvtx_event *event)
{
	return open_ranges_start(range_names_of_event(NULL, event));
}

static uint64_t start_ascii(const char *text)
{
	return open_ranges_start(range_names_find(NULL, text));
}

static uint64_t start_wide(const wchar_t *text)
{
	return open_ranges_start(range_names_find_wide(NULL, text));
}

/* ---- domains ---- */

static int domain_push(struct range_domain *domain, const struct nvtx_event *event)
{
	return open_ranges_push(domain, range_names_of_event(domain, event));
}

static int domain_pop(struct range_domain *domain)
{
	return open_ranges_pop(domain);
}

static uint64_t domain_start(struct range_domain *domain, const struct nvtx_event *event)
{
	return open_ranges_start(range_names_of_event(domain, event));
}

static void domain_end(struct range_domain *domain, uint64_t number)
{
	(void)domain;
	open_ranges_end(number);
}

static const void *domain_register(struct range_domain *domain, const char *text)
{
	return range_names_handle(range_names_find(domain, text));
}

static const void *domain_register_wide(struct range_domain *domain, const wchar_t *text)
{
	return range_names_handle(range_names_find_wide(domain, text));
}

/* ---- start ---- */

struct range_function {
	unsigned int id;
	nvtx_function function;
};

#define FUNCTION(id, function) {id, (nvtx_function)(function)}

static const struct range_function core[] = {
	FUNCTION(NVTX_RANGE_START_EX, start_event), FUNCTION(NVTX_RANGE_START_A, start_ascii), FUNCTION(NVTX_RANGE_START_W, start_wide),
	FUNCTION(NVTX_RANGE_END, open_ranges_end), FUNCTION(NVTX_RANGE_PUSH_EX, push_event), FUNCTION(NVTX_RANGE_PUSH_A, push_ascii),
	FUNCTION(NVTX_RANGE_PUSH_W, push_wide), FUNCTION(NVTX_RANGE_POP, pop_range), {0, NULL},
};
static const struct range_function core2[] = {
	FUNCTION(NVTX_DOMAIN_START_EX, domain_start), FUNCTION(NVTX_DOMAIN_END, domain_end),
	FUNCTION(NVTX_DOMAIN_PUSH_EX, domain_push), FUNCTION(NVTX_DOMAIN_POP, domain_pop),
	FUNCTION(NVTX_DOMAIN_REGISTER_A, domain_register), FUNCTION(NVTX_DOMAIN_REGISTER_W, domain_register_wide),
	FUNCTION(NVTX_DOMAIN_CREATE_A, range_domain_make), FUNCTION(NVTX_DOMAIN_CREATE_W, range_domain_make_wide), {0, NULL},
};

static int store_functions(const struct nvtx_callbacks *callbacks, int module, const struct range_function *f)
{
	nvtx_function **table = NULL;
	unsigned int size = 0;

	if (!callbacks->get_table(module, &table, &size) || !table)
		return 0;
	for (; f->function; f++)
		if (f->id < size && table[f->id])
			*table[f->id] = f->function;
	return 1;
}

/* Returns 1 if the program's ranges will be sections; 0 makes the program unload this library. */
int InitializeInjectionNvtx2(nvtx_export_table get_export_table)
{
	const struct nvtx_callbacks *callbacks = get_export_table ? get_export_table(NVTX_TABLE_CALLBACKS) : NULL;

	if (!callbacks || callbacks->struct_size < sizeof(*callbacks) || !callbacks->get_table)
		return 0;
	open_ranges_prepare();
	return store_functions(callbacks, NVTX_CORE, core) | store_functions(callbacks, NVTX_CORE2, core2);
}
