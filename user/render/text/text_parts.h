/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* text_parts.h - the larger parts of the report for people, one file each. A part without data writes nothing. */
#ifndef RENDER_TEXT_TEXT_PARTS_H
#define RENDER_TEXT_TEXT_PARTS_H

#include "render/order.h"
#include "render/text/text_lines.h"

void text_ends(const struct text *t, int label_width);	/* how the given targets ended: lines of the head */
void text_failed_children(const struct text *t);	/* lines below the processes */
void text_processes(const struct text *t);	/* if there are several */
void text_why(const struct text *t);		/* the causes of the sections' time */
void text_functions(const struct text *t, enum order_key order);
void text_loops(const struct text *t);		/* event loops of threads that run coroutines */
void text_operators(const struct text *t);	/* of PyTorch */
void text_memory(const struct text *t);

#endif
