# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A small decoder-only transformer with random weights that are kept in a file."""
import math
import os

import torch
from torch import nn
from torch.nn import functional as F

VOCABULARY = 2048
WIDTH = 128
LAYERS = 4
HEADS = 4
CONTEXT = 256


class Block(nn.Module):
    """Attention over all previous tokens, then a feed-forward layer."""

    def __init__(self):
        super().__init__()
        self.norm_attention, self.norm_forward = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def attend(self, x, past):
        q, k, v = (part.view(-1, HEADS, WIDTH // HEADS).transpose(0, 1) for part in self.qkv(x).chunk(3, dim=-1))
        if past is not None:
            k, v = torch.cat([past[0], k], dim=1), torch.cat([past[1], v], dim=1)
        scores = q @ k.transpose(1, 2) / math.sqrt(WIDTH // HEADS)
        later = torch.ones(scores.shape[1:], dtype=torch.bool).triu(1 + k.shape[1] - q.shape[1])
        weights = scores.masked_fill(later, -math.inf).softmax(dim=-1)
        return self.out((weights @ v).transpose(0, 1).reshape(-1, WIDTH)), (k, v)

    def forward(self, x, past):
        attended, past = self.attend(self.norm_attention(x), past)
        x = x + attended
        return x + self.down(F.gelu(self.up(self.norm_forward(x)))), past


class LanguageModel(nn.Module):
    """Token ids -> logits of the token that follows the last one, and the keys and values to go on from."""

    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, ids, past=None):
        start = past[0][0].shape[1] if past else 0
        x = self.tokens(torch.tensor(ids)) + self.positions(torch.arange(start, start + len(ids)))
        state = []
        for i, block in enumerate(self.blocks):
            x, kept = block(x, past[i] if past else None)
            state.append(kept)
        return self.norm(x[-1]) @ self.tokens.weight.T, state


def save_random(path, seed):
    """Writes weights that depend on the seed alone, and drops them from the page cache, so that loading reads the disk."""
    torch.manual_seed(seed)
    with open(path, "wb") as file:
        torch.save(LanguageModel().state_dict(), file)
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def load(path):
    model = LanguageModel()
    model.load_state_dict(torch.load(path))
    return model.eval()
