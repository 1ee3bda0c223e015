/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * listen_address.h - the address at which the profiler answers scrapers.
 *
 * It is ADDR:PORT, [ADDR]:PORT for IPv6, or PORT alone, which is 127.0.0.1:PORT. ADDR is a number, or localhost: no name is
 * looked up. Ports below 1024 are not for a program that root may run for somebody else.
 */
#ifndef SERVE_LISTEN_ADDRESS_H
#define SERVE_LISTEN_ADDRESS_H

#include <stdbool.h>

bool listen_address_is_valid(const char *address);

/* Returns a listening socket that does not block, or -errno with a line that gives the reason. */
int listen_address_open(const char *address);

#endif
