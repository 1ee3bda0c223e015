// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * search_trees.c - the search trees of elfutils 0.192, which Debian 13's libdw.a and libelf.a call and do not have.
 *
 * Elfutils keeps them in a library that is part of its shared ones and of no package. A tree there begins with the root of a tree of
 * <search.h>; a lock may follow. This program reads debug information in one thread, so the lock is not taken. Where the
 * archives have these functions, theirs are used.
 */
#include <search.h>
#include <stddef.h>

struct search_tree {
	void *root;
};

#define WEAK __attribute__((weak))

WEAK void eu_search_tree_init(struct search_tree *tree);
WEAK void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *));
WEAK void eu_tdestroy(struct search_tree *tree, void (*free_node)(void *));
WEAK void *eu_tsearch(const void *key, struct search_tree *tree, int (*compare)(const void *, const void *));
WEAK void *eu_tfind(const void *key, struct search_tree *tree, int (*compare)(const void *, const void *));
WEAK void *eu_tdelete(const void *key, struct search_tree *tree, int (*compare)(const void *, const void *));

void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

void eu_tdestroy(struct search_tree *tree, void (*free_node)(void *))
{
	tdestroy(tree->root, free_node);
	tree->root = NULL;
}

void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *))
{
	eu_tdestroy(tree, free_node);
}

void *eu_tsearch(const void *key, struct search_tree *tree, int (*compare)(const void *, const void *))
{
	return tsearch(key, &tree->root, compare);
}

void *eu_tfind(const void *key, struct search_tree *tree, int (*compare)(const void *, const void *))
{
	return tfind(key, &tree->root, compare);
}

void *eu_tdelete(const void *key, struct search_tree *tree, int (*compare)(const void *, const void *))
{
	return tdelete(key, &tree->root, compare);
}
