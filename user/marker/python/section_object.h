/* SPDX-License-Identifier: MIT */
/* section_object.h - the objects behind `with`: Section and Generation. */
#ifndef PYTHON_SECTION_OBJECT_H
#define PYTHON_SECTION_OBJECT_H

#include "section_figures.h"

enum section_kind { SECTION_NAMED, SECTION_FORWARD, SECTION_GENERATION };

int section_object_add_types(PyObject *module);

/* `figures` may be NULL: then the process does not record the section itself. `tokens` are items that its end adds. */
PyObject *section_object_new(enum section_kind kind, struct section_figures *figures, dcbs_id name, uint64_t tokens);

#endif
