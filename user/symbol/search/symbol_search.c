// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* symbol_search.c - finds all functions of a name in the symbol tables of a file, and of its debug file. */
#include <stdio.h>
#include <string.h>

#include "symbol/native/elf_symbols.h"
#include "symbol/search/symbol_search.h"
#include "symbol/search/symbol_versions.h"

#define TOKEN_BYTES 256

/* A symbol with its version, as in foo@@V: the part before it, the version, and whether the version is an old one. */
struct versioned_name {
	char symbol[4096];
	const char *version;	/* "": none */
	bool old;
};

static bool split_name(struct versioned_name *to, const char *name, const char *version, bool hidden)
{
	const char *at = strchr(name, '@');
	size_t n = at && at > name ? (size_t)(at - name) : strlen(name);

	if (n >= sizeof(to->symbol))
		return false;
	memcpy(to->symbol, name, n);
	to->symbol[n] = 0;
	to->version = version;
	to->old = hidden;
	if (name[n] == '@') {
		to->old = name[n + 1] != '@';
		to->version = name + n + strspn(name + n, "@");
	}
	return true;
}

/*
 * The last identifier of the wanted name stands in every symbol that can match, so most need not be demangled. Operators and the
 * names that symbols abbreviate do not.
 */
static const char *find_token(const char *wanted, char token[TOKEN_BYTES])
{
	static const char *const abbreviated[] = {"allocator", "basic_string", "string", "istream", "ostream", "iostream", "std"};
	size_t end = strcspn(wanted, "(<@"), begin, i;

	for (begin = end; begin && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", wanted[begin - 1]); begin--)
		;
	if (begin == end || end - begin >= TOKEN_BYTES || strstr(wanted, "operator"))
		return NULL;
	memcpy(token, wanted + begin, end - begin);
	token[end - begin] = 0;
	for (i = 0; i < sizeof(abbreviated) / sizeof(*abbreviated); i++)
		if (!strcmp(token, abbreviated[i]))
			return NULL;
	return token;
}

static struct symbol_match *find_address(struct symbol_search *search, __u64 address)
{
	size_t i;

	for (i = 0; i < search->nr; i++)
		if (search->list[i].address == address)
			return &search->list[i];
	return NULL;
}

/* If an address has several names, that of the present version of the whole function counts. */
static void keep_match(struct symbol_search *search, const struct versioned_name *name, const GElf_Sym *symbol, enum function_match match)
{
	struct symbol_match *known = find_address(search, symbol->st_value);
	bool new = !known;

	if (new && search->nr == SYMBOL_SEARCH_MAX) {
		search->full = true;
		return;
	}
	if (new)
		known = &search->list[search->nr++];
	if (new || (known->old_version && !name->old) || match > known->match) {
		known->old_version = name->old;
		known->match = match;
		snprintf(known->name, sizeof(known->name), "%.200s%s%.40s", name->symbol, !*name->version ? "" : name->old ? "@" : "@@",
			 name->version);
	}
	known->address = symbol->st_value;
	known->size = symbol->st_size ? symbol->st_size : new ? 0 : known->size;
	known->ifunc |= GELF_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC;
}

/* The user may ask for one version: foo@V or foo@@V. */
static enum function_match match_version(const struct versioned_name *name, const char *wanted)
{
	const char *at = strchr(wanted, '@');
	size_t n = at ? (size_t)(at - wanted) : 0;

	if (!n)
		return function_name_match(name->symbol, wanted);
	return strlen(name->symbol) == n && !memcmp(name->symbol, wanted, n) && !strcmp(name->version, at + strspn(at, "@")) ?
	       FUNCTION_WHOLE : FUNCTION_OTHER;
}

static void search_table(struct symbol_search *search, Elf *elf, struct elf_symbols *symbols)
{
	struct symbol_versions versions;
	char buffer[TOKEN_BYTES];
	const char *token = find_token(search->wanted, buffer), *name, *version;
	struct versioned_name split;
	enum function_match match;
	GElf_Sym symbol;
	bool hidden;

	symbol_versions_open(&versions, elf, symbols->section);
	while (elf_symbols_next(symbols, &symbol)) {
		if (!elf_symbols_is_function(&symbol))
			continue;
		search->any = true;
		name = elf_symbols_name(symbols, &symbol);
		if (!name || (token && !strstr(name, token)))
			continue;
		version = symbol_versions_name(&versions, symbols->next - 1, &hidden);
		if (!split_name(&split, name, version, hidden))
			continue;
		match = match_version(&split, search->wanted);
		if (match != FUNCTION_OTHER)
			keep_match(search, &split, &symbol, match);
	}
}

void symbol_search_add(struct symbol_search *search, Elf *elf)
{
	struct elf_symbols symbols = {.elf = elf};

	while (elf_symbols_next_table(&symbols, SHT_NULL, SIZE_MAX))
		search_table(search, elf, &symbols);
}
