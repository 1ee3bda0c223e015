// SPDX-License-Identifier: MIT
/* names.c - from a Python object to the number of a section's name, by one look-up in a dict. */
#include <string.h>

#include "markers.h"

/* Names that are made up at run time must not fill the memory: beyond this the dict starts anew. */
#define NAMES_KEPT 4096

static PyObject *ids;	/* exact str -> int; the GIL guards it */

int names_start(void)
{
	if (!ids)
		ids = PyDict_New();
	return ids ? 0 : -1;
}

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

static void remember(PyObject *text, dcbs_id id)
{
	PyObject *number = PyLong_FromLong(id);

	if (PyDict_Size(ids) >= NAMES_KEPT)
		PyDict_Clear(ids);
	if (!number || PyDict_SetItem(ids, text, number))
		PyErr_Clear();
	Py_XDECREF(number);
}

static int register_name(PyObject *name, dcbs_id *id)
{
	PyObject *text = plain_str(name), *bytes;

	*id = dcbs_section_name(NULL);
	if (!text)
		return -1;
	bytes = encoded(text);
	if (bytes) {
		*id = dcbs_section_name(PyBytes_AsString(bytes));
		remember(text, *id);
	}
	Py_DECREF(text);
	Py_XDECREF(bytes);
	return bytes ? 0 : -1;
}

static cold int names_id_new(PyObject *name, dcbs_id *id)
{
	return register_name(name, id) ? markers_forgive() : 0;
}

int names_id(PyObject *name, dcbs_id *id)
{
	if (likely(PyUnicode_CheckExact(name))) {
		PyObject *number = PyDict_GetItemWithError(ids, name);

		if (likely(number)) {
			*id = (dcbs_id)PyLong_AsLong(number);
			return 0;
		}
	}
	return names_id_new(name, id);
}

int names_cache(PyObject *name, dcbs_cache **cache)
{
	PyObject *text = plain_str(name), *bytes = text ? encoded(text) : NULL;

	*cache = dcbs_cache_name(bytes ? PyBytes_AsString(bytes) : NULL);
	Py_XDECREF(text);
	Py_XDECREF(bytes);
	return bytes ? 0 : markers_forgive();
}
