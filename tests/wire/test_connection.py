"""The connection file: written for this user alone, read with suspicion, removed by its own engine only."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from handtint.errors import EngineRefused
from handtint.wire import connection as c

HERE = c.Connection("127.0.0.1", 4242, 7, "1.0", "token", "0.1.0")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a" / "run" / "engine.json"


def test_there_and_back_for_this_user_alone(path):
    before = os.umask(0)
    try:
        c.write_connection(path, HERE)
    finally:
        os.umask(before)
    assert c.read_connection(path) == HERE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["engine.json"]


def test_a_new_file_takes_the_place_of_the_old_one(path):
    c.write_connection(path, HERE)
    c.write_connection(path, replace(HERE, port=1))
    assert c.read_connection(path) == replace(HERE, port=1)


def test_unknown_members_are_ignored(path):
    c.write_connection(path, HERE)
    path.write_text(json.dumps(asdict(HERE) | {"new": [1]}))
    assert c.read_connection(path) == HERE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        json.dumps(asdict(HERE) | {"port": 0}),
        json.dumps(asdict(HERE) | {"port": 65536}),
        json.dumps(asdict(HERE) | {"port": "4242"}),
        json.dumps(asdict(HERE) | {"port": True}),
        json.dumps(asdict(HERE) | {"token": None}),
    ],
)
def test_half_a_file_is_none(path, text):
    c.write_connection(path, HERE)
    path.write_text(text)
    assert c.read_connection(path) is None


def test_no_file_is_none(path):
    assert c.read_connection(path) is None


@pytest.mark.parametrize("mode", [0o640, 0o602, 0o644])
def test_a_file_that_others_can_reach_is_refused(path, mode):
    c.write_connection(path, HERE)
    path.chmod(mode)
    with pytest.raises(EngineRefused, match=f"{mode:o}"):
        c.read_connection(path)


def test_a_folder_that_others_can_reach_is_refused(path):
    c.write_connection(path, HERE)
    path.parent.chmod(0o755)
    with pytest.raises(EngineRefused, match="755"):
        c.read_connection(path)
    with pytest.raises(EngineRefused, match="755"):
        c.write_connection(path, HERE)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(path):
    c.write_connection(path, HERE)
    os.chown(path, 12345, -1)
    with pytest.raises(EngineRefused, match="user 12345"):
        c.read_connection(path)


def test_only_its_own_engine_removes_it(path):
    c.write_connection(path, HERE)
    c.remove_connection(path, "another")
    assert path.exists()
    c.remove_connection(path, "token")
    assert not path.exists()
    c.remove_connection(path, "token")


def test_places_on_each_system():
    environ = {"HOME": "/h", "XDG_RUNTIME_DIR": "/run/user/1", "LOCALAPPDATA": "/local"}
    assert c.runtime_folder(environ, "linux") == Path("/run/user/1/handtint")
    assert c.runtime_folder({"HOME": "/h"}, "linux") == Path("/h/.cache/handtint/run")
    assert c.runtime_folder(environ, "darwin") == Path("/h/Library/Caches/handtint")
    assert c.runtime_folder(environ, "win32") == Path("/local/handtint")
    assert c.runtime_folder(environ | {"HANDTINT_RUNTIME": "/mine"}, "win32") == Path("/mine")
    assert c.connection_path({"HANDTINT_RUNTIME": "/mine"}) == Path("/mine/engine.json")
