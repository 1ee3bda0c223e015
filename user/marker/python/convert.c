// SPDX-License-Identifier: MIT
/* convert.c - see convert.h. */
#include "convert.h"

/* A wrong argument to a marker must not end an evaluation of hours; a Ctrl-C that arrives meanwhile must. */
int convert_forgive(void)
{
	if (!PyErr_ExceptionMatches(PyExc_Exception))
		return -1;
	PyErr_Clear();
	return 0;
}

/* Returns int() of the object, as scalars of numpy and torch and floats have it. New reference. */
static PyObject *to_integer(PyObject *number)
{
	PyObject *value = PyNumber_Index(number);

	if (value || !PyErr_ExceptionMatches(PyExc_TypeError))
		return value;
	PyErr_Clear();
	return PyNumber_Long(number);
}

/* Values below 0 count as 0, and values of 2^64 or more as 2^64 - 1. */
static uint64_t clamp_count(PyObject *value)
{
	int overflow;
	long long number = PyLong_AsLongLongAndOverflow(value, &overflow);

	if (!overflow)
		return number > 0 ? (uint64_t)number : 0;
	if (overflow < 0)
		return 0;
	number = (long long)PyLong_AsUnsignedLongLong(value);
	if (PyErr_Occurred())
		PyErr_Clear();
	return (uint64_t)number;
}

int convert_count(PyObject *number, uint64_t *count)
{
	PyObject *value;

	*count = 0;
	if (number == Py_None)
		return 0;
	value = to_integer(number);
	if (!value)
		return convert_forgive();
	*count = clamp_count(value);
	Py_DECREF(value);
	return 0;
}

int convert_seconds(PyObject *number, double *seconds)
{
	*seconds = PyFloat_AsDouble(number);
	if (likely(*seconds >= 0))
		return 0;
	*seconds = 0;
	return PyErr_Occurred() ? convert_forgive() : 0;
}

int convert_argument(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *name, PyObject **value)
{
	Py_ssize_t named = kwnames ? PyTuple_Size(kwnames) : 0;

	if (nargs + named > 1 || (named && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(kwnames, 0), name))) {
		PyErr_Format(PyExc_TypeError, "the only argument is %s", name);
		return -1;
	}
	if (nargs + named)
		*value = args[0];
	return 0;
}
