/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* embed.h - a JSON document inside an HTML page. */
#ifndef RENDER_HTML_EMBED_H
#define RENDER_HTML_EMBED_H

#include <stdio.h>

#define EMBED_MOST_TEXT 1000	/* bytes of a string; a longer one is cut off and ends with an ellipsis */

/*
 * A stream to which the document is written; it goes on to `to`. No string in it can end the element around it or begin a
 * comment: "<" becomes \u003c. The stream is closed before anything else is written to `to`. NULL: no memory.
 */
FILE *embed_open(FILE *to);

#endif
