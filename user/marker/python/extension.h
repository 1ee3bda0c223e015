/* SPDX-License-Identifier: MIT */
/* extension.h - the common ground of the Python extension _markers: the limited API of CPython 3.8 and how types are made. */
#ifndef PYTHON_EXTENSION_H
#define PYTHON_EXTENSION_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

/*
 * A call without a tuple of arguments saves a third of a section. The headers of the limited API
 * define this flag from 3.10 on, when it became stable. 3.8 and 3.9, which no longer change, have
 * the same flag with the same meaning.
 */
#ifndef METH_FASTCALL
#define METH_FASTCALL 0x0080
#endif

/* Without the version tag 3.8 and 3.9 look up __enter__ and __exit__ at each call; later versions ignore it. */
#define EXTENSION_TYPE_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VERSION_TAG)

#define METHOD(f) ((PyCFunction)(void (*)(void))(f))
#define SLOT(f) ((void *)(f))

/*
 * Returns None to a caller. From 3.12 on None is immortal and the interpreter no longer takes back
 * every reference to it, so the inline code of older headers must not raise the count.
 */
static inline PyObject *extension_none(void)
{
	Py_IncRef(Py_None);
	return Py_None;
}

/* Makes a type once and adds it to the module under the last part of its name; `module` may be NULL. */
int extension_add_type(PyObject *module, PyType_Spec *spec, PyObject **type);

/* Frees an object of a type that Python classes may inherit. */
void extension_free_object(PyObject *self);

#endif
