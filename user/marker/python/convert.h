/* SPDX-License-Identifier: MIT */
/*
 * convert.h - arguments of the markers as C values, without an exception for an argument that makes no sense.
 *
 * All return 0, or -1 with an exception set. That exception is KeyboardInterrupt or the like, never
 * one about the argument, except for convert_argument().
 */
#ifndef PYTHON_CONVERT_H
#define PYTHON_CONVERT_H

#include "extension.h"

/* Clears an error that the evaluation must not see. */
int convert_forgive(void);

/* An integer from 0 to 2^64 - 1; 0 for None and whatever is no number. */
int convert_count(PyObject *number, uint64_t *count);

/* Seconds of at least 0; 0 for whatever is no number. */
int convert_seconds(PyObject *number, double *seconds);

/* The only argument of a call, by place or by name; TypeError if there are others. *value stays if there is none. */
int convert_argument(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *name, PyObject **value);

#endif
