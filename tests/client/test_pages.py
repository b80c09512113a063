"""Memory for pixels: zeros to write to, small and large, for as long as the view is held."""

from __future__ import annotations

import gc

import pytest

from handtint.client.pages import pages


@pytest.mark.parametrize("size", [1, (1 << 20) - 1, 1 << 20, (5 << 20) + 3])
def test_zeros_that_take_what_is_written(size):
    data = pages(size)
    assert (data.nbytes, data.format, data.readonly) == (size, "B", False)
    assert data.tobytes() == bytes(size)
    data[-1] = 7
    kept = data[size - 1 :]
    del data
    gc.collect()
    assert kept.tobytes() == b"\7"
