// SPDX-License-Identifier: MIT
/* context.c - finds the place of the current context in CPython's thread state, see context.h. */
#include "context.h"

#define FIRST_WORD	16	/* the thread state begins with links to others */
#define WORDS		34	/* 3.8 has 29 and then 5 that belong to others, which are only read */
#define WORDS_3_12	48
#define ENTERED_AT	(sizeof(PyObject) + 3 * sizeof(PyObject *))	/* behind the outer context, the variables, the weak references */
#define ROUNDS		2

unsigned int context_offset, context_entered_offset;
uintptr_t context_serial;
__thread uint64_t context_told __attribute__((tls_model("initial-exec")));

/* The words that were the address of the entered context in each call so far, one bit each. */
static uint64_t candidates;
static bool always_entered;

static uint64_t words_with(const void *value)
{
	const void *const *words = (const void *const *)PyThreadState_Get();
	int i, n = PyLong_AsLong(PySys_GetObject("hexversion")) < 0x030c0000 ? WORDS : WORDS_3_12;
	uint64_t found = 0;

	for (i = FIRST_WORD; i < n; i++)
		if (words[i] == value)
			found |= 1ULL << i;
	return found;
}

static bool is_entered(PyObject *context)
{
	return ((const char *)context)[context_entered_offset] == 1;
}

/* Runs within the context that it is given. */
static PyObject *look_inside(PyObject *self, PyObject *context)
{
	(void)self;
	candidates &= words_with(context);
	always_entered = always_entered && is_entered(context);
	return extension_none();
}

static PyMethodDef look_method = {"look", look_inside, METH_O, NULL};

static int run_within(PyObject *context, PyObject *look)
{
	PyObject *result = PyObject_CallMethod(context, "run", "OO", look, context);

	Py_XDECREF(result);
	return result ? 0 : -1;
}

/* Returns 0 if the experiment could be made. */
static int look_into(PyObject *context, PyObject *look)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (is_entered(context) || run_within(context, look))
			return -1;
		candidates &= ~words_with(context);
	}
	return is_entered(context) ? -1 : 0;
}

static uint64_t word_behind(void)
{
	return *(const uint64_t *)(context_word() + sizeof(void *));
}

/* Returns true if the word behind that of the context rises by one when a context is entered, and when it is left. */
static bool word_behind_counts(void)
{
	PyObject *module = PyImport_ImportModule("contextvars"), *look = PyCFunction_New(&look_method, NULL);
	PyObject *context = module ? PyObject_CallMethod(module, "Context", NULL) : NULL;
	uint64_t before = word_behind();
	int i;

	for (i = 0; context && look && i < ROUNDS && !run_within(context, look) && word_behind() == before + 2; i++)
		before += 2;
	Py_XDECREF(context);
	Py_XDECREF(look);
	Py_XDECREF(module);
	return i == ROUNDS;
}

static int make_experiment(void)
{
	PyObject *module = PyImport_ImportModule("contextvars"), *look = PyCFunction_New(&look_method, NULL);
	PyObject *first = module ? PyObject_CallMethod(module, "Context", NULL) : NULL;
	PyObject *second = first ? PyObject_CallMethod(module, "Context", NULL) : NULL;
	int err = second && look && !look_into(first, look) && !look_into(second, look) && !look_into(first, look) ? 0 : -1;

	Py_XDECREF(second);
	Py_XDECREF(first);
	Py_XDECREF(look);
	Py_XDECREF(module);
	return err;
}

void context_start(void)
{
	int err;

	if (context_offset)
		return;
	candidates = ~0ULL;
	always_entered = true;
	context_entered_offset = ENTERED_AT;
	err = make_experiment();
	PyErr_Clear();
	/* Exactly one word, and the byte tells, too. */
	if (!err && always_entered && candidates && !(candidates & (candidates - 1)))
		context_offset = (unsigned int)(__builtin_ctzll(candidates) * sizeof(void *));
	if (context_offset && word_behind_counts())
		context_serial = DCBS_AT_HAS_SERIAL;
	PyErr_Clear();
}
