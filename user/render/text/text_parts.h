/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * text_parts.h - the parts of the report for people, in the order in which they stand. A part without data writes nothing.
 *
 * A new table is a file in user/render/parts/, its prototype here, and a call in text_write().
 */
#ifndef RENDER_TEXT_TEXT_PARTS_H
#define RENDER_TEXT_TEXT_PARTS_H

#include "render/order.h"
#include "render/text/text_lines.h"

#define MOST_JUDGED 64	/* verdicts of a report that the text looks at */

void text_ends(const struct text *t, int label_width);	/* how the given targets ended: lines of the head */
void text_sessions_head(const struct text *t, int label_width);	/* of a report of several sessions */
void text_answer(const struct text *t, int label_width);	/* what is slowest, why, and what to do about it */
const struct dcbs_bottleneck *text_answer_verdict(const struct text *t);	/* the one that the answer shows; NULL: none */
void text_chain(const struct text *t, FILE *to, size_t node);	/* "outer > inner": the sections around a node, and its own */
void text_share(FILE *to, double share, double error);	/* of the window; beyond it, how many of a section were open at a time */
void text_sections(const struct text *t);
void text_outside(const struct text *t);	/* by process and role, if it is much */
void text_trends(const struct text *t);		/* calls that took longer and longer, or began slowly */
void text_slowest(const struct text *t);		/* the slowest calls, with --verbose */
void text_verdicts(const struct text *t);	/* one for each chain of sections */
void text_functions(const struct text *t, enum order_key order);
void text_awaiting(const struct text *t);	/* suspended tasks of asyncio */
void text_loops(const struct text *t);		/* event loops of threads that run coroutines */
void text_operators(const struct text *t);	/* of PyTorch */
void text_gpu(const struct text *t);		/* if any section used a GPU */
void text_memory(const struct text *t);		/* if any section grew or shrank */
void text_sessions(const struct text *t);	/* if several were merged */
void text_session_skew(const struct text *t, FILE *words, const struct dcbs_session_skew *skew);	/* of a section, if it is much */
void text_processes(const struct text *t);	/* if there are several */
void text_failed_children(const struct text *t);	/* lines below the processes */
void text_threads(const struct text *t);	/* if there are no sections, or with --verbose */
void text_waits(const struct text *t);		/* notes on the causes of waits, and their checks */

#endif
