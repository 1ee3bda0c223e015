// SPDX-License-Identifier: MIT
/* name_objects.c - see name_objects.h. */
#include "convert.h"
#include "name_objects.h"

/* Returns an exact str, so that hashing and comparing it run no Python code. New reference. */
static PyObject *to_plain_str(PyObject *name)
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

/* Returns bytes, a new reference. Lone surrogates become \udc80, and a NUL, which would end a C string, becomes \x00. */
static PyObject *encode_name(PyObject *text)
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

int name_objects_text(PyObject *name, PyObject **text)
{
	*text = to_plain_str(name);
	if (!*text && convert_forgive())
		return -1;
	if (!*text)
		*text = PyUnicode_FromString("(unnamed)");
	return *text ? 0 : -1;
}

int name_objects_id(PyObject *text, dcbs_id *id)
{
	PyObject *bytes = encode_name(text);

	*id = dcbs_section_name(bytes ? PyBytes_AsString(bytes) : NULL);
	Py_XDECREF(bytes);
	return bytes ? 0 : convert_forgive();
}

int name_objects_cache(PyObject *name, dcbs_cache **cache)
{
	PyObject *text = to_plain_str(name), *bytes = text ? encode_name(text) : NULL;

	*cache = dcbs_cache_name(bytes ? PyBytes_AsString(bytes) : NULL);
	Py_XDECREF(text);
	Py_XDECREF(bytes);
	return bytes ? 0 : convert_forgive();
}
