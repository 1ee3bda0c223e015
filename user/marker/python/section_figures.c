// SPDX-License-Identifier: MIT
/* section_figures.c - the type SectionFigures, see section_figures.h. */
#include <stdlib.h>

#include "section_figures.h"
#include "vdso_clock.h"

/* Names may be made up at run time. Names inside one section beyond this number are one, "(other)". */
#define NESTED_MAX 1024
#define NESTED_FIRST 8

static PyObject *figures_type;
static struct section_figures *all_figures;
static size_t nr_figures;
static uint64_t first_ns;	/* when the first section of the process began; 0: there was none */

struct figures_owner *section_figures_new_owner(void)
{
	struct figures_owner *owner = calloc(1, sizeof(*owner));

	if (owner)
		owner->references = 1;
	return owner;
}

void section_figures_drop_owner(struct figures_owner *owner)
{
	if (owner && !--owner->references)
		free(owner);
}

void section_figures_begin(uint64_t now)
{
	if (!first_ns)
		first_ns = now;
}

static void link_figures(struct section_figures *f)
{
	f->next = all_figures;
	f->link = &all_figures;
	if (all_figures)
		all_figures->link = &f->next;
	all_figures = f;
	nr_figures++;
}

static void unlink_figures(struct section_figures *f)
{
	*f->link = f->next;
	if (f->next)
		f->next->link = f->link;
	nr_figures--;
}

struct section_figures *section_figures_new(PyObject *name, dcbs_id id, struct figures_owner *owner)
{
	static uint32_t last;
	struct section_figures *f = PyObject_New(struct section_figures, (PyTypeObject *)figures_type);

	if (!f)
		return NULL;
	Py_INCREF(name);
	f->name = name;
	f->number = ++last;
	f->owner = owner;
	owner->references++;
	f->id = id;
	f->open = (struct open_calls){0};
	f->objects = f->nr_nested = f->nested_size = 0;
	f->nested = NULL;
	f->totals = (struct section_totals){.min_ns = UINT64_MAX, .rss_min_bytes = UINT64_MAX};
	f->buckets = (struct buckets){0};
	link_figures(f);
	return f;
}

static void free_nested(struct nested_totals *table, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		Py_XDECREF(table[i].name);
	free(table);
}

void section_figures_reset(struct section_figures *f)
{
	f->owner->since_ns = now_ns();
	f->totals = (struct section_totals){.min_ns = UINT64_MAX, .rss_min_bytes = UINT64_MAX};
	buckets_reset(&f->buckets);
	free_nested(f->nested, f->nested_size);
	f->nested = NULL;
	f->nr_nested = f->nested_size = 0;
}

static void figures_dealloc(PyObject *self)
{
	PyTypeObject *of = Py_TYPE(self);
	struct section_figures *f = (struct section_figures *)self;

	unlink_figures(f);
	free_nested(f->nested, f->nested_size);
	buckets_free(&f->buckets);
	section_figures_drop_owner(f->owner);
	Py_DECREF(f->name);
	PyObject_Free(self);
	Py_DECREF(of);
}

/* ---- the sections inside ---- */

/* Returns the place of a number, or the free place for it, in a table that has a free one. */
static struct nested_totals *find_nested(struct nested_totals *table, uint32_t size, uint32_t number)
{
	uint32_t i = number * 2654435769u >> 7 & (size - 1);

	while (table[i].number && table[i].number != number)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static cold int grow_nested(struct section_figures *f)
{
	uint32_t size = f->nested_size ? f->nested_size * 2 : NESTED_FIRST, i;
	struct nested_totals *table = calloc(size, sizeof(*table));

	if (!table)
		return -1;
	for (i = 0; i < f->nested_size; i++)
		if (f->nested[i].number)
			*find_nested(table, size, f->nested[i].number) = f->nested[i];
	free(f->nested);
	f->nested = table;
	f->nested_size = size;
	return 0;
}

static cold struct nested_totals *make_nested(struct section_figures *f, const struct section_figures *inner)
{
	uint32_t number = f->nr_nested < NESTED_MAX ? inner->number : UINT32_MAX;
	struct nested_totals *n;

	if (f->nr_nested * 4 >= f->nested_size * 3 && grow_nested(f))
		return NULL;
	n = find_nested(f->nested, f->nested_size, number);
	if (n->number)
		return n;
	n->name = number == UINT32_MAX ? PyUnicode_FromString("(other)") : inner->name;
	if (!n->name) {
		PyErr_Clear();
		return NULL;
	}
	if (n->name == inner->name)
		Py_INCREF(n->name);
	n->number = number;
	f->nr_nested++;
	return n;
}

void section_figures_add_nested(struct section_figures *f, const struct section_figures *inner, uint64_t duration_ns,
				uint64_t self_ns, bool recursive)
{
	struct nested_totals *n = f->nested ? find_nested(f->nested, f->nested_size, inner->number) : NULL;

	if (unlikely(!n) || unlikely(!n->number))
		n = make_nested(f, inner);
	if (unlikely(!n))
		return;
	n->count++;
	n->self_ns += self_ns;
	if (recursive)
		return;
	n->primitive++;
	n->total_ns += duration_ns;
}

/* ---- for Python ---- */

/* In the order of class Figures of the package's _figures.py. */
static PyObject *figures_totals(PyObject *self, PyObject *unused)
{
	const struct section_figures *f = (const struct section_figures *)self;
	struct section_totals t = f->totals;	/* making Python objects may run code that records */
	uint64_t since_ns = f->owner->since_ns ? f->owner->since_ns : first_ns;

	(void)unused;
	return Py_BuildValue("KKIKKKKKKKKLKKKKK", (unsigned long long)t.count, (unsigned long long)t.primitive, f->open.count,
			     (unsigned long long)t.errors, (unsigned long long)t.cancelled,
			     (unsigned long long)t.items, (unsigned long long)t.total_ns,
			     (unsigned long long)t.self_ns, (unsigned long long)t.sum_ns,
			     (unsigned long long)t.min_ns, (unsigned long long)t.max_ns, (long long)t.rss_growth_bytes,
			     (unsigned long long)t.rss_samples, (unsigned long long)t.rss_sum_bytes,
			     (unsigned long long)t.rss_min_bytes, (unsigned long long)t.rss_max_bytes,
			     (unsigned long long)since_ns);
}

static PyObject *figures_histogram(PyObject *self, PyObject *unused)
{
	(void)unused;
	return buckets_values(&((struct section_figures *)self)->buckets);
}

/* Returns the used places, with references of their own. The table itself may change while Python objects are made. */
static struct nested_totals *copy_nested(const struct section_figures *f, uint32_t *n)
{
	struct nested_totals *copy = calloc(f->nr_nested + 1, sizeof(*copy));
	uint32_t i;

	for (i = *n = 0; copy && i < f->nested_size; i++) {
		if (!f->nested[i].number)
			continue;
		copy[*n] = f->nested[i];
		Py_INCREF(copy[(*n)++].name);
	}
	return copy;
}

static PyObject *figures_nested(PyObject *self, PyObject *unused)
{
	uint32_t n, i;
	struct nested_totals *copy = copy_nested((struct section_figures *)self, &n);
	PyObject *list = copy ? PyList_New(0) : PyErr_NoMemory();

	(void)unused;
	for (i = 0; list && i < n; i++) {
		PyObject *item = Py_BuildValue("OKKKK", copy[i].name, (unsigned long long)copy[i].count,
					       (unsigned long long)copy[i].primitive, (unsigned long long)copy[i].self_ns,
					       (unsigned long long)copy[i].total_ns);

		if (!item || PyList_Append(list, item))
			Py_CLEAR(list);
		Py_XDECREF(item);
	}
	if (copy)
		free_nested(copy, n);
	return list;
}

/* The references keep the figures while the list is made, which may run code that drops other ones. */
static struct section_figures **hold_all(size_t *n)
{
	struct section_figures **held = calloc(nr_figures + 1, sizeof(struct section_figures *)), *f;

	for (f = all_figures, *n = 0; held && f; f = f->next) {
		Py_INCREF((PyObject *)f);
		held[(*n)++] = f;
	}
	return held;
}

PyObject *section_figures_all(void)
{
	size_t n, i;
	struct section_figures **held = hold_all(&n);
	PyObject *list = held ? PyList_New(0) : PyErr_NoMemory();

	for (i = 0; held && i < n; i++) {
		PyObject *item = list ? Py_BuildValue("OO", held[i]->name, (PyObject *)held[i]) : NULL;

		if (list && (!item || PyList_Append(list, item)))
			Py_CLEAR(list);
		Py_XDECREF(item);
		Py_DECREF((PyObject *)held[i]);
	}
	free(held);
	return list;
}

static PyMethodDef figures_methods[] = {
	{"figures", figures_totals, METH_NOARGS, "Returns counts, ns and bytes as a tuple, in the order of _figures.Figures."},
	{"histogram", figures_histogram, METH_NOARGS, "Returns (zero_count, [(index, count), ...]) of the durations in ns."},
	{"nested", figures_nested, METH_NOARGS, "Returns [(name, count, primitive, self_ns, total_ns), ...] of the sections inside."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot figures_slots[] = {
	{Py_tp_doc, "The figures of one section name."},
	{Py_tp_dealloc, SLOT(figures_dealloc)},
	{Py_tp_methods, figures_methods},
	{0, NULL},
};

static PyType_Spec figures_spec = {
	.name = "dcbs_profiler._markers.SectionFigures",
	.basicsize = sizeof(struct section_figures),
	.flags = EXTENSION_TYPE_FLAGS,
	.slots = figures_slots,
};

int section_figures_add_type(void)
{
	return extension_add_type(NULL, &figures_spec, &figures_type);
}
