// SPDX-License-Identifier: MIT
/*
 * profiler_object.c - Profiler and Model, the bases of PerformanceProfiler and ModelProfiler.
 *
 * What these inherit are the functions here themselves, so that no frame of Python code runs in a
 * marker. Each object keeps the figures of what was marked through it; toward a profiler outside all
 * objects mark the same sections. Nothing is made before the first section: a class that inherits
 * need not call our __init__().
 */
#include "own_record.h"

/* Names that are made up at run time must not fill the memory: those beyond are "(other)" here, as in the marker library. */
#define ROWS_MAX 4096

struct profiler {
	PyObject_HEAD
	PyObject *rows;		/* dict: exact str -> Row */
	struct owner *owner;	/* not NULL where rows is not */
};

struct model {
	PyObject_HEAD
	struct row *forward, *generation;
	struct owner *owner;
};

/* ---- Profiler ---- */

static PyObject *profiler_type, *model_type;

/* The row of a name that is not among the rows yet, borrowed; *row stays NULL where memory is out. */
static int add_row(struct profiler *p, PyObject *text, dcbs_id id, struct row **row)
{
	struct row *r = row_new(text, id, p->owner);

	if (!r || PyDict_SetItem(p->rows, text, (PyObject *)r)) {
		Py_XDECREF((PyObject *)r);
		return markers_forgive();
	}
	*row = r;
	Py_DECREF((PyObject *)r);
	return 0;
}

/* The marker library's number for the section is that of its own name also where its row is "(other)". */
static int new_row(struct profiler *p, PyObject *text, struct row **row, dcbs_id *id)
{
	PyObject *other = NULL;
	int err = names_id(text, id);

	if (err)
		return err;
	if (PyDict_Size(p->rows) < ROWS_MAX)
		return add_row(p, text, *id, row);
	other = PyUnicode_FromString("(other)");
	if (!other)
		return markers_forgive();
	*row = (struct row *)PyDict_GetItemWithError(p->rows, other);
	if (!*row)
		err = add_row(p, other, *id, row);
	Py_DECREF(other);
	return err;
}

/*
 * Here and below: a new dict may be what makes the garbage collector run finalisers, and these may mark
 * sections and clear this very object. So what is in p is looked at after the dict is there, or held.
 */
static int start_rows(struct profiler *p)
{
	PyObject *rows;

	if (p->rows)
		return 0;
	if (!p->owner)
		p->owner = row_new_owner();
	rows = p->owner ? PyDict_New() : NULL;
	if (p->rows)
		Py_XDECREF(rows);
	else
		p->rows = rows;
	return p->rows ? 0 : markers_forgive();
}

/* A name's first use, or one that is no plain str. */
static cold int slow_row(struct profiler *p, PyObject *name, struct row **row, dcbs_id *id)
{
	PyObject *text;
	int err = 0;

	*row = NULL;
	*id = dcbs_section_name(NULL);
	if (start_rows(p) || names_text(name, &text))
		return -1;
	if (p->rows)
		*row = (struct row *)PyDict_GetItemWithError(p->rows, text);
	if (*row)
		*id = (*row)->id;
	else
		err = p->rows ? new_row(p, text, row, id) : names_id(text, id);
	Py_DECREF(text);
	return err;
}

static PyObject *section_of(struct profiler *p, PyObject *name)
{
	struct row *row;
	dcbs_id id;

	if (likely(PyUnicode_CheckExact(name)) && likely(p->rows)) {
		row = (struct row *)PyDict_GetItemWithError(p->rows, name);
		if (likely(row))
			return section_new(SECTION_NAMED, row, row->id, 0);
	}
	if (slow_row(p, name, &row, &id))
		return NULL;
	return section_new(SECTION_NAMED, row, id, 0);
}

static PyObject *profile_section(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	PyObject *name = NULL;

	if (likely(nargs == 1 && !kwnames))
		name = args[0];
	else if (markers_argument(args, nargs, kwnames, "section_name", &name))
		return NULL;
	if (unlikely(!name)) {
		PyErr_SetString(PyExc_TypeError, "profile_section() needs a section_name");
		return NULL;
	}
	return section_of((struct profiler *)self, name);
}

static PyObject *profiler_rows(PyObject *self, PyObject *unused)
{
	PyObject *rows = ((struct profiler *)self)->rows, *copy;

	(void)unused;
	Py_XINCREF(rows);
	copy = rows ? PyDict_Copy(rows) : PyDict_New();
	Py_XDECREF(rows);
	return copy;
}

/* A row that a section still refers to stays, and starts from 0; so a section that is open is counted when it ends. */
static PyObject *profiler_clear(PyObject *self, PyObject *unused)
{
	struct profiler *p = (struct profiler *)self;
	PyObject *kept = PyDict_New(), *was, *name, *row;
	Py_ssize_t at = 0;

	(void)unused;
	if (!kept)
		return NULL;
	was = p->rows;
	while (was && PyDict_Next(was, &at, &name, &row)) {
		row_reset((struct row *)row);
		if (((struct row *)row)->sections && PyDict_SetItem(kept, name, row)) {
			Py_DECREF(kept);
			return NULL;
		}
	}
	if (was)
		p->rows = kept;
	else
		Py_DECREF(kept);
	Py_XDECREF(was);
	return none();
}

static void profiler_dealloc(PyObject *self)
{
	struct profiler *p = (struct profiler *)self;

	Py_XDECREF(p->rows);
	row_drop_owner(p->owner);
	markers_free(self);
}

/* ---- Model ---- */

static cold struct row *model_row(struct model *m, struct row **row, const char *name)
{
	PyObject *text = PyUnicode_FromString(name);

	if (!m->owner)
		m->owner = row_new_owner();
	if (text && m->owner)
		*row = row_new(text, 0, m->owner);
	Py_XDECREF(text);
	if (!*row)
		PyErr_Clear();
	return *row;
}

static PyObject *profile_forward_pass(PyObject *self, PyObject *unused)
{
	struct model *m = (struct model *)self;
	struct row *row = likely(m->forward) ? m->forward : model_row(m, &m->forward, "forward_pass");

	(void)unused;
	return section_new(SECTION_FORWARD, row, 0, 0);
}

static PyObject *profile_generation(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	struct model *m = (struct model *)self;
	struct row *row = likely(m->generation) ? m->generation : model_row(m, &m->generation, "generation");
	PyObject *number = Py_None;
	uint64_t tokens;

	if (markers_argument(args, nargs, kwnames, "tokens", &number) || markers_count(number, &tokens))
		return NULL;
	return section_new(SECTION_GENERATION, row, 0, tokens);
}

static int put_row(PyObject *rows, const char *name, struct row *row)
{
	return row ? PyDict_SetItemString(rows, name, (PyObject *)row) : 0;
}

static PyObject *model_rows(PyObject *self, PyObject *unused)
{
	struct model *m = (struct model *)self;
	PyObject *rows = PyDict_New();

	(void)unused;
	if (rows && (put_row(rows, "forward_pass", m->forward) || put_row(rows, "generation", m->generation)))
		Py_CLEAR(rows);
	return rows;
}

static PyObject *model_clear(PyObject *self, PyObject *unused)
{
	struct model *m = (struct model *)self;

	(void)unused;
	if (m->forward)
		row_reset(m->forward);
	if (m->generation)
		row_reset(m->generation);
	return none();
}

static void model_dealloc(PyObject *self)
{
	struct model *m = (struct model *)self;

	Py_XDECREF((PyObject *)m->forward);
	Py_XDECREF((PyObject *)m->generation);
	row_drop_owner(m->owner);
	markers_free(self);
}

/* ---- the types ---- */

static PyMethodDef profiler_methods[] = {
	{"profile_section", METHOD(profile_section), METH_FASTCALL | METH_KEYWORDS,
	 "profile_section($self, section_name)\n--\n\nContext manager: the block is a section of that name."},
	{"_rows", profiler_rows, METH_NOARGS, "{name: Row} of what was marked through this object."},
	{"_clear", profiler_clear, METH_NOARGS, "Forgets it."},
	{NULL, NULL, 0, NULL},
};

static PyMethodDef model_methods[] = {
	{"profile_forward_pass", profile_forward_pass, METH_NOARGS,
	 "profile_forward_pass($self)\n--\n\nContext manager: the block is a forward pass of the model."},
	{"profile_generation", METHOD(profile_generation), METH_FASTCALL | METH_KEYWORDS,
	 "profile_generation($self, tokens=None)\n--\n\n"
	 "Context manager: the block generates tokens; their number may also be set within, as `tokens` of what `as` names."},
	{"_rows", model_rows, METH_NOARGS, "{name: Row} of what was marked through this object."},
	{"_clear", model_clear, METH_NOARGS, "Forgets it."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot profiler_slots[] = {
	{Py_tp_doc, "The base of PerformanceProfiler: sections."},
	{Py_tp_dealloc, SLOT(profiler_dealloc)},
	{Py_tp_methods, profiler_methods},
	{0, NULL},
};

static PyType_Slot model_slots[] = {
	{Py_tp_doc, "The base of ModelProfiler: forward pass and generation."},
	{Py_tp_dealloc, SLOT(model_dealloc)},
	{Py_tp_methods, model_methods},
	{0, NULL},
};

static PyType_Spec profiler_spec = {
	.name = "dcbs_profiler._markers.Profiler",
	.basicsize = sizeof(struct profiler),
	.flags = MARKERS_TYPE_FLAGS | Py_TPFLAGS_BASETYPE,
	.slots = profiler_slots,
};

static PyType_Spec model_spec = {
	.name = "dcbs_profiler._markers.Model",
	.basicsize = sizeof(struct model),
	.flags = MARKERS_TYPE_FLAGS | Py_TPFLAGS_BASETYPE,
	.slots = model_slots,
};

int profiler_types(PyObject *module)
{
	if (markers_add_type(module, &profiler_spec, &profiler_type))
		return -1;
	return markers_add_type(module, &model_spec, &model_type);
}
