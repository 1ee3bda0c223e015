// SPDX-License-Identifier: MIT
/*
 * module.c - the extension _markers: one file for CPython 3.8 and later.
 *
 * Profiler and Model are the bases of the package's classes: what they inherit are these functions
 * themselves, so that no frame of Python code runs in a marker.
 *
 * Its types are the process's own, as the markers are, hence the initialisation in one phase:
 * a sub-interpreter with a GIL of its own refuses to load it and gets the package's no-ops.
 */
#include <string.h>

#include "markers.h"

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

static PyObject *profile_section(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	PyObject *name = NULL;
	dcbs_id id;

	(void)self;
	if (likely(nargs == 1 && !kwnames))
		name = args[0];
	else if (markers_argument(args, nargs, kwnames, "section_name", &name))
		return NULL;
	if (unlikely(!name)) {
		PyErr_SetString(PyExc_TypeError, "profile_section() needs a section_name");
		return NULL;
	}
	if (unlikely(names_id(name, &id)))
		return NULL;
	return section_new(SECTION_NAMED, id, 0);
}

static PyObject *profile_forward_pass(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return section_new(SECTION_FORWARD, 0, 0);
}

static PyObject *profile_generation(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	PyObject *number = Py_None;
	uint64_t tokens;

	(void)self;
	if (markers_argument(args, nargs, kwnames, "tokens", &number) || markers_count(number, &tokens))
		return NULL;
	return section_new(SECTION_GENERATION, 0, tokens);
}

static PyObject *attached(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromUnsignedLong(dcbs_attached());
}

static PyMethodDef profiler_methods[] = {
	{"profile_section", METHOD(profile_section), METH_FASTCALL | METH_KEYWORDS,
	 "profile_section($self, section_name)\n--\n\nContext manager: the block is a section of that name."},
	{NULL, NULL, 0, NULL},
};

static PyMethodDef model_methods[] = {
	{"profile_forward_pass", profile_forward_pass, METH_NOARGS,
	 "profile_forward_pass($self)\n--\n\nContext manager: the block is a forward pass of the model."},
	{"profile_generation", METHOD(profile_generation), METH_FASTCALL | METH_KEYWORDS,
	 "profile_generation($self, tokens=None)\n--\n\n"
	 "Context manager: the block generates tokens; their number may also be set within, as `tokens` of what `as` names."},
	{NULL, NULL, 0, NULL},
};

static PyMethodDef functions[] = {
	{"attached", attached, METH_NOARGS, "attached()\n--\n\nHow many profilers are attached to this process."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot profiler_slots[] = {
	{Py_tp_doc, "The base of PerformanceProfiler: sections."},
	{Py_tp_methods, profiler_methods},
	{0, NULL},
};

static PyType_Slot model_slots[] = {
	{Py_tp_doc, "The base of ModelProfiler: forward pass and generation."},
	{Py_tp_methods, model_methods},
	{0, NULL},
};

static PyType_Spec profiler_spec = {
	.name = "dcbs_profiler._markers.Profiler",
	.basicsize = sizeof(PyObject),
	.flags = MARKERS_TYPE_FLAGS | Py_TPFLAGS_BASETYPE,
	.slots = profiler_slots,
};

static PyType_Spec model_spec = {
	.name = "dcbs_profiler._markers.Model",
	.basicsize = sizeof(PyObject),
	.flags = MARKERS_TYPE_FLAGS | Py_TPFLAGS_BASETYPE,
	.slots = model_slots,
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
	static PyObject *profiler_type, *model_type;

	if (names_start() || done_types() || section_types(module) || cache_types(module))
		return -1;
	if (markers_add_type(module, &profiler_spec, &profiler_type))
		return -1;
	return markers_add_type(module, &model_spec, &model_type);
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
