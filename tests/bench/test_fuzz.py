"""The short form of the fuzzing: the kept corpus and a small assault on a real engine; and that a target can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from handtint.bench import fuzz_targets
from handtint.bench.bad_bytes import live_row
from handtint.bench.fuzz import fuzz, pack_corpus, read_corpus, write_corpus
from handtint.bench.fuzz_targets import TARGETS, Broken, join, seeds, split
from handtint.bench.reliability import Effort
from handtint.wire import messages as m
from handtint.wire.codec import encode

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_of_the_corpus_breaks_a_target(target: str) -> None:
    inputs = (*read_corpus(CORPUS / f"{target}.txt"), *seeds(target))
    outcomes = {TARGETS[target](data) for data in inputs}
    assert len(outcomes) >= 3, "the corpus reaches too little"


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_a_target_runs_in_the_fuzzer(target: str, tmp_path: Path) -> None:
    """What is instrumented must still run: compiled loops do not, and have to be imported before."""
    pytest.importorskip("atheris")
    found = fuzz(target, tmp_path / target, inputs=500, seed=1)
    assert found.crash == ""
    assert found.inputs >= 500
    assert found.covered > 100


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_a_cut_input_is_one_too(cut: int) -> None:
    for target, run in TARGETS.items():
        run(seeds(target)[1][:cut])


def test_an_input_is_the_frames_that_it_was_made_of() -> None:
    for message in fuzz_targets.honest_messages():
        frames = [bytes(frame) for frame in encode(message)]
        assert split(join(frames)) == frames


def test_a_refusal_without_a_known_code_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_targets, "CODES", {"protocol"})
    with pytest.raises(Broken, match="bad_request"):
        fuzz_targets.read_message(b"\x00\x80")


def test_an_engine_that_fails_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr("handtint.server.service.Service.answer", fail)
    request = next(each for each in fuzz_targets.honest_messages() if isinstance(each, m.ExtractPalette))
    with pytest.raises(Broken, match="ended in internal"):
        fuzz_targets.ask_engine(join([bytes(frame) for frame in encode(request)]))


def test_a_corpus_is_packed_and_read(tmp_path: Path) -> None:
    write_corpus(tmp_path / "folder", [b"two", b"", b"two", b"one"])
    assert pack_corpus(tmp_path / "folder", tmp_path / "packed.txt") == 3
    assert read_corpus(tmp_path / "packed.txt") == [b"", b"one", b"two"]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_a_running_engine_bears_bad_bytes(tmp_path: Path) -> None:
    row = live_row(Effort(0.01, tmp_path, seed=3))
    assert row.held, row
    assert {"bytes before the login", "bytes after the login", "messages"} <= row.figures.keys()
    assert row.figures["honest"] == 5
