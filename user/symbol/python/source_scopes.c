// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * source_scopes.c - the functions and classes in a Python source, by indentation.
 *
 * Only as much of the language is parsed as is needed to know where a statement begins: strings, brackets, comments and
 * continued lines.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "symbol/python/source_scopes.h"

#define MAX_DEPTH 64
#define MAX_QUALNAME 512
#define TAB 8

struct source_scope {
	int indent;
	bool function;
	size_t length;		/* of the qualname up to this scope */
};

struct source_parser {
	const char *at, *end;
	__u32 line;
	__u32 decorator;	/* line of the first decorator of the next definition; 0: none */
	int depth;
	struct source_scope scopes[MAX_DEPTH];
	char qualname[MAX_QUALNAME];
};

static char peek_char(const struct source_parser *p, size_t ahead)
{
	return (size_t)(p->end - p->at) > ahead ? p->at[ahead] : 0;
}

static void advance(struct source_parser *p)
{
	if (p->at < p->end && *p->at++ == '\n')
		p->line++;
}

static void skip_comment(struct source_parser *p)
{
	while (p->at < p->end && *p->at != '\n')
		p->at++;
}

static bool is_triple(const struct source_parser *p, char quote)
{
	return peek_char(p, 0) == quote && peek_char(p, 1) == quote && peek_char(p, 2) == quote;
}

static void skip_string(struct source_parser *p)
{
	char quote = *p->at;
	bool triple = is_triple(p, quote);

	p->at += triple ? 3 : 1;
	while (p->at < p->end) {
		if (*p->at == '\\') {
			advance(p);
			advance(p);
		} else if (triple ? is_triple(p, quote) : *p->at == quote || *p->at == '\n') {
			break;
		} else {
			advance(p);
		}
	}
	if (p->at < p->end && *p->at == quote)
		p->at += triple ? 3 : 1;
}

/* Skips the rest of a statement, up to the beginning of the next line that is not a part of it. */
static void skip_statement(struct source_parser *p)
{
	int brackets = 0;

	while (p->at < p->end) {
		char c = *p->at;

		if (c == '#') {
			skip_comment(p);
			continue;
		}
		if (c == '"' || c == '\'') {
			skip_string(p);
			continue;
		}
		if (c == '\\')
			advance(p);
		brackets += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
		advance(p);
		if (c == '\n' && brackets <= 0)
			return;
	}
}

/* Skips blank lines and comments. Returns the indentation of the next statement; -1: there is none. */
static int next_indent(struct source_parser *p)
{
	int indent = 0;

	for (; p->at < p->end; advance(p)) {
		char c = *p->at;

		if (c == '#')
			skip_comment(p);
		c = peek_char(p, 0);
		if (c == '\n' || c == '\r' || c == '\f')
			indent = 0;
		else if (c == '\t')
			indent += TAB - indent % TAB;
		else if (c == ' ')
			indent++;
		else if (c)
			return indent;
	}
	return -1;
}

/* Skips a word and the spaces behind it. Returns false if the text does not begin with it. */
static bool take_word(struct source_parser *p, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(p->end - p->at) <= n || memcmp(p->at, word, n) || (p->at[n] != ' ' && p->at[n] != '\t'))
		return false;
	for (p->at += n; p->at < p->end && (*p->at == ' ' || *p->at == '\t'); p->at++)
		;
	return true;
}

static size_t identifier_length(const struct source_parser *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)peek_char(p, n)) || peek_char(p, n) == '_' || peek_char(p, n) & 0x80)
		n++;
	return n;
}

/* Appends the name at hand to the qualname, as a scope. Returns false if there is no room. */
static bool open_scope(struct source_parser *p, int indent, bool function)
{
	const struct source_scope *outer = p->depth ? &p->scopes[p->depth - 1] : NULL;
	size_t at = outer ? outer->length : 0, n = identifier_length(p);
	const char *joint = !outer ? "" : outer->function ? ".<locals>." : ".";
	int length;

	if (!n || n >= MAX_QUALNAME || p->depth == MAX_DEPTH)
		return false;
	length = snprintf(p->qualname + at, sizeof(p->qualname) - at, "%s%.*s", joint, (int)n, p->at);
	if (length < 0 || at + (size_t)length >= sizeof(p->qualname))
		return false;
	p->scopes[p->depth++] = (struct source_scope){indent, function, at + (size_t)length};
	return true;
}

static void close_scopes(struct source_parser *p, int indent)
{
	while (p->depth && p->scopes[p->depth - 1].indent >= indent)
		p->depth--;
}

void source_scopes_each(const char *text, size_t bytes, bool (*visit)(void *ctx, __u32 first_line, const char *qualname), void *ctx)
{
	struct source_parser p = {.at = text, .end = text + bytes, .line = 1};
	int indent;

	if (bytes >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		p.at += 3;
	while ((indent = next_indent(&p)) >= 0) {
		__u32 line = p.decorator ? p.decorator : p.line;
		bool is_class, is_function;

		close_scopes(&p, indent);
		is_class = take_word(&p, "class");
		is_function = !is_class && ((take_word(&p, "async") && take_word(&p, "def")) || take_word(&p, "def"));
		if (peek_char(&p, 0) == '@' && !is_class && !is_function)
			p.decorator = line;
		else
			p.decorator = 0;
		if ((is_class || is_function) && (!open_scope(&p, indent, is_function) || !visit(ctx, line, p.qualname)))
			return;
		skip_statement(&p);
	}
}
