/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* comparison_view.h - how a comparison is shown. */
#ifndef RENDER_COMPARISON_VIEW_H
#define RENDER_COMPARISON_VIEW_H

#include <stdbool.h>

struct comparison_view {
	int width;		/* columns of text; 0: no terminal */
	bool colour;
	bool verbose;		/* all sections, and how the calls are distributed */
};

#endif
