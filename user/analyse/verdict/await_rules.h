/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * await_rules.h - why the coroutines of a section are suspended, for struct rule.
 *
 * Exactly one of these reasons applies to a subject. They look at the event loop with the most coroutines in flight.
 */
#ifndef ANALYSE_VERDICT_AWAIT_RULES_H
#define ANALYSE_VERDICT_AWAIT_RULES_H

#include "analyse/verdict/subject.h"

bool await_rules_held(const struct subject *s);		/* one step at a time holds the loop for long */
bool await_rules_busy(const struct subject *s);		/* the loop is busy with short steps */
bool await_rules_one_by_one(const struct subject *s);	/* the loop waits, and one coroutine is in flight at a time */
bool await_rules_uneven(const struct subject *s);	/* the loop waits, and mostly few are in flight, at times many */
bool await_rules_few(const struct subject *s);		/* the loop waits, and few are in flight all the time */
bool await_rules_slow_peer(const struct subject *s);	/* the loop waits, though many are in flight */
bool await_rules_bounded_inside(const struct subject *s);	/* it waits outside of a section inside it, which has no more in flight */
bool await_rules_at_bound(const struct subject *s);	/* it is that section */
bool await_rules_locked(const struct subject *s);	/* most tasks wait for a lock, a semaphore or a queue of the loop */
bool await_rules_between_requests(const struct subject *s);	/* most tasks sleep, or it waits outside of a section inside it, and the loop for timers */
bool await_rules_timers(const struct subject *s);	/* the loop waits for timers, and nothing tells whose these are */
bool await_rules_threads(const struct subject *s);	/* the loop waits for other threads of the process */
bool await_rules_pipes(const struct subject *s);	/* the loop waits for pipes or child processes */
bool await_rules_unclear(const struct subject *s);	/* none of these, or nothing is known of the loop */

void await_rules_evidence_held(FILE *to, const struct subject *s, const struct rule *rule);
void await_rules_evidence_busy(FILE *to, const struct subject *s, const struct rule *rule);
void await_rules_evidence_idle(FILE *to, const struct subject *s, const struct rule *rule);
void await_rules_evidence_tasks(FILE *to, const struct subject *s, const struct rule *rule);
void await_rules_evidence_bound(FILE *to, const struct subject *s, const struct rule *rule);
void await_rules_evidence_timers(FILE *to, const struct subject *s, const struct rule *rule);
void await_rules_evidence_others(FILE *to, const struct subject *s, const struct rule *rule);	/* threads or processes */

#endif
