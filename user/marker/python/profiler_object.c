// SPDX-License-Identifier: MIT
/*
 * profiler_object.c - Profiler and Model, the bases of PerformanceProfiler and ModelProfiler.
 *
 * These two inherit the C functions directly, so that no frame of Python code runs in a
 * marker. Each object keeps the figures of the sections that were marked through it. For an attached
 * profiler, all objects mark the same sections. Nothing is made before the first section, because an
 * inheriting class need not call our __init__().
 */
#include "convert.h"
#include "name_objects.h"
#include "profiler_object.h"
#include "section_object.h"

/* Names that are made up at run time must not fill the memory. Names beyond are "(other)" here, as in the marker library. */
#define SECTIONS_MAX 4096

struct profiler_object {
	PyObject_HEAD
	PyObject *sections;	/* dict: exact str -> SectionFigures */
	struct figures_owner *owner;	/* not NULL if sections is not NULL */
};

struct model_object {
	PyObject_HEAD
	struct section_figures *forward, *generation;
	struct figures_owner *owner;
};

/* ---- Profiler ---- */

static PyObject *profiler_type, *model_type;

/* Makes the figures of a new name, a borrowed reference; *figures stays NULL if memory is out. */
static int add_figures(struct profiler_object *p, PyObject *text, dcbs_id id, struct section_figures **figures)
{
	struct section_figures *new_figures = section_figures_new(text, id, p->owner);

	if (!new_figures || PyDict_SetItem(p->sections, text, (PyObject *)new_figures)) {
		Py_XDECREF((PyObject *)new_figures);
		return convert_forgive();
	}
	*figures = new_figures;
	Py_DECREF((PyObject *)new_figures);
	return 0;
}

/* *id is the number of the name itself even if its figures are those of "(other)". */
static int make_figures(struct profiler_object *p, PyObject *text, struct section_figures **figures, dcbs_id *id)
{
	PyObject *other = NULL;
	int err = name_objects_id(text, id);

	if (err)
		return err;
	if (PyDict_Size(p->sections) < SECTIONS_MAX)
		return add_figures(p, text, *id, figures);
	other = PyUnicode_FromString("(other)");
	if (!other)
		return convert_forgive();
	*figures = (struct section_figures *)PyDict_GetItemWithError(p->sections, other);
	if (!*figures)
		err = add_figures(p, other, *id, figures);
	Py_DECREF(other);
	return err;
}

/*
 * Here and below: making a dict may start the garbage collector, which runs finalisers, and these may
 * mark sections and clear this very object. So the fields of p are read after the dict is made, or held.
 */
static int start_sections(struct profiler_object *p)
{
	PyObject *sections;

	if (p->sections)
		return 0;
	if (!p->owner)
		p->owner = section_figures_new_owner();
	sections = p->owner ? PyDict_New() : NULL;
	if (p->sections)
		Py_XDECREF(sections);
	else
		p->sections = sections;
	return p->sections ? 0 : convert_forgive();
}

/* Handles the first use of a name, and a name that is no exact str. */
static cold int find_figures_slowly(struct profiler_object *p, PyObject *name, struct section_figures **figures, dcbs_id *id)
{
	PyObject *text;
	int err = 0;

	*figures = NULL;
	*id = dcbs_section_name(NULL);
	if (start_sections(p) || name_objects_text(name, &text))
		return -1;
	if (p->sections)
		*figures = (struct section_figures *)PyDict_GetItemWithError(p->sections, text);
	if (*figures)
		*id = (*figures)->id;
	else
		err = p->sections ? make_figures(p, text, figures, id) : name_objects_id(text, id);
	Py_DECREF(text);
	return err;
}

static PyObject *make_section(struct profiler_object *p, PyObject *name)
{
	struct section_figures *figures;
	dcbs_id id;

	if (likely(PyUnicode_CheckExact(name)) && likely(p->sections)) {
		figures = (struct section_figures *)PyDict_GetItemWithError(p->sections, name);
		if (likely(figures))
			return section_object_new(SECTION_NAMED, figures, figures->id, 0);
	}
	if (find_figures_slowly(p, name, &figures, &id))
		return NULL;
	return section_object_new(SECTION_NAMED, figures, id, 0);
}

static PyObject *profile_section(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	PyObject *name = NULL;

	if (likely(nargs == 1 && !kwnames))
		name = args[0];
	else if (convert_argument(args, nargs, kwnames, "section_name", &name))
		return NULL;
	if (unlikely(!name)) {
		PyErr_SetString(PyExc_TypeError, "profile_section() needs a section_name");
		return NULL;
	}
	return make_section((struct profiler_object *)self, name);
}

static PyObject *profiler_sections(PyObject *self, PyObject *unused)
{
	PyObject *sections = ((struct profiler_object *)self)->sections, *copy;

	(void)unused;
	Py_XINCREF(sections);
	copy = sections ? PyDict_Copy(sections) : PyDict_New();
	Py_XDECREF(sections);
	return copy;
}

/* Figures that a section object refers to stay and start from 0, so that a section that is open is counted when it ends. */
static PyObject *profiler_clear(PyObject *self, PyObject *unused)
{
	struct profiler_object *p = (struct profiler_object *)self;
	PyObject *kept = PyDict_New(), *was, *name, *figures;
	Py_ssize_t at = 0;

	(void)unused;
	if (!kept)
		return NULL;
	was = p->sections;
	while (was && PyDict_Next(was, &at, &name, &figures)) {
		section_figures_reset((struct section_figures *)figures);
		if (((struct section_figures *)figures)->objects && PyDict_SetItem(kept, name, figures)) {
			Py_DECREF(kept);
			return NULL;
		}
	}
	if (was)
		p->sections = kept;
	else
		Py_DECREF(kept);
	Py_XDECREF(was);
	return extension_none();
}

static void profiler_dealloc(PyObject *self)
{
	struct profiler_object *p = (struct profiler_object *)self;

	Py_XDECREF(p->sections);
	section_figures_drop_owner(p->owner);
	extension_free_object(self);
}

/* ---- Model ---- */

static cold struct section_figures *make_model_figures(struct model_object *m, struct section_figures **figures, const char *name)
{
	PyObject *text = PyUnicode_FromString(name);

	if (!m->owner)
		m->owner = section_figures_new_owner();
	if (text && m->owner)
		*figures = section_figures_new(text, 0, m->owner);
	Py_XDECREF(text);
	if (!*figures)
		PyErr_Clear();
	return *figures;
}

static PyObject *profile_forward_pass(PyObject *self, PyObject *unused)
{
	struct model_object *m = (struct model_object *)self;
	struct section_figures *figures = likely(m->forward) ? m->forward : make_model_figures(m, &m->forward, "forward_pass");

	(void)unused;
	return section_object_new(SECTION_FORWARD, figures, 0, 0);
}

static PyObject *profile_generation(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	struct model_object *m = (struct model_object *)self;
	struct section_figures *figures = likely(m->generation) ? m->generation : make_model_figures(m, &m->generation, "generation");
	PyObject *number = Py_None;
	uint64_t tokens;

	if (convert_argument(args, nargs, kwnames, "tokens", &number) || convert_count(number, &tokens))
		return NULL;
	return section_object_new(SECTION_GENERATION, figures, 0, tokens);
}

static int put_figures(PyObject *sections, const char *name, struct section_figures *figures)
{
	return figures ? PyDict_SetItemString(sections, name, (PyObject *)figures) : 0;
}

static PyObject *model_sections(PyObject *self, PyObject *unused)
{
	struct model_object *m = (struct model_object *)self;
	PyObject *sections = PyDict_New();

	(void)unused;
	if (sections && (put_figures(sections, "forward_pass", m->forward) || put_figures(sections, "generation", m->generation)))
		Py_CLEAR(sections);
	return sections;
}

static PyObject *model_clear(PyObject *self, PyObject *unused)
{
	struct model_object *m = (struct model_object *)self;

	(void)unused;
	if (m->forward)
		section_figures_reset(m->forward);
	if (m->generation)
		section_figures_reset(m->generation);
	return extension_none();
}

static void model_dealloc(PyObject *self)
{
	struct model_object *m = (struct model_object *)self;

	Py_XDECREF((PyObject *)m->forward);
	Py_XDECREF((PyObject *)m->generation);
	section_figures_drop_owner(m->owner);
	extension_free_object(self);
}

/* ---- the types ---- */

static PyMethodDef profiler_methods[] = {
	{"profile_section", METHOD(profile_section), METH_FASTCALL | METH_KEYWORDS,
	 "profile_section($self, section_name)\n--\n\nReturns a context manager: the block is a section of that name."},
	{"_sections", profiler_sections, METH_NOARGS, "Returns {name: SectionFigures} of the sections marked through this object."},
	{"_clear", profiler_clear, METH_NOARGS, "Forgets the figures of this object."},
	{NULL, NULL, 0, NULL},
};

static PyMethodDef model_methods[] = {
	{"profile_forward_pass", profile_forward_pass, METH_NOARGS,
	 "profile_forward_pass($self)\n--\n\nReturns a context manager: the block is a forward pass of the model."},
	{"profile_generation", METHOD(profile_generation), METH_FASTCALL | METH_KEYWORDS,
	 "profile_generation($self, tokens=None)\n--\n\n"
	 "Returns a context manager: the block generates that many tokens. Their number may also be set within the block,\n"
	 "as attribute `tokens` of the object that `as` names."},
	{"_sections", model_sections, METH_NOARGS, "Returns {name: SectionFigures} of the sections marked through this object."},
	{"_clear", model_clear, METH_NOARGS, "Forgets the figures of this object."},
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
	.basicsize = sizeof(struct profiler_object),
	.flags = EXTENSION_TYPE_FLAGS | Py_TPFLAGS_BASETYPE,
	.slots = profiler_slots,
};

static PyType_Spec model_spec = {
	.name = "dcbs_profiler._markers.Model",
	.basicsize = sizeof(struct model_object),
	.flags = EXTENSION_TYPE_FLAGS | Py_TPFLAGS_BASETYPE,
	.slots = model_slots,
};

int profiler_object_add_types(PyObject *module)
{
	if (extension_add_type(module, &profiler_spec, &profiler_type))
		return -1;
	return extension_add_type(module, &model_spec, &model_type);
}
