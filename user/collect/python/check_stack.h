/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* check_stack.h - checks that the stack of a thread state consists of frames, and that their code is in code objects. */
#ifndef COLLECT_PYTHON_CHECK_STACK_H
#define COLLECT_PYTHON_CHECK_STACK_H

#include "collect/python/layout.h"

struct stack_check {
	pid_t pid;
	const struct python_layout *layout;
	__u64 code_type;	/* address of PyCode_Type; 0: no symbol gives it, and no code object has been read yet */
	bool code_type_known;	/* it has been found to be a type of code objects */
	size_t frame_bytes;
	size_t nr_frames;	/* frames that passed */
};

/* Returns 0, or -EPROTO if frames of this layout are too large. */
int check_stack_init(struct stack_check *check, pid_t pid, const struct python_layout *layout);

/* Checks the `most` innermost frames of a thread state. Returns NULL, or words for what does not fit. */
const char *check_stack(struct stack_check *check, __u64 tstate, size_t most);

#endif
