// SPDX-License-Identifier: MIT
/* extension.c - see extension.h. */
#include <string.h>

#include "extension.h"

int extension_add_type(PyObject *module, PyType_Spec *spec, PyObject **type)
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

/* An inheriting class is a heap type, too: its deallocator leaves the reference to the class to ours. */
void extension_free_object(PyObject *self)
{
	PyTypeObject *of = Py_TYPE(self);
	freefunc free_object = (freefunc)PyType_GetSlot(of, Py_tp_free);

	free_object(self);
	Py_DECREF(of);
}
