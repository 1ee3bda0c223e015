// SPDX-License-Identifier: MIT
/*
 * module.c - the extension _markers: one file for CPython 3.8 and later.
 *
 * Its types belong to the process, as the markers do, so it initialises in one phase. A
 * sub-interpreter with a GIL of its own therefore refuses to load it and gets the package's no-ops.
 */
#include "cache_object.h"
#include "dcbs/markers.h"
#include "flows/context.h"
#include "own_record.h"
#include "profiler_object.h"
#include "ready_awaitable.h"
#include "section_figures.h"
#include "section_object.h"

static PyObject *module_attached(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromUnsignedLong(dcbs_attached());
}

static PyObject *module_all_sections(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return section_figures_all();
}

static PyMethodDef module_functions[] = {
	{"attached", module_attached, METH_NOARGS,
	 "attached()\n--\n\nReturns how many profilers are attached to this process, as an int; 0: none."},
	{"all_sections", module_all_sections, METH_NOARGS,
	 "all_sections()\n--\n\nReturns [(name, SectionFigures), ...] of all profiler objects of this process."},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef module_definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_markers",
	.m_doc = "Markers of dcbs-bpfprof. Use the package dcbs_profiler.",
	.m_size = -1,
	.m_methods = module_functions,
};

static int add_types(PyObject *module)
{
	context_start();
	if (own_record_start() || section_figures_add_type() || ready_awaitable_add_type())
		return -1;
	return section_object_add_types(module) || cache_object_add_type(module) || profiler_object_add_types(module) ? -1 : 0;
}

/* The headers of 3.8 do not export it by themselves. */
__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__markers(void);

PyMODINIT_FUNC PyInit__markers(void)
{
	PyObject *module = PyModule_Create(&module_definition);

	if (module && add_types(module)) {
		Py_DECREF(module);
		return NULL;
	}
	return module;
}
