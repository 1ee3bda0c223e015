// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* no_calls.c - a library that does nothing: its name alone counts. */
int no_calls(void);
int no_calls(void)
{
	return 0;
}
