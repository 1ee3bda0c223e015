// SPDX-License-Identifier: MIT
/* convert.c - arguments of the markers as C values, without an exception for what makes no sense. */
#include "extension.h"

/* A wrong argument to a marker is not worth an evaluation of hours; a Ctrl-C that arrives meanwhile is. */
int markers_forgive(void)
{
	if (!PyErr_ExceptionMatches(PyExc_Exception))
		return -1;
	PyErr_Clear();
	return 0;
}

/* int() of whatever has one: numpy's and torch's scalars, floats. New reference. */
static PyObject *integer(PyObject *number)
{
	PyObject *value = PyNumber_Index(number);

	if (value || !PyErr_ExceptionMatches(PyExc_TypeError))
		return value;
	PyErr_Clear();
	return PyNumber_Long(number);
}

/* Below 0 counts as 0, too large as the largest. */
static uint64_t clamped(PyObject *value)
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

int markers_count(PyObject *number, uint64_t *count)
{
	PyObject *value;

	*count = 0;
	if (number == Py_None)
		return 0;
	value = integer(number);
	if (!value)
		return markers_forgive();
	*count = clamped(value);
	Py_DECREF(value);
	return 0;
}

int markers_seconds(PyObject *number, double *seconds)
{
	*seconds = PyFloat_AsDouble(number);
	if (likely(*seconds >= 0))
		return 0;
	*seconds = 0;
	return PyErr_Occurred() ? markers_forgive() : 0;
}

/* The one argument of a call, by place or by its name; *value stays as it is where there is none. */
int markers_argument(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *name, PyObject **value)
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
