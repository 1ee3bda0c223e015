/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* merge_model.h - what the model did in several sessions. */
#ifndef ANALYSE_MERGE_MERGE_MODEL_H
#define ANALYSE_MERGE_MERGE_MODEL_H

#include "dcbs/profiler.h"

/* Begins with a summary whose counts are 0 and whose other figures are NAN or DCBS_UNKNOWN. */
void merge_model_add(struct dcbs_model_summary *to, const struct dcbs_model_summary *m);

#endif
