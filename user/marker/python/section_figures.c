// SPDX-License-Identifier: MIT
/* section_figures.c - Row: the figures of one section's name, and of the sections that ran inside it. */
#include <stdlib.h>

#include "own_record.h"

/* Sections with made-up names inside one section: what is beyond this is told as one, "(other)". */
#define NESTED_MAX 1024
#define NESTED_FIRST 8

static PyObject *type;

struct owner *row_new_owner(void)
{
	struct owner *owner = calloc(1, sizeof(*owner));

	if (owner)
		owner->rows = 1;
	return owner;
}

void row_drop_owner(struct owner *owner)
{
	if (owner && !--owner->rows)
		free(owner);
}

struct row *row_new(PyObject *name, dcbs_id id, struct owner *owner)
{
	static uint32_t last;
	struct row *r = PyObject_New(struct row, (PyTypeObject *)type);

	if (!r)
		return NULL;
	Py_INCREF(name);
	r->name = name;
	r->number = ++last;
	r->owner = owner;
	owner->rows++;
	r->id = id;
	r->spread = (struct spread){0};
	r->sections = r->nr_nested = r->nested_size = 0;
	r->nested = NULL;
	r->figures = (struct figures){.min_ns = UINT64_MAX, .rss_min_bytes = UINT64_MAX};
	r->buckets = (struct buckets){0};
	return r;
}

static void nested_free(struct nested *table, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		Py_XDECREF(table[i].name);
	free(table);
}

/* Calls that are open go on and are counted in full when they end. */
void row_reset(struct row *r)
{
	r->figures = (struct figures){.min_ns = UINT64_MAX, .rss_min_bytes = UINT64_MAX};
	buckets_reset(&r->buckets);
	nested_free(r->nested, r->nested_size);
	r->nested = NULL;
	r->nr_nested = r->nested_size = 0;
}

static void row_dealloc(PyObject *self)
{
	PyTypeObject *of = Py_TYPE(self);
	struct row *r = (struct row *)self;

	nested_free(r->nested, r->nested_size);
	buckets_free(&r->buckets);
	row_drop_owner(r->owner);
	Py_DECREF(r->name);
	PyObject_Free(self);
	Py_DECREF(of);
}

/* ---- what ran inside ---- */

/* The place of a number in a table that has a free one. */
static struct nested *nested_place(struct nested *table, uint32_t size, uint32_t number)
{
	uint32_t i = number * 2654435769u >> 7 & (size - 1);

	while (table[i].number && table[i].number != number)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static cold int nested_grow(struct row *r)
{
	uint32_t size = r->nested_size ? r->nested_size * 2 : NESTED_FIRST, i;
	struct nested *table = calloc(size, sizeof(*table));

	if (!table)
		return -1;
	for (i = 0; i < r->nested_size; i++)
		if (r->nested[i].number)
			*nested_place(table, size, r->nested[i].number) = r->nested[i];
	free(r->nested);
	r->nested = table;
	r->nested_size = size;
	return 0;
}

static cold struct nested *nested_new(struct row *r, const struct row *inner)
{
	uint32_t number = r->nr_nested < NESTED_MAX ? inner->number : UINT32_MAX;
	struct nested *n;

	if (r->nr_nested * 4 >= r->nested_size * 3 && nested_grow(r))
		return NULL;
	n = nested_place(r->nested, r->nested_size, number);
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
	r->nr_nested++;
	return n;
}

void row_add_nested(struct row *r, const struct row *inner, uint64_t duration_ns, uint64_t self_ns, bool again)
{
	struct nested *n = r->nested ? nested_place(r->nested, r->nested_size, inner->number) : NULL;

	if (unlikely(!n) || unlikely(!n->number))
		n = nested_new(r, inner);
	if (unlikely(!n))
		return;
	n->count++;
	n->self_ns += self_ns;
	if (again)
		return;
	n->primitive++;
	n->total_ns += duration_ns;
}

/* ---- for Python ---- */

/* In the order of Figures of the package's _figures.py. */
static PyObject *row_figures(PyObject *self, PyObject *unused)
{
	const struct row *r = (const struct row *)self;
	struct figures f = r->figures;	/* what follows may run code that records */

	(void)unused;
	return Py_BuildValue("KKIKKKKKKKKLKKKK", (unsigned long long)f.count, (unsigned long long)f.primitive, r->spread.open,
			     (unsigned long long)f.errors, (unsigned long long)f.items, (unsigned long long)f.total_ns,
			     (unsigned long long)f.self_ns, (unsigned long long)f.root_ns, (unsigned long long)f.sum_ns,
			     (unsigned long long)f.min_ns, (unsigned long long)f.max_ns, (long long)f.rss_growth_bytes,
			     (unsigned long long)f.rss_samples, (unsigned long long)f.rss_sum_bytes,
			     (unsigned long long)f.rss_min_bytes, (unsigned long long)f.rss_max_bytes);
}

static PyObject *row_histogram(PyObject *self, PyObject *unused)
{
	(void)unused;
	return buckets_values(&((struct row *)self)->buckets);
}

/* The table without its gaps; references are the copy's own. The table itself may change while Python objects are made. */
static struct nested *nested_copy(const struct row *r, uint32_t *n)
{
	struct nested *copy = calloc(r->nr_nested + 1, sizeof(*copy));
	uint32_t i;

	for (i = *n = 0; copy && i < r->nested_size; i++) {
		if (!r->nested[i].number)
			continue;
		copy[*n] = r->nested[i];
		Py_INCREF(copy[(*n)++].name);
	}
	return copy;
}

static PyObject *row_nested(PyObject *self, PyObject *unused)
{
	uint32_t n, i;
	struct nested *copy = nested_copy((struct row *)self, &n);
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
		nested_free(copy, n);
	return list;
}

static PyMethodDef methods[] = {
	{"figures", row_figures, METH_NOARGS, "Counts, ns and bytes, as a tuple."},
	{"histogram", row_histogram, METH_NOARGS, "(zero_count, [(index, count), ...]) of the durations in ns."},
	{"nested", row_nested, METH_NOARGS, "[(name, count, primitive, self_ns, total_ns), ...] of the sections inside it."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, "The figures of one section's name."},
	{Py_tp_dealloc, SLOT(row_dealloc)},
	{Py_tp_methods, methods},
	{0, NULL},
};

static PyType_Spec spec = {
	.name = "dcbs_profiler._markers.Row",
	.basicsize = sizeof(struct row),
	.flags = MARKERS_TYPE_FLAGS,
	.slots = slots,
};

int row_types(void)
{
	return markers_add_type(NULL, &spec, &type);
}
