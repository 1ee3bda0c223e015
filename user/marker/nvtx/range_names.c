// SPDX-License-Identifier: MIT
/* range_names.c - see range_names.h. Entries are added without a lock, so a child of fork() never finds one taken. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bpfprof/marker_abi.h"
#include "nvtx/range_names.h"

#define NAMES 256
#define INDEX 1024		/* slots of the hash table, a power of two */
#define DOMAINS 64
#define DOMAIN_BYTES 48
#define WIDE_BYTES 512		/* of a wide text as UTF-8 */
#define OTHER_NAMES "(other NVTX ranges)"

struct range_domain {
	char name[DOMAIN_BYTES];
	bool ready;
};

struct range_name {
	uint64_t hash;
	size_t length;		/* of the whole text, of which `text` may be the beginning */
	const struct range_domain *domain;
	dcbs_id id;
	char text[DCBS_NAME_BYTES];
};

static struct range_domain domains[DOMAINS];
static unsigned int domains_used;
static struct range_name names[NAMES], *by_hash[INDEX];
static unsigned int names_used;
static const char handles[DCBS_NAMES];	/* a registered text is known by an address in it */

/* ---- wide texts ---- */

static size_t encode_character(char to[4], uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | (c >> 18 & 7));
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static const char *encode_text(char to[WIDE_BYTES], const wchar_t *text)
{
	size_t n = 0;

	for (; text && *text && n + 4 < WIDE_BYTES; text++)
		n += encode_character(to + n, (uint32_t)*text);
	to[n] = 0;
	return to;
}

/* ---- domains ---- */

/* All domains beyond the last one are that one. */
struct range_domain *range_domain_make(const char *name)
{
	unsigned int used = __atomic_load_n(&domains_used, __ATOMIC_ACQUIRE), i;

	if (!name || !*name)
		return NULL;
	for (i = 0; i < used && i < DOMAINS; i++)
		if (__atomic_load_n(&domains[i].ready, __ATOMIC_ACQUIRE) && !strncmp(domains[i].name, name, DOMAIN_BYTES - 1))
			return &domains[i];
	if (used >= DOMAINS)
		return &domains[DOMAINS - 1];
	i = __atomic_fetch_add(&domains_used, 1, __ATOMIC_ACQ_REL);
	if (i >= DOMAINS)
		return &domains[DOMAINS - 1];
	snprintf(domains[i].name, DOMAIN_BYTES, "%s", i == DOMAINS - 1 ? "(other domains)" : name);
	__atomic_store_n(&domains[i].ready, true, __ATOMIC_RELEASE);
	return &domains[i];
}

struct range_domain *range_domain_make_wide(const wchar_t *name)
{
	char text[WIDE_BYTES];

	return range_domain_make(encode_text(text, name));
}

/* ---- names ---- */

static uint64_t hash_range(const struct range_domain *domain, const char *text, size_t *length)
{
	uint64_t h = 14695981039346656037ULL ^ (uint64_t)(uintptr_t)domain;
	const char *p;

	for (p = text; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211ULL;
	*length = (size_t)(p - text);
	return h ^ h >> 32;
}

static bool is_range_name(const struct range_name *n, const struct range_domain *domain, const char *text, uint64_t hash,
			  size_t length)
{
	return n->hash == hash && n->length == length && n->domain == domain &&
	       !memcmp(n->text, text, length < DCBS_NAME_BYTES ? length : DCBS_NAME_BYTES - 1);
}

static dcbs_id register_range(const struct range_domain *domain, const char *text)
{
	char whole[2 * DCBS_NAME_BYTES + DOMAIN_BYTES];

	if (!domain)
		return dcbs_section_name(text);
	snprintf(whole, sizeof(whole), "%s:%s", domain->name, text);
	return dcbs_section_name(whole);
}

static void publish_range(struct range_name *n)
{
	struct range_name *expected;
	uint64_t i;

	for (i = n->hash % INDEX;; i = (i + 1) % INDEX) {
		expected = NULL;
		if (__atomic_compare_exchange_n(&by_hash[i], &expected, n, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return;
	}
}

/* Two threads may add a name at once. Then it is there twice, with one id. */
static cold dcbs_id add_range(const struct range_domain *domain, const char *text, uint64_t hash, size_t length)
{
	struct range_name *n;
	unsigned int i;

	if (__atomic_load_n(&names_used, __ATOMIC_RELAXED) >= NAMES)
		return dcbs_section_name(OTHER_NAMES);
	i = __atomic_fetch_add(&names_used, 1, __ATOMIC_RELAXED);
	if (i >= NAMES)
		return dcbs_section_name(OTHER_NAMES);
	n = &names[i];
	*n = (struct range_name){.hash = hash, .length = length, .domain = domain, .id = register_range(domain, text)};
	memcpy(n->text, text, length < DCBS_NAME_BYTES ? length : DCBS_NAME_BYTES - 1);
	publish_range(n);
	return n->id;
}

dcbs_id range_names_find(struct range_domain *domain, const char *text)
{
	const struct range_name *n;
	size_t length;
	uint64_t hash, i;

	text = text ? text : "";
	hash = hash_range(domain, text, &length);
	for (i = hash % INDEX; (n = __atomic_load_n(&by_hash[i], __ATOMIC_ACQUIRE)); i = (i + 1) % INDEX)
		if (likely(is_range_name(n, domain, text, hash, length)))
			return n->id;
	return add_range(domain, text, hash, length);
}

dcbs_id range_names_find_wide(struct range_domain *domain, const wchar_t *text)
{
	char encoded[WIDE_BYTES];

	return range_names_find(domain, encode_text(encoded, text));
}

const void *range_names_handle(dcbs_id name)
{
	return &handles[name % DCBS_NAMES];
}

static dcbs_id name_of_handle(struct range_domain *domain, const void *handle)
{
	uintptr_t id = (uintptr_t)handle - (uintptr_t)handles;

	return id && id < DCBS_NAMES ? (dcbs_id)id : range_names_find(domain, "");
}

dcbs_id range_names_of_event(struct range_domain *domain, const struct nvtx_event *event)
{
	if (!event || event->size < sizeof(*event))
		return range_names_find(domain, "");
	switch (event->message_type) {
	case NVTX_MESSAGE_ASCII:
		return range_names_find(domain, event->message.ascii);
	case NVTX_MESSAGE_WIDE:
		return range_names_find_wide(domain, event->message.wide);
	case NVTX_MESSAGE_REGISTERED:
		return name_of_handle(domain, event->message.registered);
	}
	return range_names_find(domain, "");
}
