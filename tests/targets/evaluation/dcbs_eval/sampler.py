# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Deterministic category-based sampling: the likeliest token of the likeliest group of like tokens.

The n likeliest tokens are clustered by their embeddings. The cluster that holds the most probability
is chosen, and in it the token that holds the most.
"""
import time
from collections import OrderedDict

import torch

TOP_N = 48
CLUSTERS = 6
ITERATIONS = 8
EMBEDDINGS_KEPT = 192
CLUSTERINGS_KEPT = 160


class LruCache:
    """Keeps the `room` values that were used last; records every look-up."""

    def __init__(self, recorder, room):
        self._recorder, self._room = recorder, room
        self._values, self._bytes = OrderedDict(), 0

    def get(self, key, compute):
        start = time.perf_counter()
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
            self._recorder.hit(time.perf_counter() - start)
            return value
        value = compute()
        self._recorder.miss(time.perf_counter() - start)
        self._keep(key, value)
        return value

    def _keep(self, key, value):
        self._values[key] = value
        self._bytes += value.nelement() * value.element_size()
        if len(self._values) > self._room:
            _, oldest = self._values.popitem(last=False)
            self._bytes -= oldest.nelement() * oldest.element_size()
        self._recorder.size(self._bytes)


def k_means(points, k):
    """Returns the cluster of each point. Starts from the first point and those farthest from all chosen: no randomness."""
    centres = points[:1]
    for _ in range(min(k, len(points)) - 1):
        distance = torch.cdist(points, centres).min(dim=1).values
        centres = torch.cat([centres, points[distance.argmax()][None]])
    for _ in range(ITERATIONS):
        nearest = torch.cdist(points, centres).argmin(dim=1)
        sums = torch.zeros_like(centres).index_add(0, nearest, points)
        sizes = torch.bincount(nearest, minlength=len(centres))[:, None]
        centres = torch.where(sizes > 0, sums / sizes.clamp(min=1), centres)
    return torch.cdist(points, centres).argmin(dim=1)


class Sampler:
    """Chooses tokens for one model; `account` marks and measures."""

    def __init__(self, embeddings, account):
        self._embeddings, self._account = embeddings, account
        self._rows = LruCache(account.cache("embeddings"), EMBEDDINGS_KEPT)
        self._clusterings = LruCache(account.cache("clusters"), CLUSTERINGS_KEPT)

    def _row(self, token):
        return self._rows.get(token, lambda: torch.nn.functional.normalize(self._embeddings[token], dim=0))

    def _cluster(self, rows):
        with self._account.section("clustering"):
            return k_means(rows, min(CLUSTERS, max(2, len(rows) // 2)))

    def choose(self, logits, allowed=None):
        """A token id; of `allowed` only, if given."""
        with self._account.section("sampling"):
            candidates = torch.topk(logits, TOP_N).indices if allowed is None else torch.tensor(allowed)
            tokens = tuple(sorted(candidates.tolist()))
            shares = logits.softmax(dim=0)[list(tokens)]
            rows = torch.stack([self._row(token) for token in tokens])
            clusters = self._clusterings.get(tokens, lambda: self._cluster(rows))
            mass = torch.zeros(int(clusters.max()) + 1).index_add(0, clusters, shares)
            inside = shares.masked_fill(clusters != mass.argmax(), -1)
            return tokens[int(inside.argmax())]
