/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gpu_subject.h - what a section under judgement does with a GPU, as far as struct dcbs_gpu tells. */
#ifndef ANALYSE_VERDICT_GPU_SUBJECT_H
#define ANALYSE_VERDICT_GPU_SUBJECT_H

#include "analyse/verdict/subject.h"

/* For struct rule.part. */
double gpu_subject_computing_s(const struct subject *s);	/* running, less the next two */
double gpu_subject_unknown_s(const struct subject *s);		/* running in the driver, for an unknown purpose */
double gpu_subject_queued_s(const struct subject *s);		/* launching, if that may be a wait for a place in the queue */
double gpu_subject_copy_s(const struct subject *s);
double gpu_subject_wait_s(const struct subject *s);		/* for the GPU, less copies if they are judged by themselves */

/* For struct rule.applies. */
bool gpu_subject_launches(const struct subject *s);		/* the host's launches and computing keep it from waiting for the GPU */
bool gpu_subject_calls_driver(const struct subject *s);		/* much of its running time is in the driver, for an unknown purpose */
bool gpu_subject_may_be_queued(const struct subject *s);	/* nearly all of its running time is in launches */
bool gpu_subject_hangs(const struct subject *s);		/* it has waited for so long in one call that this may never return; excludes the next */
bool gpu_subject_copies(const struct subject *s);
bool gpu_subject_copies_unknown(const struct subject *s);	/* nothing tells to which side, and whether results are read at each step */
bool gpu_subject_reads_each_step(const struct subject *s);	/* it waits where it copies results to the host */
bool gpu_subject_spins(const struct subject *s);		/* it waits otherwise, and its threads run meanwhile */
bool gpu_subject_blocks(const struct subject *s);		/* neither of the last two: what it waits for besides copies */

/* Returns true if NVIDIA's driver is mapped and no section has more samples in it than chance explains. */
bool gpu_subject_is_unused(const struct dcbs_report *r);

#endif
