// SPDX-License-Identifier: MIT
/* ready_awaitable.c - see ready_awaitable.h. */
#include "ready_awaitable.h"

struct ready_awaitable {
	PyObject_HEAD
	PyObject *value;	/* NULL: None, or already returned */
};

static PyObject *awaitable_type;

PyObject *ready_awaitable_new(PyObject *value)
{
	struct ready_awaitable *a = PyObject_New(struct ready_awaitable, (PyTypeObject *)awaitable_type);

	if (a) {
		Py_XINCREF(value);
		a->value = value;
	}
	return (PyObject *)a;
}

static void awaitable_dealloc(PyObject *self)
{
	PyTypeObject *of = Py_TYPE(self);

	Py_XDECREF(((struct ready_awaitable *)self)->value);
	PyObject_Free(self);
	Py_DECREF(of);
}

static PyObject *awaitable_self(PyObject *self)
{
	Py_INCREF(self);
	return self;
}

/* StopIteration carries the value, as it does when a coroutine returns. */
static PyObject *awaitable_next(PyObject *self)
{
	struct ready_awaitable *a = (struct ready_awaitable *)self;
	PyObject *value = a->value;

	a->value = NULL;
	if (value) {
		PyErr_SetObject(PyExc_StopIteration, value);
		Py_DECREF(value);
	}
	return NULL;
}

static PyType_Slot awaitable_slots[] = {
	{Py_tp_dealloc, SLOT(awaitable_dealloc)},
	{Py_am_await, SLOT(awaitable_self)},
	{Py_tp_iter, SLOT(awaitable_self)},
	{Py_tp_iternext, SLOT(awaitable_next)},
	{0, NULL},
};

static PyType_Spec awaitable_spec = {
	.name = "dcbs_profiler._markers.ReadyAwaitable",
	.basicsize = sizeof(struct ready_awaitable),
	.flags = EXTENSION_TYPE_FLAGS,
	.slots = awaitable_slots,
};

int ready_awaitable_add_type(void)
{
	return extension_add_type(NULL, &awaitable_spec, &awaitable_type);
}
