// SPDX-License-Identifier: MIT
/* ready_awaitable.c - an awaitable that is done already: `async with` on a section never suspends the coroutine. */
#include "extension.h"

struct done {
	PyObject_HEAD
	PyObject *value;	/* NULL: None, or handed out */
};

static PyObject *type;

PyObject *done_new(PyObject *value)
{
	struct done *d = PyObject_New(struct done, (PyTypeObject *)type);

	if (d) {
		Py_XINCREF(value);
		d->value = value;
	}
	return (PyObject *)d;
}

static void done_dealloc(PyObject *self)
{
	PyTypeObject *of = Py_TYPE(self);

	Py_XDECREF(((struct done *)self)->value);
	PyObject_Free(self);
	Py_DECREF(of);
}

static PyObject *done_self(PyObject *self)
{
	Py_INCREF(self);
	return self;
}

/* The value travels in StopIteration, as that of a coroutine that returns. */
static PyObject *done_next(PyObject *self)
{
	struct done *d = (struct done *)self;
	PyObject *value = d->value;

	d->value = NULL;
	if (value) {
		PyErr_SetObject(PyExc_StopIteration, value);
		Py_DECREF(value);
	}
	return NULL;
}

static PyType_Slot slots[] = {
	{Py_tp_dealloc, SLOT(done_dealloc)},
	{Py_am_await, SLOT(done_self)},
	{Py_tp_iter, SLOT(done_self)},
	{Py_tp_iternext, SLOT(done_next)},
	{0, NULL},
};

static PyType_Spec spec = {
	.name = "dcbs_profiler._markers.Done",
	.basicsize = sizeof(struct done),
	.flags = MARKERS_TYPE_FLAGS,
	.slots = slots,
};

int done_types(void)
{
	return markers_add_type(NULL, &spec, &type);
}
