/* SPDX-License-Identifier: MIT */
/* ready_awaitable.h - an awaitable that is done already: `async with` on a section never suspends the coroutine. */
#ifndef PYTHON_READY_AWAITABLE_H
#define PYTHON_READY_AWAITABLE_H

#include "extension.h"

int ready_awaitable_add_type(void);

/* Its result is `value`; NULL: None. */
PyObject *ready_awaitable_new(PyObject *value);

#endif
