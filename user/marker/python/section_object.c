// SPDX-License-Identifier: MIT
/*
 * section_object.c - the objects behind `with`: Section and Generation.
 *
 * Each `with` makes one. It holds the call that its begin has opened. The only Python object that it
 * refers to is its figures, which refer only to a str, so it needs no garbage collection. Nothing here
 * raises: an exit without an enter, or a second one, is a stale token, which the marker library counts
 * and ignores. An object that is freed while it is open ends its section, because nothing else could.
 */
#include <stdlib.h>

#include "convert.h"
#include "flows/context.h"
#include "own_record.h"
#include "ready_awaitable.h"
#include "section_object.h"

/* The call of an object that has been entered a second time since. */
struct earlier_call {
	struct own_call call;
	struct earlier_call *next;
};

struct section_object {
	PyObject_HEAD
	struct own_call call;	/* of the last begin; its token stays after the end */
	struct section_figures *figures;	/* NULL: not recorded */
	struct earlier_call *earlier;
	uint64_t tokens;	/* items that every end adds */
	dcbs_id name;
	uint8_t kind;		/* enum section_kind */
	bool open;
};

static PyObject *section_type, *generation_type;

PyObject *section_object_new(enum section_kind kind, struct section_figures *figures, dcbs_id name, uint64_t tokens)
{
	PyObject *type = kind == SECTION_GENERATION ? generation_type : section_type;
	struct section_object *s = PyObject_New(struct section_object, (PyTypeObject *)type);

	if (unlikely(!s))
		return NULL;
	s->figures = figures;
	if (likely(figures)) {
		Py_INCREF((PyObject *)figures);
		figures->objects++;
	}
	s->call.token = (dcbs_token){0};
	s->call.figures = NULL;
	s->earlier = NULL;
	s->tokens = tokens;
	s->name = name;
	s->kind = (uint8_t)kind;
	s->open = false;
	return (PyObject *)s;
}

static dcbs_token begin_marked(const struct section_object *s)
{
	if (likely(s->kind == SECTION_NAMED))
		return dcbs_section_begin(s->name);
	return s->kind == SECTION_FORWARD ? dcbs_forward_pass_begin() : dcbs_generation_begin();
}

/* Our own record reads the clock just inside the marker, so that no figure of ours includes the marker's cost. */
static void end_marked(struct own_call *c, uint64_t tokens, enum call_end end)
{
	if (unlikely(tokens)) {
		own_record_add_items(c, tokens);
		dcbs_section_items(c->token, tokens);
	}
	own_record_end(c, end);
	if (likely(end == CALL_RETURNED))
		dcbs_section_end(c->token);
	else if (end == CALL_FAILED)
		dcbs_section_fail(c->token);
	else
		dcbs_section_cancel(c->token);
}

/* The object is entered while it is open. Without memory for it the earlier call ends here, rather than never. */
static cold void push_earlier_call(struct section_object *s)
{
	struct earlier_call *e = malloc(sizeof(*e));

	if (!e) {
		end_marked(&s->call, 0, CALL_RETURNED);
		return;
	}
	own_record_move(&e->call, &s->call);
	e->next = s->earlier;
	s->earlier = e;
}

/* Flows that share an object may end in any order. Swaps the call that the current flow began last, if any, to the front. */
static cold void prefer_own_call(struct section_object *s)
{
	struct earlier_call *e = s->earlier;
	struct own_call was;

	if (own_record_is_in_this_flow(&s->call))
		return;
	while (e && !own_record_is_in_this_flow(&e->call))
		e = e->next;
	if (!e)
		return;
	own_record_move(&was, &e->call);
	own_record_move(&e->call, &s->call);
	own_record_move(&s->call, &was);
}

static cold void pop_earlier_call(struct section_object *s)
{
	struct earlier_call *e = s->earlier;

	own_record_move(&s->call, &e->call);
	s->earlier = e->next;
	free(e);
}

static inline void open_section(struct section_object *s)
{
	PyObject *context;

	if (unlikely(s->open))
		push_earlier_call(s);
	context = context_follow();
	s->call.token = begin_marked(s);
	own_record_begin(&s->call, s->figures, context);
	s->open = true;
}

static inline void close_section(struct section_object *s, enum call_end end)
{
	if (unlikely(s->earlier))
		prefer_own_call(s);
	end_marked(&s->call, s->open ? s->tokens : 0, end);
	if (unlikely(s->earlier))
		pop_earlier_call(s);
	else
		s->open = false;
}

static void section_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct section_object *s = (struct section_object *)self;

	while (unlikely(s->open))
		close_section(s, CALL_RETURNED);
	if (likely(s->figures)) {
		s->figures->objects--;
		Py_DECREF((PyObject *)s->figures);
	}
	PyObject_Free(self);
	Py_DECREF(type);
}

static PyObject *section_enter(PyObject *self, PyObject *unused)
{
	(void)unused;
	open_section((struct section_object *)self);
	Py_INCREF(self);
	return self;
}

/* Returns true for the exception by which asyncio cancels a task. Only a program that has loaded asyncio can have it. */
static cold bool is_cancellation(PyObject *exception)
{
	PyObject *module = PyDict_GetItemString(PyImport_GetModuleDict(), "asyncio.exceptions");
	PyObject *cancelled = module ? PyObject_GetAttrString(module, "CancelledError") : NULL;
	bool is = cancelled && PyErr_GivenExceptionMatches(exception, cancelled);

	if (module && !cancelled)
		PyErr_Clear();
	Py_XDECREF(cancelled);
	return is;
}

/* The exceptions that close a generator or end an iteration are no errors. */
static cold enum call_end end_by_exception(PyObject *exception)
{
	if (is_cancellation(exception))
		return CALL_CANCELLED;
	if (PyErr_GivenExceptionMatches(exception, PyExc_GeneratorExit) ||
	    PyErr_GivenExceptionMatches(exception, PyExc_StopIteration) ||
	    PyErr_GivenExceptionMatches(exception, PyExc_StopAsyncIteration))
		return CALL_RETURNED;
	return CALL_FAILED;
}

static inline enum call_end end_by_arguments(PyObject *const *args, Py_ssize_t nargs)
{
	return nargs && unlikely(args[0] != Py_None) ? end_by_exception(args[0]) : CALL_RETURNED;
}

static PyObject *section_exit(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	close_section((struct section_object *)self, end_by_arguments(args, nargs));
	return extension_none();
}

static PyObject *section_aenter(PyObject *self, PyObject *unused)
{
	(void)unused;
	open_section((struct section_object *)self);
	return ready_awaitable_new(self);
}

static PyObject *section_aexit(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	close_section((struct section_object *)self, end_by_arguments(args, nargs));
	return ready_awaitable_new(NULL);
}

static PyObject *section_items(PyObject *self, PyObject *number)
{
	struct section_object *s = (struct section_object *)self;
	uint64_t n;

	if (convert_count(number, &n))
		return NULL;
	if (s->open) {
		own_record_add_items(&s->call, n);
		dcbs_section_items(s->call.token, n);
	}
	return extension_none();
}

static PyObject *section_another(PyObject *self, PyObject *unused)
{
	struct section_object *s = (struct section_object *)self;

	(void)unused;
	return section_object_new(s->kind, s->figures, s->name, s->tokens);
}

/* Decorates a function: each of its calls is a section of its own. */
static PyObject *section_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *function, *module, *another, *wrapped = NULL;

	if (kwargs && PyDict_Size(kwargs)) {
		PyErr_SetString(PyExc_TypeError, "a section decorates a function: no keyword arguments");
		return NULL;
	}
	if (!PyArg_ParseTuple(args, "O:section", &function))
		return NULL;
	module = PyImport_ImportModule("dcbs_profiler._wrap");
	another = PyObject_GetAttrString(self, "_another");
	if (module && another)
		wrapped = PyObject_CallMethod(module, "wrap", "OO", function, another);
	Py_XDECREF(module);
	Py_XDECREF(another);
	return wrapped;
}

static PyObject *refuse_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	(void)type, (void)args, (void)kwargs;
	PyErr_SetString(PyExc_TypeError, "sections are made by profile_section(), profile_forward_pass() and profile_generation()");
	return NULL;
}

static PyObject *tokens_get(PyObject *self, void *unused)
{
	(void)unused;
	return PyLong_FromUnsignedLongLong(((struct section_object *)self)->tokens);
}

static int tokens_set(PyObject *self, PyObject *number, void *unused)
{
	uint64_t tokens = 0;

	(void)unused;
	if (number && convert_count(number, &tokens))
		return -1;
	((struct section_object *)self)->tokens = tokens;
	return 0;
}

#define NEW_SECTION "\n\nOne is made for each `with`. It also works with `async with` and as a decorator."

static PyMethodDef section_methods[] = {
	{"__enter__", section_enter, METH_NOARGS, "Begins the section."},
	{"__exit__", METHOD(section_exit), METH_FASTCALL, "Ends the section. An exception that leaves the block counts as an error."},
	{"__aenter__", section_aenter, METH_NOARGS, "Begins the section, without suspending."},
	{"__aexit__", METHOD(section_aexit), METH_FASTCALL, "Ends the section, without suspending."},
	{"items", section_items, METH_O, "items(n)\n--\n\nAdds n processed items to the open section."},
	{"_another", section_another, METH_NOARGS, "Returns another section of the same name."},
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef tokens[] = {
	{"tokens", tokens_get, tokens_set, "Number of generated tokens, counted when the block ends; 0: unknown.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot section_slots[] = {
	{Py_tp_doc, "One section of the evaluation." NEW_SECTION},
	{Py_tp_new, SLOT(refuse_new)},
	{Py_tp_dealloc, SLOT(section_dealloc)},
	{Py_tp_call, SLOT(section_call)},
	{Py_tp_methods, section_methods},
	{0, NULL},
};

static PyType_Slot generation_slots[] = {
	{Py_tp_doc, "A model's generation." NEW_SECTION},
	{Py_tp_new, SLOT(refuse_new)},
	{Py_tp_dealloc, SLOT(section_dealloc)},
	{Py_tp_call, SLOT(section_call)},
	{Py_tp_methods, section_methods},
	{Py_tp_getset, tokens},
	{0, NULL},
};

static PyType_Spec section_spec = {
	.name = "dcbs_profiler._markers.Section",
	.basicsize = sizeof(struct section_object),
	.flags = EXTENSION_TYPE_FLAGS,
	.slots = section_slots,
};

static PyType_Spec generation_spec = {
	.name = "dcbs_profiler._markers.Generation",
	.basicsize = sizeof(struct section_object),
	.flags = EXTENSION_TYPE_FLAGS,
	.slots = generation_slots,
};

int section_object_add_types(PyObject *module)
{
	if (extension_add_type(module, &section_spec, &section_type))
		return -1;
	return extension_add_type(module, &generation_spec, &generation_type);
}
