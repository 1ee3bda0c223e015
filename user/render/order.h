/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* order.h - the order of functions within a section. */
#ifndef RENDER_ORDER_H
#define RENDER_ORDER_H

#include "render/render.h"

/* The report's functions, section by section as they are, in order within each. To be freed; NULL: no memory. */
const struct dcbs_function **order_functions(const struct dcbs_report *report, enum order_key order);

/* "(N more)": the sum of those that have no row of their own. */
bool order_is_rest(const struct dcbs_function *function);

#endif
