"""Keys for other machines: made once, private, whole or not at all, and read only where nobody else could have."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import zmq

from handtint.cli.main import EXIT_INPUT, run
from handtint.errors import InputError
from handtint.server.keys import make_keys, read_keys


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_side_knows_the_other(tmp_path: Path) -> None:
    engine, painter = (read_keys(folder) for folder in make_keys(tmp_path / "keys", "painter"))
    assert engine.known == {"painter": painter.public}
    assert painter.known == {"engine": engine.public}
    assert zmq.curve_public(engine.secret) == engine.public
    assert engine.secret.decode() not in repr(engine)
    held = contents(tmp_path / "keys")
    assert [name for name, data in held.items() if engine.secret in data] == ["engine/own.key"]
    assert [name for name, data in held.items() if painter.secret in data] == ["painter/own.key"]


def test_all_of_it_is_this_users_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_keys(tmp_path / "keys", "painter")
    finally:
        os.umask(before)
    made = [tmp_path / "keys", *(tmp_path / "keys").rglob("*")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o600}


def test_a_second_painter_leaves_the_first_as_it_is(tmp_path: Path) -> None:
    make_keys(tmp_path, "ann")
    before = contents(tmp_path)
    make_keys(tmp_path, "bo")
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    assert set(read_keys(tmp_path / "engine").known) == {"ann", "bo"}


@pytest.mark.parametrize("moved", [False, True])
def test_nothing_is_overwritten(tmp_path: Path, moved: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", str(tmp_path / "keys")]) == 0
    if moved:  # to the painter's machine, as it should be
        (tmp_path / "keys" / "painter").rename(tmp_path / "elsewhere")
    before = contents(tmp_path)
    capsys.readouterr()
    assert run(["keys", str(tmp_path / "keys")]) == EXIT_INPUT
    error = capsys.readouterr().err
    assert "never overwritten" in error
    assert error.count("\n") == 1
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["engine", "painter", "engine/known/painter.pub"])
def test_a_link_in_the_way_is_not_followed(tmp_path: Path, name: str) -> None:
    keys, treasure = tmp_path / "keys", tmp_path / "treasure"
    keys.mkdir(mode=0o700)
    treasure.mkdir(mode=0o700)
    if "/" in name:
        make_keys(keys, "other")
    (keys / name).symlink_to(treasure / "new")
    before = contents(tmp_path)
    with pytest.raises(InputError):
        make_keys(keys, "painter")
    assert contents(tmp_path) == before
    assert not list(treasure.iterdir())
    assert not [path for path in keys.iterdir() if path.name.startswith(".")]


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    make_keys(tmp_path, "ann")
    (tmp_path / "engine" / "own.key").write_text("damaged")
    before = contents(tmp_path)
    with pytest.raises(InputError, match="damaged"):
        make_keys(tmp_path, "bo")
    assert contents(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ann", "engine"]


@pytest.mark.parametrize("place", [".", "own.key", "known", "known/engine.pub"])
def test_what_others_can_reach_is_refused(tmp_path: Path, place: str) -> None:
    _, painter = make_keys(tmp_path, "painter")
    (painter / place).chmod((painter / place).stat().st_mode | 0o040)
    with pytest.raises(InputError, match="belong to you alone"):
        read_keys(painter)


def test_a_secret_behind_a_link_is_refused(tmp_path: Path) -> None:
    _, painter = make_keys(tmp_path, "painter")
    (painter / "own.key").rename(tmp_path / "real")
    (painter / "own.key").symlink_to(tmp_path / "real")
    with pytest.raises(InputError, match=r"own\.key"):
        read_keys(painter)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("own.key", b"{}"),
        ("own.key", b'{"public": "x", "secret": "y"}'),
        ("own.key", b"\xff"),
        ("own.key", b'["public"]'),
        ("own.key", b'{"public": "\xc3\xa9", "secret": ""}'),
        ("known/engine.pub", b"short"),
        ("known/engine.pub", b"~" * 40),
        ("known/engine.pub", b"\xff" * 40),
    ],
)
def test_a_damaged_key_is_named(tmp_path: Path, name: str, data: bytes) -> None:
    _, painter = make_keys(tmp_path, "painter")
    (painter / name).write_bytes(data)
    with pytest.raises(InputError, match=f"{name}.*damaged"):
        read_keys(painter)


def test_a_folder_without_keys_is_named(tmp_path: Path) -> None:
    make_keys(tmp_path, "painter")
    with pytest.raises(InputError, match="name the one inside"):
        read_keys(tmp_path)
    (tmp_path / "painter" / "known" / "engine.pub").unlink()
    with pytest.raises(InputError, match="nobody is trusted"):
        read_keys(tmp_path / "painter")


@pytest.mark.parametrize("name", ["engine", "../out", "", "A", "a/b", "a" * 33, ".hidden"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="painter's name"):
        make_keys(tmp_path / "keys", name)
    assert not (tmp_path / "keys").exists()
