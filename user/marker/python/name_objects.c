// SPDX-License-Identifier: MIT
/* name_objects.c - from a Python object to a name as text, and to its number. Once for each name of a profiler object. */
#include "extension.h"

/* As exact str, so that hashing and comparing it run no Python code. New reference. */
static PyObject *plain_str(PyObject *name)
{
	PyObject *text, *plain;

	if (PyUnicode_Check(name))
		return PyUnicode_FromObject(name);
	text = PyObject_Str(name);
	if (!text)
		return NULL;
	plain = PyUnicode_FromObject(text);
	Py_DECREF(text);
	return plain;
}

/* Lone surrogates become \udc80, and a NUL, which would end a C string, becomes \x00. New reference to bytes. */
static PyObject *encoded(PyObject *text)
{
	PyObject *nul = PyUnicode_FromStringAndSize("", 1), *escape = PyUnicode_FromString("\\x00");
	PyObject *clean = NULL, *bytes = NULL;

	if (nul && escape)
		clean = PyUnicode_Replace(text, nul, escape, -1);
	if (clean)
		bytes = PyUnicode_AsEncodedString(clean, "utf-8", "backslashreplace");
	Py_XDECREF(clean);
	Py_XDECREF(escape);
	Py_XDECREF(nul);
	return bytes;
}

/* What has no text, because its str() fails, is "(unnamed)". */
int names_text(PyObject *name, PyObject **text)
{
	*text = plain_str(name);
	if (!*text && markers_forgive())
		return -1;
	if (!*text)
		*text = PyUnicode_FromString("(unnamed)");
	return *text ? 0 : -1;
}

int names_id(PyObject *text, dcbs_id *id)
{
	PyObject *bytes = encoded(text);

	*id = dcbs_section_name(bytes ? PyBytes_AsString(bytes) : NULL);
	Py_XDECREF(bytes);
	return bytes ? 0 : markers_forgive();
}

int names_cache(PyObject *name, dcbs_cache **cache)
{
	PyObject *text = plain_str(name), *bytes = text ? encoded(text) : NULL;

	*cache = dcbs_cache_name(bytes ? PyBytes_AsString(bytes) : NULL);
	Py_XDECREF(text);
	Py_XDECREF(bytes);
	return bytes ? 0 : markers_forgive();
}
