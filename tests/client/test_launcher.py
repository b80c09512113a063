"""Finding and starting the engine: which command, which environment, what is said when it fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from handtint.client.blocking import Engine
from handtint.client.launcher import Launcher, clean_environment, engine_command, settings_path, write_engine_command
from handtint.errors import EngineGone, EngineRefused
from handtint.wire.connection import Connection, write_connection


def test_the_variable_goes_before_the_settings_and_these_before_the_path(tmp_path):
    program = tmp_path / "bin" / "handtint"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environ = {"HOME": str(tmp_path), "PATH": str(program.parent)}
    assert engine_command(environ) == [str(program), "serve"]
    write_engine_command(["python", "-m", "handtint", "serve"], settings_path(environ))
    assert engine_command(environ) == ["python", "-m", "handtint", "serve"]
    assert engine_command(environ | {"HANDTINT_ENGINE": "run 'a b'"}) == ["run", "a b"]
    assert engine_command({"HOME": str(tmp_path / "else"), "PATH": ""}) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"command": []}', '{"command": [1]}', '{"command": "x"}'])
def test_settings_that_say_nothing_are_passed_over(tmp_path, text):
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "PATH": ""}
    path = settings_path(environ)
    path.parent.mkdir()
    path.write_text(text)
    assert engine_command(environ) is None


def test_settings_are_where_each_system_keeps_them():
    environ = {"HOME": "/h", "APPDATA": "/roaming", "XDG_CONFIG_HOME": "/config"}
    assert settings_path(environ, "linux") == Path("/config/handtint/engine.json")
    assert settings_path({"HOME": "/h"}, "linux") == Path("/h/.config/handtint/engine.json")
    assert settings_path(environ, "darwin") == Path("/h/Library/Application Support/handtint/engine.json")
    assert settings_path(environ, "win32") == Path("/roaming/handtint/engine.json")


def test_what_the_bundle_set_for_itself_is_taken_away(tmp_path):
    bundle = {name: "x" for name in ("LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "GI_TYPELIB_PATH")}
    assert clean_environment({"PATH": "p", **bundle}) == {"PATH": "p"}
    told = tmp_path / "told.json"
    words = "import json, os, sys; json.dump([dict(os.environ), os.getsid(0)], open(sys.argv[1], 'w'))"
    launcher = Launcher(
        [sys.executable, "-c", words, str(told)],
        path=tmp_path / "run" / "engine.json",
        environ={**os.environ, "PYTHONPATH": "/bundle", "LD_LIBRARY_PATH": "/bundle"},
    )
    launcher.start()
    assert launcher._process is not None
    launcher._process.wait(60)
    environ, session = json.loads(told.read_text())
    assert not {"PYTHONPATH", "LD_LIBRARY_PATH"} & environ.keys()
    assert environ["HANDTINT_RUNTIME"] == str(tmp_path / "run")
    assert session != os.getsid(0)
    assert not launcher.alive()
    assert launcher.found_another


def test_its_last_words_are_told(tmp_path):
    words = "import sys; print('one', file=sys.stderr); sys.exit('two')"
    launcher = Launcher([sys.executable, "-c", words], path=tmp_path / "run" / "engine.json")
    assert launcher.failure() == ""
    launcher.start()
    assert launcher._process is not None
    launcher._process.wait(60)
    assert launcher.failure() == f"the engine ended with status 1: two (log: {launcher.words_path})"
    assert launcher.words_path.read_text() == "one\ntwo\n"


def test_who_was_killed_is_told_from_who_failed(tmp_path):
    for words, killed in (("os.kill(os.getpid(), 9)", True), ("sys.exit(3)", False), ("sys.exit(0)", False)):
        launcher = Launcher([sys.executable, "-c", f"import os, sys; {words}"], path=tmp_path / "run" / "engine.json")
        assert not launcher.killed
        launcher.start()
        assert launcher._process is not None
        launcher._process.wait(60)
        assert launcher.killed == killed


def test_an_engine_that_is_killed_whenever_it_starts_is_given_up(tmp_path):
    command = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    launcher = Launcher(command, path=tmp_path / "run" / "engine.json")
    with Engine("test", launcher=launcher) as engine, pytest.raises(EngineGone, match="ended 3 times"):
        engine.connect(timeout=60)


def test_no_command_is_known(tmp_path):
    environ = {"HOME": str(tmp_path), "PATH": "", "HANDTINT_RUNTIME": str(tmp_path / "run")}
    launcher = Launcher(environ=environ)
    assert launcher.path == tmp_path / "run" / "engine.json"
    assert launcher.find() is None
    with pytest.raises(EngineGone, match="handtint install krita"):
        launcher.start()
    with pytest.raises(EngineGone, match="outside with `handtint serve`"):
        Launcher(environ=environ | {"SNAP_NAME": "krita"}).start()


def test_a_runtime_folder_that_others_can_enter_is_refused(tmp_path):
    (tmp_path / "run").mkdir(mode=0o755)
    (tmp_path / "run").chmod(0o755)
    with pytest.raises(EngineRefused, match="755"):
        Launcher([sys.executable], path=tmp_path / "run" / "engine.json").start()


def test_a_file_whose_process_has_ended_is_as_none(tmp_path):
    path = tmp_path / "run" / "engine.json"
    launcher = Launcher([], path=path, environ={})
    here = Connection("127.0.0.1", 1, os.getpid(), "1.0", "t", "0")
    write_connection(path, here)
    assert launcher.find() == here
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(60)
    write_connection(path, Connection("127.0.0.1", 1, child.pid, "1.0", "t", "0"))
    assert launcher.find() is None
