/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * operators.h - the operators of PyTorch (ATen) that a section's time was spent in, by the samples of its stacks.
 *
 * Each call of an operator goes through a native function of its own: at::_ops::linear::call() stands for aten::linear. The name holds
 * the overload, too: aten::add_Tensor.
 */
#ifndef ANALYSE_STACKS_OPERATORS_H
#define ANALYSE_STACKS_OPERATORS_H

#include "dcbs/profiler.h"

/* Fills in r->operators from r->stacks. Returns 0 or -ENOMEM. */
int operators_fill(struct dcbs_report *r);
void operators_free(struct dcbs_report *r);

#endif
