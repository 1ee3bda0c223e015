/* SPDX-License-Identifier: MIT */
/* extension.h - what the files of the Python extension _markers share: the limited API of CPython 3.8 and the types it makes. */
#ifndef PYTHON_EXTENSION_H
#define PYTHON_EXTENSION_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

#include "dcbs/markers.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define cold __attribute__((noinline, cold))

/*
 * A call without a tuple of arguments saves a third of a section. The headers of the limited API
 * have this flag from 3.10 on, when it became stable; 3.8 and 3.9, which change no more, have the
 * same flag with the same meaning.
 */
#ifndef METH_FASTCALL
#define METH_FASTCALL 0x0080
#endif

/* Without the version tag 3.8 and 3.9 look up __enter__ and __exit__ anew each time; later ones ignore it. */
#define MARKERS_TYPE_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VERSION_TAG)

#define METHOD(f) ((PyCFunction)(void (*)(void))(f))
#define SLOT(f) ((void *)(f))

/*
 * None for a caller. From 3.12 on it is immortal and the interpreter no longer takes back every
 * reference to it, so the count must not be raised by the inline code of older headers.
 */
static inline PyObject *none(void)
{
	Py_IncRef(Py_None);
	return Py_None;
}

/* names.c: 0, or -1 with an exception that is none of ours: KeyboardInterrupt and its like. */
int names_text(PyObject *name, PyObject **text);
int names_id(PyObject *text, dcbs_id *id);
int names_cache(PyObject *name, dcbs_cache **cache);

/*
 * convert.c: what the evaluation passes becomes a number, or 0 where it is none. The same return
 * values; markers_forgive() clears an error that the evaluation must not see.
 */
int markers_forgive(void);
int markers_count(PyObject *number, uint64_t *count);
int markers_seconds(PyObject *number, double *seconds);
int markers_argument(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *name, PyObject **value);

/* section.c */
enum section_kind { SECTION_NAMED, SECTION_FORWARD, SECTION_GENERATION };

struct row;	/* record.h */

int section_types(PyObject *module);
PyObject *section_new(enum section_kind kind, struct row *row, dcbs_id name, uint64_t tokens);

/* done.c: an awaitable that is done already, with this value. */
int done_types(void);
PyObject *done_new(PyObject *value);

/* cache.c */
int cache_types(PyObject *module);

/* profiler.c */
int profiler_types(PyObject *module);

/* module.c: adds a type under the last part of its name; frees an object of a type that Python classes inherit. */
int markers_add_type(PyObject *module, PyType_Spec *spec, PyObject **type);
void markers_free(PyObject *self);

#endif
