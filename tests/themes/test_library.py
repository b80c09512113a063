"""What is learned of textures: the colors that were on them, and what is nearest to a new one."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.errors import WeightsError
from handtint.themes import library as module
from handtint.themes.library import CELL, CELLS, FloatArray, ThemeLibrary, cell_centers, cells, learn, load_library
from handtint.themes.texture import describe
from handtint.weights import Entry, find

SKY, GRASS = (-5.0, -30.0), (-25.0, 35.0)


def landscape(seed: int) -> FloatArray:
    """(3, 96, 96) Lab: a smooth bright blue above a rough dark green."""
    rng = np.random.default_rng(seed)
    lab = np.empty((3, 96, 96), np.float32)
    lab[0, :48], lab[0, 48:] = 80.0, 35.0 + rng.normal(0.0, 8.0, (48, 96))
    lab[1:, :48], lab[1:, 48:] = np.array(SKY)[:, None, None], np.array(GRASS)[:, None, None]
    return lab


@pytest.fixture(scope="module")
def learned() -> ThemeLibrary:
    return learn((landscape(seed) for seed in range(6)), textures=4)


def test_cells_tile_the_plane_and_hold_their_centers() -> None:
    assert np.array_equal(cells(cell_centers().T), np.arange(CELLS))
    assert cells(np.array([[0.1, -0.1, 500.0], [0.1, -0.1, -500.0]])).tolist() == [55, 44, 90]
    assert np.abs(cell_centers()).max() == pytest.approx(4.5 * CELL)


def test_each_texture_has_the_colors_that_were_on_it(learned: ThemeLibrary) -> None:
    assert learned.shares.sum(axis=1) == pytest.approx(np.ones(len(learned.shares)), abs=1e-5)
    new = landscape(99)
    regions = describe(new[0])
    top, bottom = regions.labels[20, 40], regions.labels[80, 40]
    for segment, wanted in ((top, SKY), (bottom, GRASS)):
        texture = learned.nearest(regions.features[[segment]])[0]
        cell = int(learned.shares[texture].argmax())
        assert learned.shares[texture, cell] > 0.8
        assert learned.colors[texture, cell] == pytest.approx(wanted, abs=0.5)


def test_a_cell_where_nothing_was_seen_has_its_middle(learned: ThemeLibrary) -> None:
    unseen = learned.shares == 0
    assert unseen.any()
    middles = np.broadcast_to(cell_centers(), learned.colors.shape)
    assert np.array_equal(learned.colors[unseen], middles[unseen])


def test_the_same_pictures_give_the_same_library(learned: ThemeLibrary) -> None:
    again = learn((landscape(seed) for seed in range(6)), textures=4)
    assert all(np.allclose(getattr(learned, name), getattr(again, name), atol=1e-3) for name in vars(learned))


def test_the_shipped_library_is_whole() -> None:
    library = load_library()
    assert len(library.centers) > 100
    assert library.shares.shape == (len(library.centers), CELLS)
    assert library.shares.sum(axis=1) == pytest.approx(np.ones(len(library.centers)), abs=1e-3)
    assert np.abs(library.colors).max() < 128.0


def test_missing_and_foreign_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = find("global_local")
    assert other is not None
    monkeypatch.setattr(module, "find", lambda name: None)
    with pytest.raises(WeightsError, match="not installed"):
        load_library()
    foreign = Entry(**{name: getattr(other, name) for name in Entry.__dataclass_fields__})
    monkeypatch.setattr(module, "find", lambda name: foreign)
    with pytest.raises(WeightsError, match="GlobalLocalNet"):
        load_library()
