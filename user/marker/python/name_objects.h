/* SPDX-License-Identifier: MIT */
/* name_objects.h - from a Python object to a name as text, and to its number. Used once for each name of a profiler object. */
#ifndef PYTHON_NAME_OBJECTS_H
#define PYTHON_NAME_OBJECTS_H

#include "dcbs/markers.h"
#include "extension.h"

/* All return 0, or -1 with an exception that the extension must not clear: KeyboardInterrupt or the like. */

/* *text is an exact str, a new reference; "(unnamed)" if the object's str() fails. */
int name_objects_text(PyObject *name, PyObject **text);

/* The marker library's number of an exact str. */
int name_objects_id(PyObject *text, dcbs_id *id);

/* The marker library's cache of that name. */
int name_objects_cache(PyObject *name, dcbs_cache **cache);

#endif
