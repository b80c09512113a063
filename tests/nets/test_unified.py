"""The unified network: what each part looks up, and that missing guidance cannot be seen."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from handtint.nets.lookup import Lookup, Tokens, cell_places
from handtint.nets.unified import (
    SPREADS,
    STRIDE,
    Gray,
    Marks,
    UnifiedNet,
    cell_marks,
    compose,
    painted_cells,
)


@pytest.fixture(scope="module")
def net() -> UnifiedNet:
    torch.manual_seed(0)
    net = UnifiedNet(width=16, light=16, priors=4)
    torch.nn.init.normal_(net.out.weight, std=0.3)
    torch.nn.init.normal_(net.classes.weight)
    return net.eval()


def no_marks(shape: tuple[int, int], n: int = 1) -> Marks:
    h, w = shape
    ab, mask, spread, arrived = (torch.zeros(n, count, h, w) for count in (2, 1, 2 * SPREADS, SPREADS))
    return Marks(ab, mask, spread, arrived)


class Parts:
    """Everything that the light part takes, for one random gray picture; nothing is given."""

    def __init__(self, net: UnifiedNet, shape: tuple[int, int]) -> None:
        generator = torch.Generator().manual_seed(1)
        self.gray: Gray = net.encode(torch.randn(1, 1, *shape, generator=generator))
        self.marks = no_marks(shape)
        self.hints = net.hint_tokens(self.gray, *painted_cells(self.marks, 5))
        self.palette = net.palette_tokens(torch.zeros(1, 7, 2), torch.zeros(1, 7))
        small = torch.randn(1, 1, 32, 32, generator=generator)
        self.exemplar = net.look_at(small, torch.zeros(1, 2, 32, 32), torch.zeros(1))
        self.semantic = torch.zeros(1, shape[0] // 8, shape[1] // 8, dtype=torch.long)

    def answer(self, net: UnifiedNet, **changed: object) -> Tensor:
        parts = {**vars(self), **changed}
        with torch.inference_mode():
            ab: Tensor = net(**parts).ab
        return ab


@pytest.mark.parametrize("shape", [(STRIDE, 3 * STRIDE), (64, 48)])
def test_shapes(net: UnifiedNet, shape: tuple[int, int]) -> None:
    parts = Parts(net, shape)
    with torch.inference_mode():
        colors = net(**vars(parts))
    assert colors.ab.shape == (1, 2, *shape)
    assert colors.bins.shape == (1, 313, shape[0] // 4, shape[1] // 4)
    assert colors.ab.abs().max() <= 1.0


def test_every_kind_of_guidance_changes_the_answer(net: UnifiedNet) -> None:
    parts = Parts(net, (32, 48))
    plain = parts.answer(net)
    hint = no_marks((32, 48))
    hint.ab[:, 0, 8:12, 8:12], hint.mask[..., 8:12, 8:12] = 0.5, 1.0
    small = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(2))
    changes = {
        "hints": net.hint_tokens(parts.gray, *painted_cells(hint, 5)),
        "marks": hint,
        "palette": net.palette_tokens(torch.full((1, 7, 2), 0.4), torch.tensor([[1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]])),
        "exemplar": net.look_at(small, torch.full((1, 2, 32, 32), 0.3), torch.ones(1)),
        "semantic": torch.full_like(parts.semantic, 3),
    }
    for name, value in changes.items():
        assert (parts.answer(net, **{name: value}) - plain).abs().max() > 1e-3, name


def test_what_is_not_there_cannot_be_seen(net: UnifiedNet) -> None:
    parts = Parts(net, (32, 48))
    plain = parts.answer(net)
    noise = torch.randn(1, 7, 2, generator=torch.Generator().manual_seed(3))
    assert torch.equal(parts.answer(net, palette=net.palette_tokens(noise, torch.zeros(1, 7))), plain)
    marks = no_marks((32, 48))
    marks.ab[:] = 0.7  # colour without a mark
    assert torch.equal(parts.answer(net, marks=marks), plain)
    hints = net.hint_tokens(parts.gray, *painted_cells(marks, 5))
    assert torch.equal(parts.answer(net, hints=hints), plain)


def lookup(*, placed: bool) -> Lookup:
    """One whose queries are zero: nothing but place, mask and "none" decides."""
    part = Lookup(4, heads=2, depth=6, values=4, placed=placed)
    torch.nn.init.zeros_(part.query.weight)
    assert part.query.bias is not None
    torch.nn.init.zeros_(part.query.bias)
    return part.eval()


def tokens(ab: list[tuple[float, float]], mask: list[float], place: list[tuple[float, float]] | None = None) -> Tokens:
    count = len(ab)
    places = None if place is None else torch.tensor([place])
    return Tokens(torch.zeros(1, count, 12), torch.tensor([ab]), torch.ones(1, count, 4), torch.tensor([mask]), places)


def test_colors_are_shared_with_none_of_them() -> None:
    with torch.inference_mode():
        found = lookup(placed=False)(torch.zeros(1, 4, 2, 3), tokens([(0.6, 0.0), (0.0, 0.3), (9.0, 9.0)], [1, 1, 0]))
    assert found.shape == (1, 2 * 3 + 4, 2, 3)
    # Two tokens and "none" weigh a third each; the third token is not there.
    head = found[0, :5, 0, 0]
    assert torch.allclose(head, torch.tensor([0.2, 0.1, 2 / 3, 2 / 3, 2 / 3]), atol=1e-5)


def test_without_tokens_nothing_is_found() -> None:
    with torch.inference_mode():
        found = lookup(placed=False)(torch.zeros(1, 4, 2, 3), tokens([(0.6, 0.0)], [0.0]))
    assert found.abs().max() == 0.0


def test_near_tokens_count_more() -> None:
    part = lookup(placed=True)
    assert part.slope is not None
    with torch.inference_mode():
        part.slope.fill_(30.0)
        part.none.fill_(-1e3)
        corners = [(0.125, 0.125), (0.875, 0.875)]
        found = part(torch.zeros(1, 4, 4, 4), tokens([(1.0, 0.0), (0.0, 1.0)], [1.0, 1.0], corners))
    assert torch.allclose(found[0, :2, 0, 0], torch.tensor([1.0, 0.0]), atol=1e-4)
    assert torch.allclose(found[0, :2, 3, 3], torch.tensor([0.0, 1.0]), atol=1e-4)
    assert torch.allclose(found[0, :2, 0, 3], torch.tensor([0.5, 0.5]), atol=1e-4)


def test_the_bias_is_minus_the_slope_times_the_squared_distance() -> None:
    part = lookup(placed=True)
    assert part.slope is not None
    with torch.inference_mode():
        part.slope.zero_()
        place = (0.3, 0.8)
        found = part(torch.zeros(1, 4, 2, 2), tokens([(1.0, 0.0)], [1.0], [place]))
        squared = (cell_places(2, 2, torch.device("cpu"))[0] - torch.tensor(place)).square().sum(dim=1)
        expected = torch.sigmoid(-10.0 * torch.nn.functional.softplus(torch.zeros(())) * squared)
    assert torch.allclose(found[0, 0].flatten(), expected, atol=1e-5)


def test_painted_cells_are_found_with_their_colors() -> None:
    marks = no_marks((16, 24))
    marks.ab[:, 0], marks.ab[:, 1] = 0.9, -0.9
    marks.mask[..., 8:10, 17:19] = 1.0  # in the cell of row 1, column 2
    marks.ab[:, 0, 8:10, 17], marks.ab[:, 0, 8:10, 18] = 0.2, 0.4
    ab, cells, mask = painted_cells(marks, 4)
    assert mask.tolist() == [[1.0, 0.0, 0.0, 0.0]]
    assert cells[0, 0] == 5
    assert torch.allclose(ab[0, 0], torch.tensor([0.3, -0.9]))


def test_spread_hints_are_weighed_in_where_they_arrive() -> None:
    marks = no_marks((4, 4))
    marks.spread[:, 0], marks.spread[:, 2] = 0.9, 0.3
    marks.arrived[:, 0, :, :2] = 0.5
    marks.arrived[:, 1] = 1.0
    ab = compose(torch.zeros(1, 3 + SPREADS, 4, 4), marks)  # equal weights, the network's own colour gray
    assert torch.allclose(ab[0, 0, :, :2], torch.tensor((0.9 + 0.3) / 3))
    assert torch.allclose(ab[0, 0, :, 2:], torch.tensor(0.3 / 3))
    assert ab[0, 1].abs().max() == 0.0


def test_cells_see_the_mean_painted_color_and_the_most_paint() -> None:
    marks = no_marks((4, 8))
    marks.ab[:, 1], marks.mask[..., 0, 0] = -0.5, 1.0
    seen = cell_marks(marks)
    assert seen.shape == (1, 3 + 3 * SPREADS, 1, 2)
    assert torch.allclose(seen[0, :3, 0, 0], torch.tensor([0.0, -0.5, 1.0]))
    assert seen[0, :, 0, 1].abs().max() == 0.0


def test_the_parts_of_a_sum_are_those_of_the_whole(net: UnifiedNet) -> None:
    parts = Parts(net, (32, 48))
    wide, cells = parts.gray.wide, parts.gray.cells
    with torch.inference_mode():
        known = net.know(parts.gray, parts.palette, parts.exemplar, parts.semantic)
        found = torch.randn(1, net.at_hints.outputs, *wide.shape[-2:])
        others = (net.at_palette(wide, parts.palette), net.at_exemplar(wide, parts.exemplar))
        priors = Tokens(net.prior_key[None], net.prior_ab[None], net.prior_value[None], torch.ones(1, 4))
        classes = net.classes(parts.semantic).permute(0, 3, 1, 2)
        whole = net.mix_wide(torch.cat((wide, found, *others, net.at_priors(wide, priors), classes), dim=1))
        of_hints = net.mix_wide.weight[:, wide.shape[1] : wide.shape[1] + found.shape[1]]
        torch.testing.assert_close(known.far + F.conv2d(found, of_hints), whole)
        marks = torch.randn(1, 3 + 3 * SPREADS, *cells.shape[-2:])
        whole = net.mix_cells(torch.cat((cells, marks, parts.gray.pixels), dim=1))
        of_marks = net.mix_cells.weight[:, cells.shape[1] : cells.shape[1] + marks.shape[1]]
        torch.testing.assert_close(known.near + F.conv2d(marks, of_marks), whole)


def test_tokens_that_nobody_painted_need_not_be_there(net: UnifiedNet) -> None:
    parts = Parts(net, (32, 48))
    parts.marks.mask[..., 4:20, 8:30] = 1.0
    parts.marks.ab[:] = 0.3
    ab, cells, mask = painted_cells(parts.marks, 24)
    painted = int(mask.sum())
    assert 0 < painted < 24
    all_of_them = parts.answer(net, hints=net.hint_tokens(parts.gray, ab, cells, mask))
    few = net.hint_tokens(parts.gray, ab[:, :painted], cells[:, :painted], mask[:, :painted])
    torch.testing.assert_close(parts.answer(net, hints=few), all_of_them)
