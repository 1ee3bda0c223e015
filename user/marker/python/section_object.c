// SPDX-License-Identifier: MIT
/*
 * section_object.c - the objects behind `with`: Section and Generation.
 *
 * One is made for each `with`. It holds the call that its begin has opened, and of Python objects
 * only its row, which refers to nothing but a str, so the garbage collector has no business with it.
 * Nothing here raises: an exit without an enter, or a second one, is a stale token, which the marker
 * library counts and ignores. An object that goes away while it is open ends its section, for nobody
 * else could.
 */
#include <stdlib.h>

#include "own_record.h"

/* What an object that is entered again holds of the times before. */
struct outer {
	struct call call;
	struct outer *next;
};

struct section {
	PyObject_HEAD
	struct call call;	/* of the last begin; its token stays when it is ended */
	struct row *row;	/* NULL: not recorded */
	struct outer *outer;
	uint64_t tokens;	/* items that every end adds */
	dcbs_id name;
	uint8_t kind;		/* enum section_kind */
	bool open;
};

static PyObject *section_type, *generation_type;

PyObject *section_new(enum section_kind kind, struct row *row, dcbs_id name, uint64_t tokens)
{
	PyObject *type = kind == SECTION_GENERATION ? generation_type : section_type;
	struct section *s = PyObject_New(struct section, (PyTypeObject *)type);

	if (unlikely(!s))
		return NULL;
	s->row = row;
	if (likely(row)) {
		Py_INCREF((PyObject *)row);
		row->sections++;
	}
	s->call.token = (dcbs_token){0};
	s->call.row = NULL;
	s->outer = NULL;
	s->tokens = tokens;
	s->name = name;
	s->kind = (uint8_t)kind;
	s->open = false;
	return (PyObject *)s;
}

static dcbs_token begin(const struct section *s)
{
	if (likely(s->kind == SECTION_NAMED))
		return dcbs_section_begin(s->name);
	return s->kind == SECTION_FORWARD ? dcbs_forward_pass_begin() : dcbs_generation_begin();
}

/* Our own clock is read just inside the marker: what that costs is in no figure of ours. */
static void end(struct call *c, uint64_t tokens, bool failed)
{
	if (unlikely(tokens)) {
		record_items(c, tokens);
		dcbs_section_items(c->token, tokens);
	}
	record_end(c, failed);
	if (unlikely(failed))
		dcbs_section_fail(c->token);
	else
		dcbs_section_end(c->token);
}

/* The object is open already. Without memory the outer section ends here, rather than never. */
static cold void put_away(struct section *s)
{
	struct outer *o = malloc(sizeof(*o));

	if (!o) {
		end(&s->call, 0, false);
		return;
	}
	record_move(&o->call, &s->call);
	o->next = s->outer;
	s->outer = o;
}

/* Threads that share an object do not end in turn: puts what this thread began last, if anything, in front. */
static cold void prefer_own(struct section *s)
{
	struct outer *o = s->outer;
	struct call was;

	if (record_is_here(&s->call))
		return;
	while (o && !record_is_here(&o->call))
		o = o->next;
	if (!o)
		return;
	record_move(&was, &o->call);
	record_move(&o->call, &s->call);
	record_move(&s->call, &was);
}

static cold void take_back(struct section *s)
{
	struct outer *o = s->outer;

	record_move(&s->call, &o->call);
	s->outer = o->next;
	free(o);
}

static inline void section_open(struct section *s)
{
	if (unlikely(s->open))
		put_away(s);
	s->call.token = begin(s);
	record_begin(&s->call, s->row);
	s->open = true;
}

static inline void section_close(struct section *s, bool failed)
{
	if (unlikely(s->outer))
		prefer_own(s);
	end(&s->call, s->open ? s->tokens : 0, failed);
	if (unlikely(s->outer))
		take_back(s);
	else
		s->open = false;
}

static void section_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct section *s = (struct section *)self;

	while (unlikely(s->open))
		section_close(s, false);
	if (likely(s->row)) {
		s->row->sections--;
		Py_DECREF((PyObject *)s->row);
	}
	PyObject_Free(self);
	Py_DECREF(type);
}

static PyObject *section_enter(PyObject *self, PyObject *unused)
{
	(void)unused;
	section_open((struct section *)self);
	Py_INCREF(self);
	return self;
}

/* How a generator is closed and an iterator says that it is done are no errors. */
static cold bool is_error(PyObject *exception)
{
	return exception != Py_None && !PyErr_GivenExceptionMatches(exception, PyExc_GeneratorExit) &&
	       !PyErr_GivenExceptionMatches(exception, PyExc_StopIteration) &&
	       !PyErr_GivenExceptionMatches(exception, PyExc_StopAsyncIteration);
}

static inline bool has_failed(PyObject *const *args, Py_ssize_t nargs)
{
	return nargs && unlikely(args[0] != Py_None) && is_error(args[0]);
}

static PyObject *section_exit(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	section_close((struct section *)self, has_failed(args, nargs));
	return none();
}

static PyObject *section_aenter(PyObject *self, PyObject *unused)
{
	(void)unused;
	section_open((struct section *)self);
	return done_new(self);
}

static PyObject *section_aexit(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	section_close((struct section *)self, has_failed(args, nargs));
	return done_new(NULL);
}

static PyObject *section_items(PyObject *self, PyObject *number)
{
	struct section *s = (struct section *)self;
	uint64_t n;

	if (markers_count(number, &n))
		return NULL;
	if (s->open) {
		record_items(&s->call, n);
		dcbs_section_items(s->call.token, n);
	}
	return none();
}

static PyObject *section_again(PyObject *self, PyObject *unused)
{
	struct section *s = (struct section *)self;

	(void)unused;
	return section_new(s->kind, s->row, s->name, s->tokens);
}

/* As a decorator: each call of the function is a section of its own. */
static PyObject *section_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *function, *module, *again, *wrapped = NULL;

	if (kwargs && PyDict_Size(kwargs)) {
		PyErr_SetString(PyExc_TypeError, "a section decorates a function: no keyword arguments");
		return NULL;
	}
	if (!PyArg_ParseTuple(args, "O:section", &function))
		return NULL;
	module = PyImport_ImportModule("dcbs_profiler._wrap");
	again = PyObject_GetAttrString(self, "_again");
	if (module && again)
		wrapped = PyObject_CallMethod(module, "wrap", "OO", function, again);
	Py_XDECREF(module);
	Py_XDECREF(again);
	return wrapped;
}

static PyObject *no_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	(void)type, (void)args, (void)kwargs;
	PyErr_SetString(PyExc_TypeError, "sections are made by profile_section(), profile_forward_pass() and profile_generation()");
	return NULL;
}

static PyObject *tokens_get(PyObject *self, void *unused)
{
	(void)unused;
	return PyLong_FromUnsignedLongLong(((struct section *)self)->tokens);
}

static int tokens_set(PyObject *self, PyObject *number, void *unused)
{
	uint64_t tokens = 0;

	(void)unused;
	if (number && markers_count(number, &tokens))
		return -1;
	((struct section *)self)->tokens = tokens;
	return 0;
}

#define NEW_SECTION "\n\nMade anew for each `with`; `async with` and use as a decorator do as well."

static PyMethodDef methods[] = {
	{"__enter__", section_enter, METH_NOARGS, "Begins the section."},
	{"__exit__", METHOD(section_exit), METH_FASTCALL, "Ends it; an exception that leaves the block counts as an error."},
	{"__aenter__", section_aenter, METH_NOARGS, "Begins the section, without suspending."},
	{"__aexit__", METHOD(section_aexit), METH_FASTCALL, "Ends it, without suspending."},
	{"items", section_items, METH_O, "items(n)\n--\n\nThe open section has processed n more items."},
	{"_again", section_again, METH_NOARGS, "Another section of the same name."},
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef tokens[] = {
	{"tokens", tokens_get, tokens_set, "Tokens generated, counted when the block ends; 0: unknown.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot section_slots[] = {
	{Py_tp_doc, "One section of the evaluation." NEW_SECTION},
	{Py_tp_new, SLOT(no_new)},
	{Py_tp_dealloc, SLOT(section_dealloc)},
	{Py_tp_call, SLOT(section_call)},
	{Py_tp_methods, methods},
	{0, NULL},
};

static PyType_Slot generation_slots[] = {
	{Py_tp_doc, "A model's generation." NEW_SECTION},
	{Py_tp_new, SLOT(no_new)},
	{Py_tp_dealloc, SLOT(section_dealloc)},
	{Py_tp_call, SLOT(section_call)},
	{Py_tp_methods, methods},
	{Py_tp_getset, tokens},
	{0, NULL},
};

static PyType_Spec section_spec = {
	.name = "dcbs_profiler._markers.Section",
	.basicsize = sizeof(struct section),
	.flags = MARKERS_TYPE_FLAGS,
	.slots = section_slots,
};

static PyType_Spec generation_spec = {
	.name = "dcbs_profiler._markers.Generation",
	.basicsize = sizeof(struct section),
	.flags = MARKERS_TYPE_FLAGS,
	.slots = generation_slots,
};

int section_types(PyObject *module)
{
	if (markers_add_type(module, &section_spec, &section_type))
		return -1;
	return markers_add_type(module, &generation_spec, &generation_type);
}
