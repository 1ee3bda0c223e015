// SPDX-License-Identifier: MIT
/*
 * module.c - the extension _markers: one file for CPython 3.8 and later.
 *
 * Its types are the process's own, as the markers are, hence the initialisation in one phase:
 * a sub-interpreter with a GIL of its own refuses to load it and gets the package's no-ops.
 */
#include <string.h>

#include "own_record.h"

int markers_add_type(PyObject *module, PyType_Spec *spec, PyObject **type)
{
	if (!*type)
		*type = PyType_FromSpec(spec);
	if (!*type)
		return -1;
	if (!module)
		return 0;
	Py_INCREF(*type);
	if (!PyModule_AddObject(module, strrchr(spec->name, '.') + 1, *type))
		return 0;
	Py_DECREF(*type);
	return -1;
}

/* Such a class is one of the heap, too: its deallocator leaves the reference to the class to ours. */
void markers_free(PyObject *self)
{
	PyTypeObject *of = Py_TYPE(self);
	freefunc free_object = (freefunc)PyType_GetSlot(of, Py_tp_free);

	free_object(self);
	Py_DECREF(of);
}

static PyObject *attached(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromUnsignedLong(dcbs_attached());
}

static PyMethodDef functions[] = {
	{"attached", attached, METH_NOARGS, "attached()\n--\n\nHow many profilers are attached to this process."},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_markers",
	.m_doc = "Markers of dcbs-bpfprof. Use the package dcbs_profiler.",
	.m_size = -1,
	.m_methods = functions,
};

static int add_types(PyObject *module)
{
	if (record_start() || row_types() || done_types())
		return -1;
	return section_types(module) || cache_types(module) || profiler_types(module) ? -1 : 0;
}

/* The headers of 3.8 do not export it by themselves. */
__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__markers(void);

PyMODINIT_FUNC PyInit__markers(void)
{
	PyObject *module = PyModule_Create(&definition);

	if (module && add_types(module)) {
		Py_DECREF(module);
		return NULL;
	}
	return module;
}
