"""Weights by name: found in the right place, checked, refused where damaged."""

from __future__ import annotations

import hashlib
import pickle
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from handtint.errors import WeightsError
from handtint.train.export import Provenance, export, half_state
from handtint.weights import MANIFEST, entries, find, load_state, read_classes, weight_folders

PROVENANCE = Provenance(
    recipe="a test", data='drawn by "code"', licence="MIT", hardware="one core", date="2026-11-20", steps=3, samples=6
)


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3))


@pytest.fixture
def folder(net: nn.Module, tmp_path: Path) -> Path:
    """A weights folder with one network in it."""
    export(net, "global_local", {"width": 4}, tmp_path, PROVENANCE, {"psnr": 24.5})
    return tmp_path


def test_what_was_exported_is_found_and_loaded(folder: Path, net: nn.Module) -> None:
    entry = find("global_local", [folder])
    assert entry is not None
    assert (entry.net, entry.arguments, entry.metrics) == ("Sequential", {"width": 4}, {"psnr": 24.5})
    assert (entry.data, entry.licence) == ('drawn by "code"', "MIT")
    state = load_state(entry)
    assert state.keys() == net.state_dict().keys()
    assert state["0.weight"].dtype == torch.float16
    assert state["1.running_var"].dtype == torch.float32
    for name, value in net.state_dict().items():
        assert torch.allclose(state[name].float(), value.float(), rtol=1e-3, atol=1e-6)


def test_exporting_another_name_keeps_the_first(folder: Path, net: nn.Module) -> None:
    before = (folder / MANIFEST).read_text()
    export(net, "global_local", {"width": 4}, folder, PROVENANCE, {"psnr": 24.5})
    assert (folder / MANIFEST).read_text() == before
    tables = tomllib.loads(before)
    assert list(tables) == ["global_local"]


def test_the_card_names_the_data_and_the_figures(folder: Path) -> None:
    card = (folder / "global_local.md").read_text()
    for words in ('drawn by "code"', "| psnr | 24.5 |", "one core", "2026-11-20", "3 steps"):
        assert words in card


def test_a_name_that_is_not_there_is_none(folder: Path, tmp_path: Path) -> None:
    assert find("no_such", [folder]) is None
    assert find("global_local", [tmp_path / "empty"]) is None
    (folder / "global_local.safetensors").unlink()
    assert find("global_local", [folder]) is None


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_damaged_file_is_refused_by_name(folder: Path, place: int) -> None:
    entry = find("global_local", [folder])
    assert entry is not None
    content = bytearray(entry.path.read_bytes())
    content[place] ^= 1
    entry.path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"global_local\.safetensors.*damaged"):
        load_state(entry)


def test_a_pickle_is_never_run_even_under_its_right_checksum(folder: Path) -> None:
    entry = find("global_local", [folder])
    assert entry is not None
    mark = folder / "run"
    entry.path.write_bytes(pickle.dumps(Mine(str(mark))))
    honest = replace(entry, sha256=hashlib.sha256(entry.path.read_bytes()).hexdigest())
    with pytest.raises(WeightsError, match="expected a safetensors file"):
        load_state(honest)
    assert not mark.exists()


class Mine:
    """What a pickle can hold: a call that is made when it is read."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.path, "w")


def test_a_manifest_that_was_replaced_is_read_anew(folder: Path) -> None:
    assert [entry.name for entry in entries(folder)] == ["global_local"]
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace("global_local", "another_name"))
    assert [entry.name for entry in entries(folder)] == ["another_name"]
    (folder / MANIFEST).unlink()
    assert entries(folder) == ()


def test_a_file_that_vanished_is_refused_by_name(folder: Path) -> None:
    entry = find("global_local", [folder])
    assert entry is not None
    entry.path.unlink()
    with pytest.raises(WeightsError, match=r"global_local\.safetensors"):
        load_state(entry)


@pytest.mark.parametrize("text", ["not toml [", '[global_local]\nfile = "x"\n', "global_local = 3\n"])
def test_a_broken_manifest_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(WeightsError, match=r"manifest\.toml"):
        find("global_local", [tmp_path])


def test_the_chosen_folder_comes_first(tmp_path: Path) -> None:
    assert weight_folders({"HANDTINT_WEIGHTS": str(tmp_path)})[0] == tmp_path
    assert tmp_path not in weight_folders({})
    assert [folder.name for folder in weight_folders({})] == ["_weights", "weights"]


def test_the_first_folder_that_has_it_wins(
    folder: Path, net: nn.Module, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    export(net, "global_local", {"width": 8}, other, PROVENANCE, {})
    found = find("global_local", [other, folder])
    assert found is not None
    assert found.arguments == {"width": 8}


def test_half_state_keeps_counters_whole(net: nn.Module) -> None:
    assert half_state(net)["1.num_batches_tracked"].dtype == torch.int64


def test_the_classes_that_are_shipped_can_be_told_apart() -> None:
    classes = read_classes()
    assert [entry.index for entry in classes] == list(range(79))
    assert len({entry.name for entry in classes}) == len({entry.color for entry in classes}) == 79
    assert (classes[0].name, classes[0].color) == ("unlabelled", (0, 0, 0))
    names = {entry.name for entry in classes}
    assert all(entry.fallback in names for entry in classes if entry.fallback)
    assert next(entry.fallback for entry in classes if entry.name == "lips") == "person"


@pytest.mark.parametrize("text", ["{", '[{"index": 0}]', '[{"index": 1, "name": "x", "color": "#000000"}]'])
def test_classes_that_cannot_be_read_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "classes.json").write_text(text)
    with pytest.raises(WeightsError, match="classes"):
        read_classes([tmp_path])


def test_missing_classes_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"expected classes\.json"):
        read_classes([tmp_path])
