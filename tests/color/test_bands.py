"""Work in bands: everything once, errors come through."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.color.bands import in_bands


@pytest.mark.parametrize(("length", "step"), [(10, 3), (10, 10), (1, 5), (0, 5), (1000, 7)])
def test_everything_is_done_once(length: int, step: int) -> None:
    done = np.zeros(length, int)

    def work(band: slice) -> None:
        done[band] += 1

    in_bands(length, step, work)
    assert (done == 1).all()


def test_an_error_comes_through() -> None:
    def work(band: slice) -> None:
        if band.start == 6:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_bands(10, 2, work)
