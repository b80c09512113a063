"""Work in bands: everything once, errors come through, nobody waits for a helper that has not begun."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from handtint.color.bands import Helpers, aside, in_bands


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


@pytest.mark.parametrize("failing", ["caller", "helper"])
def test_an_error_of_either_thread_comes_through(failing: str) -> None:
    caller, both = threading.get_ident(), threading.Barrier(2)

    def work(band: slice) -> None:
        both.wait(timeout=30)
        if (threading.get_ident() == caller) == (failing == "caller"):
            raise ZeroDivisionError

    helpers = Helpers(1)
    with pytest.raises(ZeroDivisionError):
        helpers.run([slice(0, 1), slice(1, 2)], work)
    helpers.close()


def test_a_helper_that_is_busy_elsewhere_is_not_waited_for() -> None:
    helpers, begun, go_on = Helpers(1), threading.Event(), threading.Event()
    caller = threading.get_ident()

    def wait(band: slice) -> None:
        if threading.get_ident() != caller:
            begun.set()
            assert go_on.wait(30)
        else:
            begun.wait(30)

    def meanwhile() -> None:
        begun.wait(30)
        helpers.run([slice(0, 1), slice(1, 2)], lambda band: done.append(band.start))
        go_on.set()

    done: list[int] = []
    other = threading.Thread(target=meanwhile)
    other.start()
    helpers.run([slice(0, 1), slice(1, 2)], wait)
    other.join(30)
    assert done == [0, 1]
    helpers.close()


def test_bands_within_bands() -> None:
    done = np.zeros((8, 8), int)

    def row(rows: slice) -> None:
        def pixel(columns: slice) -> None:
            done[rows, columns] += 1

        in_bands(8, 1, pixel)

    in_bands(8, 1, row)
    assert (done == 1).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_helpers_of_its_own() -> None:
    in_bands(4, 1, lambda band: None)
    child = os.fork()
    if child == 0:
        met = threading.Barrier(2)
        try:
            in_bands(2, 1, lambda band: met.wait(timeout=30))  # needs both threads
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_something_goes_on_beside() -> None:
    both = threading.Barrier(2)

    def work() -> int:
        both.wait(30)
        return threading.get_ident()

    result = aside(work)
    both.wait(30)
    assert result() != threading.get_ident()


def test_what_no_helper_has_begun_is_done_by_who_asks() -> None:
    helpers, go_on = Helpers(1), threading.Event()
    busy = helpers.aside(lambda: go_on.wait(30))
    assert helpers.aside(threading.get_ident)() == threading.get_ident()
    go_on.set()
    assert busy()
    helpers.close()


def test_an_error_beside_comes_with_the_result() -> None:
    result = aside(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        result()
