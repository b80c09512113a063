"""Attention that gives back colours: cells look them up among hints, a palette, an exemplar or what was learned.

Tensors in, tensors out.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Tokens(NamedTuple):
    """A set of colours that can be looked up.

    Attributes
    ----------
    key : (N, T, D)
    ab : (N, T, 2)
        ab / 110.
    value : (N, T, V)
    mask : (N, T)
        1 = there is a token.
    place : (N, T, 2), optional
        Row and column, 0-1 of the longer side; None where a colour has no place.
    """

    key: Tensor
    ab: Tensor
    value: Tensor
    mask: Tensor
    place: Tensor | None = None


class Lookup(nn.Module):
    """Attention of cells to tokens that gives back their colours, not only features of them.

    Each head answers with the mean ab of what it attends to, and with the share that it looked up at all: a learned
    "none of them" takes the rest, so that far or foreign tokens need not be obeyed. Where tokens have a place, the
    squared distance counts against them, by a factor that each head learns. Distance, mask and "none" are further
    channels of queries and keys, so that the library's fused attention does it all.

    Parameters
    ----------
    inputs : int
        Channels of the cells.
    heads, depth, values : int
        Heads, channels of a key per head, and channels of a value (all heads together).
    placed : bool
        Whether the tokens have a place.
    """

    def __init__(self, inputs: int, *, heads: int, depth: int, values: int, placed: bool) -> None:
        super().__init__()
        if 3 + values // heads > depth + 1:
            raise ValueError(f"a key of {depth} channels is too short for what a token gives: {3 + values // heads}")
        self.heads, self.depth, self.values = heads, depth, values
        self.query = nn.Conv2d(inputs, heads * depth, 1)
        self.none = nn.Parameter(torch.zeros(heads))
        self.slope = nn.Parameter(torch.linspace(0.0, 5.0, heads)) if placed else None
        self.outputs = heads * 3 + values

    def forward(self, cells: Tensor, tokens: Tokens) -> Tensor:
        """(N, inputs, h, w) and tokens to (N, outputs, h, w): per head ab and the share looked up, then its values."""
        return self.find(self.ask(cells), tokens, cells)

    def ask(self, cells: Tensor) -> Tensor:
        """The cells' side of it: queries, (N, heads, h * w, D)."""
        n, _, h, w = cells.shape
        query = self.query(cells).flatten(2).reshape(n, self.heads, self.depth, h * w).transpose(2, 3)
        query = query * self.depth**-0.5
        return torch.cat((query, *self._far(query, h, w)), dim=-1)

    def find(self, query: Tensor, tokens: Tokens, like: Tensor) -> Tensor:
        """What these queries find among tokens; height and width are those of `like`."""
        n, h, w = len(query), *like.shape[-2:]
        key = tokens.key.to(query.dtype).reshape(n, -1, self.heads, self.depth).transpose(1, 2)
        key = F.pad(key, (0, 0, 1, 0))  # the token "none" stands first
        key = torch.cat((key, *self._biases(key, tokens)), dim=-1)
        found = F.scaled_dot_product_attention(query, key, self._answers(tokens, query), scale=1.0)
        parts = found[..., : 3 + self.values // self.heads].transpose(2, 3)
        return parts.reshape(n, self.outputs, h, w)

    def _far(self, query: Tensor, h: int, w: int) -> tuple[Tensor, ...]:
        """Further channels of the queries: a constant, and where tokens have a place, their own place."""
        n, heads, cells, _ = query.shape
        one = query.new_ones(n, heads, cells, 1)
        if self.slope is None:
            return (one,)
        place = cell_places(h, w, query.device).to(query.dtype)[:, None].expand(n, heads, -1, -1)
        return one, place, place.square().sum(dim=-1, keepdim=True)

    def _biases(self, key: Tensor, tokens: Tokens) -> tuple[Tensor, ...]:
        """Further channels of the keys, which meet those of the queries as mask, "none", and -slope * distance ** 2."""
        n, heads, count, _ = key.shape
        masked = F.pad((tokens.mask.to(key.dtype) - 1.0) * 1e4, (1, 0))[:, None].expand(-1, heads, -1)
        none = F.pad(self.none.to(key.dtype).reshape(1, heads, 1), (0, count - 1)).expand(n, -1, -1)
        if self.slope is None or tokens.place is None:
            return ((masked + none)[..., None],)
        slope = (10.0 * F.softplus(self.slope)).to(key.dtype).reshape(1, heads, 1, 1)
        place = F.pad(tokens.place.to(key.dtype), (0, 0, 1, 0))[:, None]
        there = F.pad(torch.ones_like(tokens.mask, dtype=key.dtype), (1, 0))[:, None, :, None]
        nearness = -slope * place.square().sum(dim=-1, keepdim=True) * there
        return (
            (masked + none)[..., None] + nearness,
            2.0 * slope * place * there,
            (-slope * there).expand(n, -1, -1, -1),
        )

    def _answers(self, tokens: Tokens, query: Tensor) -> Tensor:
        """What a token gives: ab, one (so that the share adds up), its values; zeros for "none" and as padding."""
        n, heads, _, width = query.shape
        ab = tokens.ab.to(query.dtype)[:, None].expand(-1, heads, -1, -1)
        one = torch.ones_like(ab[..., :1])
        value = tokens.value.to(query.dtype).reshape(n, -1, heads, self.values // heads).transpose(1, 2)
        parts = torch.cat((ab, one, value), dim=-1)
        return F.pad(parts, (0, width - parts.shape[-1], 1, 0))


def cell_places(height: int, width: int, device: torch.device) -> Tensor:
    """Row and column of each cell's middle over the longer side, (1, height * width, 2)."""
    longest = max(height, width)
    rows = (torch.arange(height, device=device, dtype=torch.float32) + 0.5) / longest
    columns = (torch.arange(width, device=device, dtype=torch.float32) + 0.5) / longest
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).reshape(1, -1, 2)
