/* SPDX-License-Identifier: MIT */
/*
 * range_names.h - the names of sections for NVTX ranges: the text of a range, with that of its domain before it.
 *
 * Programs make names as they go, such as "step 17". 256 names are sections; all ranges of other names are one section.
 */
#ifndef DCBS_MARKER_RANGE_NAMES_H
#define DCBS_MARKER_RANGE_NAMES_H

#include <wchar.h>

#include "compiler.h"
#include "dcbs/markers.h"
#include "nvtx/nvtx_abi.h"

struct range_domain;

/* Returns the domain of that name. NULL stands for the default domain. */
HIDDEN struct range_domain *range_domain_make(const char *name);
HIDDEN struct range_domain *range_domain_make_wide(const wchar_t *name);

/* Return the section of a range. They take no lock for a name that was met before. */
HIDDEN dcbs_id range_names_find(struct range_domain *domain, const char *text);
HIDDEN dcbs_id range_names_find_wide(struct range_domain *domain, const wchar_t *text);
HIDDEN dcbs_id range_names_of_event(struct range_domain *domain, const struct nvtx_event *event);

/* Returns the handle that stands for a text which the program has registered. */
HIDDEN const void *range_names_handle(dcbs_id name);

#endif
