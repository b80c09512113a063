"""Moves between distributions whose answer is known by hand."""

from __future__ import annotations

import numpy as np

from handtint.color.transport import linear_move, move_to_palette, move_to_picture

FloatArray = np.ndarray


def test_a_linear_move_gives_the_covariance_that_is_wanted() -> None:
    spread, wanted = np.array([[4.0, 0.0], [0.0, 9.0]]), np.array([[16.0, 6.0], [6.0, 9.0]])
    move = linear_move(spread, wanted)
    assert np.allclose(move @ spread @ move.T, wanted)
    assert np.allclose(move, move.T)
    assert np.allclose(linear_move(spread, 4 * spread), 2 * np.eye(2))


def picture() -> FloatArray:
    """A grayish picture, (2, 20, 40): a quarter a little red, the rest a little blue, with some noise."""
    ab = np.zeros((2, 20, 40), np.float32)
    ab[0, :, :10], ab[1, :, 10:] = 6.0, -6.0
    noise = np.random.default_rng(0).normal(0.0, 0.5, ab.shape)
    return np.asarray(ab + noise, np.float32)


EVERYWHERE = np.ones((20, 40), bool)
PALETTE = np.array([[0.0, -40.0], [50.0, 20.0]], np.float32)


def test_each_part_gets_the_color_that_it_leans_to() -> None:
    moved = move_to_palette(picture(), PALETTE, np.array([0.75, 0.25], np.float32), EVERYWHERE)
    # The linear map gains three times at most, so it stops on the way; the colors are 78 units apart.
    assert np.allclose(moved[:, :, :10].mean(axis=(1, 2)), PALETTE[1], atol=15.0)
    assert np.allclose(moved[:, :, 10:].mean(axis=(1, 2)), PALETTE[0], atol=15.0)
    # The order of the palette is that of its shares, not of the answer.
    turned = move_to_palette(picture(), PALETTE[::-1].copy(), np.array([0.25, 0.75], np.float32), EVERYWHERE)
    assert np.allclose(turned, moved, atol=1e-3)


def test_the_colors_are_used_as_much_as_their_shares_say() -> None:
    for share in (0.25, 0.5):
        weights = np.array([1.0 - share, share], np.float32)
        moved = move_to_palette(picture(), PALETTE, weights, EVERYWHERE)
        assert np.allclose(moved.mean(axis=(1, 2)), weights @ PALETTE, atol=3.0)


def test_one_color_makes_one_tone_and_a_neutral_one_gray() -> None:
    one = move_to_palette(picture(), PALETTE[1:], np.ones(1, np.float32), EVERYWHERE)
    assert np.abs(one - PALETTE[1][:, None, None]).max() < 4.0
    gray = move_to_palette(picture(), np.zeros((1, 2), np.float32), np.ones(1, np.float32), EVERYWHERE)
    assert np.abs(gray).max() < 4.0


def test_what_is_not_counted_does_not_take_a_share() -> None:
    """The red quarter is left out: the rest alone is split between the two colors."""
    counted = EVERYWHERE.copy()
    counted[:, :10] = False
    ab = picture()
    ab[0, :, 25:] += 8.0
    moved = move_to_palette(ab, PALETTE, np.array([0.5, 0.5], np.float32), counted)
    assert np.allclose(moved[:, :, 25:].mean(axis=(1, 2)), PALETTE[1], atol=15.0)
    assert np.allclose(moved[:, :, 10:25].mean(axis=(1, 2)), PALETTE[0], atol=15.0)


def test_a_picture_takes_on_the_colors_of_another_and_keeps_its_order() -> None:
    """Dark, middle and bright columns, a little colored already; the other has them in three strong colors."""
    picture, other = np.zeros((3, 20, 30), np.float32), np.zeros((3, 10, 9), np.float32)
    for column, (lightness, weak, strong) in enumerate(
        ((20.0, (-3.0, -3.0), (-30.0, -20.0)), (50.0, (0.0, 1.0), (0.0, 10.0)), (80.0, (3.0, 2.0), (30.0, 25.0)))
    ):
        picture[:, :, 10 * column : 10 * column + 10] = np.array((lightness, *weak))[:, None, None]
        other[:, :, 3 * column : 3 * column + 3] = np.array((lightness, *strong))[:, None, None]
    moved = move_to_picture(picture, other)
    for column, strong in enumerate(((-30.0, -20.0), (0.0, 10.0), (30.0, 25.0))):
        assert np.linalg.norm(moved[:, 5, 10 * column + 5] - strong) < 9.0
    assert np.allclose(moved.mean(axis=(1, 2)), other[1:].mean(axis=(1, 2)), atol=2.0)


def test_a_picture_moved_to_itself_stays() -> None:
    rng = np.random.default_rng(0)
    lab = np.asarray(rng.normal((50.0, 5.0, -5.0), (20.0, 15.0, 10.0), (40, 40, 3)).transpose(2, 0, 1), np.float32)
    assert np.abs(move_to_picture(lab, lab) - lab[1:]).mean() < 1.0


def test_an_even_picture_and_a_single_pixel_are_moved_to_the_mean() -> None:
    even = np.full((3, 8, 8), 50.0, np.float32)
    red = np.broadcast_to(np.array((40.0, 30.0, 20.0), np.float32)[:, None, None], (3, 5, 5))
    for picture in (even, np.ascontiguousarray(even[:, :1, :1])):
        assert np.allclose(move_to_picture(picture, red), red[1:, :1, :1], atol=0.01)
