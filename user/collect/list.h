/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* list.h - `dcbs-bpfprof list`: the running processes that carry markers. */
#ifndef COLLECT_LIST_H
#define COLLECT_LIST_H

#include <stdio.h>

int list_print(FILE *out);

#endif
