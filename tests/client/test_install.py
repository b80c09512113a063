"""Installing: what lies where, twice is as once, nothing half done is left, all of it goes again; Krita's archive."""

from __future__ import annotations

import json
import os
import stat
import sys
import zipfile
from pathlib import Path

import pytest

from handtint.client import plugin_files
from handtint.client.install import (
    check_gimp,
    check_krita,
    install_gimp,
    install_krita,
    uninstall_gimp,
    uninstall_krita,
)
from handtint.client.launcher import engine_command, settings_path
from handtint.errors import InputError


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "PATH": ""}


def snapshot(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(p): (p.read_bytes(), p.stat().st_mtime_ns, p.stat().st_mode) for p in paths}


def test_krita_gets_the_package_its_desktop_file_and_its_action(tmp_path, environ):
    done = install_krita(environ=environ)
    home = tmp_path / "home"
    krita = home / ".local" / "share" / "krita"
    assert (krita / "pykrita" / "handtint_krita" / "__init__.py").is_file()
    assert "X-KDE-Library=handtint_krita" in (krita / "pykrita" / "handtint_krita.desktop").read_text()
    assert "<ActionCollection" in (krita / "actions" / "handtint_krita.action").read_text()
    assert (home / ".config" / "kritarc").read_text() == "[python]\nenable_handtint_krita=true\n"
    assert any("Switched on" in line for line in done)


def test_all_that_the_plugin_needs_lies_inside_it_and_nothing_compiled(tmp_path, environ):
    install_krita(tmp_path / "dest", environ=environ)
    light = tmp_path / "dest" / "pykrita" / "handtint_krita" / "_light"
    names = {str(path.relative_to(light)) for path in light.rglob("*") if path.is_file()}
    assert {"handtint/__init__.py", "handtint/errors.py", "handtint/wire/codec.py", "handtint/client/link.py"} <= names
    assert {"handtint_msgpack/__init__.py", "handtint_msgpack/fallback.py", "handtint_msgpack/COPYING"} <= names
    assert not {name for name in names if name.endswith((".so", ".pyd", ".pyc"))}
    assert {name.split("/")[1] for name in names if name.startswith("handtint/")} == {
        "__init__.py", "errors.py", "wire", "client",
    }  # fmt: skip
    assert "handtint/client/launcher.py" in names
    assert not {name for name in names if Path(name).name in plugin_files._NOT_NEEDED}


def test_gimp_gets_a_folder_named_as_its_executable_file(tmp_path, environ):
    install_gimp(tmp_path / "dest", environ=environ)
    program = tmp_path / "dest" / "plug-ins" / "handtint_gimp" / "handtint_gimp.py"
    assert program.stat().st_mode & stat.S_IXUSR
    assert (program.parent / "_light" / "handtint" / "client" / "link.py").is_file()
    assert [entry.name for entry in (tmp_path / "dest").iterdir()] == ["plug-ins"]


def test_the_plugins_learn_which_command_starts_this_engine(tmp_path, environ):
    install_gimp(tmp_path / "dest", environ=environ)
    assert engine_command(environ) == [sys.executable, "-m", "handtint", "serve"]


@pytest.mark.parametrize("install", [install_krita, install_gimp])
def test_twice_is_as_once(tmp_path, environ, install):
    install(environ=environ)
    before = snapshot(tmp_path)
    done = install(environ=environ)
    assert snapshot(tmp_path) == before
    assert not [line for line in done if line.startswith(("Installed", "Updated", "Wrote", "Switched"))]


def test_an_update_takes_old_files_away_and_repairs_the_executable_bit(tmp_path, environ):
    install_gimp(tmp_path, environ=environ)
    folder = tmp_path / "plug-ins" / "handtint_gimp"
    (folder / "old.py").write_text("gone with the update")
    done = install_gimp(tmp_path, environ=environ)
    assert done[0] == f"Updated {folder}"
    assert not (folder / "old.py").exists()
    (folder / "handtint_gimp.py").chmod(0o644)
    install_gimp(tmp_path, environ=environ)
    assert (folder / "handtint_gimp.py").stat().st_mode & stat.S_IXUSR


def test_what_fails_half_way_leaves_the_old_one(tmp_path, environ, monkeypatch):
    install_gimp(tmp_path, environ=environ)
    folder = tmp_path / "plug-ins" / "handtint_gimp"
    (folder / "old.py").write_text("still here")
    before = snapshot(folder)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise PermissionError("the folder is in use")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError):
        install_gimp(tmp_path, environ=environ)
    assert snapshot(folder) == before


def test_a_link_to_a_working_copy_is_left_alone(tmp_path, environ):
    (tmp_path / "copy").mkdir()
    (tmp_path / "plug-ins").mkdir()
    (tmp_path / "plug-ins" / "handtint_gimp").symlink_to(tmp_path / "copy")
    assert "is a link" in install_gimp(tmp_path, environ=environ)[0]
    assert list((tmp_path / "copy").iterdir()) == []


def test_the_archive_is_one_that_krita_accepts(tmp_path, environ):
    """Its importer wants an entry for the folder itself, __init__.py in it, and the .desktop file (any depth)."""
    place = tmp_path / "handtint_krita.zip"
    install_krita(zip=place, environ=environ)
    with zipfile.ZipFile(place) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert {"handtint_krita/", "handtint_krita/__init__.py", "handtint_krita/_light/"} <= set(names)
    assert {"handtint_krita.desktop", "handtint_krita.action"} <= set(names)
    first = place.read_bytes()
    install_krita(zip=place, environ=environ)
    assert place.read_bytes() == first
    assert not (tmp_path / "home" / ".local").exists()


def test_a_folder_that_was_given_is_switched_on_only_in_a_config_that_was_given(tmp_path, environ):
    done = install_krita(tmp_path / "dest", environ=environ)
    assert any("Python Plugin" in line for line in done)
    assert not (tmp_path / "home" / ".config" / "kritarc").exists()
    install_krita(tmp_path / "dest", config=tmp_path / "kritarc", environ=environ)
    assert "enable_handtint_krita=true" in (tmp_path / "kritarc").read_text()


def test_kritarc_keeps_everything_else(tmp_path, environ):
    rc = tmp_path / "home" / ".config" / "kritarc"
    rc.parent.mkdir(parents=True)
    rc.write_text("# mine\nname=ü\n[python]\nenable_other=true\nenable_handtint_krita=false\n\n[theme]\nTheme=Dark\n")
    rc.chmod(0o600)
    install_krita(environ=environ)
    assert rc.read_text() == (
        "# mine\nname=ü\n[python]\nenable_other=true\nenable_handtint_krita=true\n\n[theme]\nTheme=Dark\n"
    )
    assert stat.S_IMODE(rc.stat().st_mode) == 0o600


def test_every_gimp_gets_it(tmp_path, environ):
    for version in ("3.0", "3.2"):
        (tmp_path / "home" / ".config" / "GIMP" / version).mkdir(parents=True)
    install_gimp(environ=environ)
    for version in ("3.0", "3.2"):
        folder = tmp_path / "home" / ".config" / "GIMP" / version / "plug-ins" / "handtint_gimp"
        assert (folder / "handtint_gimp.py").is_file()


def test_a_damaged_record_of_the_command_is_replaced(tmp_path, environ):
    record = tmp_path / "home" / ".config" / "handtint" / "engine.json"
    record.parent.mkdir(parents=True)
    record.write_text("[]")
    install_gimp(tmp_path / "dest", environ=environ)
    assert json.loads(record.read_text())["command"][0] == sys.executable


def test_a_missing_package_is_named():
    with pytest.raises(InputError, match="handtint_nowhere"):
        plugin_files.package("handtint_nowhere")


def test_a_kritarc_that_is_a_link_stays_one(tmp_path, environ):
    real = tmp_path / "dotfiles" / "kritarc"
    real.parent.mkdir()
    real.write_text("")
    rc = tmp_path / "home" / ".config" / "kritarc"
    rc.parent.mkdir(parents=True)
    rc.symlink_to(real)
    install_krita(environ=environ)
    assert os.readlink(rc) == str(real)
    assert "enable_handtint_krita=true" in real.read_text()


SYSTEMS = {
    "linux": (
        "linux",
        (".local/share", ".config"),
        [".local/share/krita"],
        [".config/kritarc"],
        [".config/GIMP/3.0"],
    ),
    "flatpak": (
        "linux",
        (".var/app/org.kde.krita/config", ".var/app/org.gimp.GIMP/config/GIMP/3.2"),
        [".local/share/krita", ".var/app/org.kde.krita/data/krita"],
        [".config/kritarc", ".var/app/org.kde.krita/config/kritarc"],
        [".var/app/org.gimp.GIMP/config/GIMP/3.2"],
    ),
    "snap": (
        "linux",
        ("snap/krita/current", "snap/gimp/current/.config/GIMP/3.0", ".config/GIMP/2.10"),
        [".local/share/krita", "snap/krita/current/.local/share/krita"],
        [".config/kritarc", "snap/krita/current/.config/kritarc"],
        ["snap/gimp/current/.config/GIMP/3.0"],
    ),
    "AppImages": (
        "linux",
        ("Applications", ".config/GIMP/3.0"),
        [".local/share/krita"],
        [".config/kritarc"],
        [".config/GIMP/3.0"],
    ),
    "several versions of GIMP": (
        "linux",
        (".config/GIMP/3.0", ".config/GIMP/3.2", ".config/GIMP/2.10"),
        [".local/share/krita"],
        [".config/kritarc"],
        [".config/GIMP/3.0", ".config/GIMP/3.2"],
    ),
    "windows": (
        "win32",
        ("AppData/Roaming/GIMP/3.0", "AppData/Local"),
        ["AppData/Roaming/krita"],
        ["AppData/Local/kritarc"],
        ["AppData/Roaming/GIMP/3.0"],
    ),
    "windows store": (
        "win32",
        ("AppData/Local/Packages/49800KritaProject.Krita_abc/LocalCache", "AppData/Roaming"),
        ["AppData/Roaming/krita", "AppData/Local/Packages/49800KritaProject.Krita_abc/LocalCache/Roaming/krita"],
        ["AppData/Local/kritarc", "AppData/Local/Packages/49800KritaProject.Krita_abc/LocalCache/Local/kritarc"],
        ["AppData/Roaming/GIMP/3.0"],
    ),
    "macos": (
        "darwin",
        ("Library/Application Support", "Library/Preferences"),
        ["Library/Application Support/Krita"],
        ["Library/Preferences/kritarc"],
        ["Library/Application Support/GIMP/3.0"],
    ),
}
"""A made-up home: platform, folders that are there, and where Krita's plug-in, its switch and GIMP's plug-in go."""


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, str], str, list[list[str]]]:
    platform, there, *expected = SYSTEMS[request.param]
    home = tmp_path / "home"
    for folder in there:
        (home / folder).mkdir(parents=True)
        (home / folder / "mine").write_text("not of Handtint")
    return home, {"HOME": str(home), "USERPROFILE": str(home), "PATH": ""}, platform, expected


def whole(folder: Path) -> dict[str, bytes]:
    """Every file and every folder."""
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def test_every_system_gets_it_where_its_editors_look_and_nothing_is_left_afterwards(system):
    home, environ, platform, (krita, rcs, gimp) = system
    where = {"environ": environ, "platform": platform}
    before = whole(home)
    assert not any(finding.well for finding in [*check_krita(**where), *check_gimp(**where)])
    install_krita(**where)
    install_gimp(**where)
    assert sorted(home.rglob("handtint_krita/__init__.py")) == sorted(
        home / folder / "pykrita" / "handtint_krita" / "__init__.py" for folder in krita
    )
    assert all((home / folder / "actions" / "handtint_krita.action").is_file() for folder in krita)
    assert all((home / rc).read_text() == "[python]\nenable_handtint_krita=true\n" for rc in rcs)
    assert sorted(home.rglob("handtint_gimp/handtint_gimp.py")) == sorted(
        home / folder / "plug-ins" / "handtint_gimp" / "handtint_gimp.py" for folder in gimp
    )
    assert json.loads(settings_path(environ, platform).read_text())["command"][0] == sys.executable
    assert [f.text for f in [*check_krita(**where), *check_gimp(**where)] if not f.well] == []
    once = whole(home)
    install_krita(**where)
    install_gimp(**where)
    assert whole(home) == once
    uninstall_krita(**where)
    assert settings_path(environ, platform).is_file(), "GIMP's filter is still there and needs it"
    uninstall_gimp(**where)
    assert whole(home) == before
    assert "nothing to remove" in uninstall_krita(**where)[0]
    assert whole(home) == before


def test_a_used_krita_gets_its_settings_back_byte_for_byte(tmp_path, environ):
    rc = tmp_path / "home" / ".config" / "kritarc"
    log = tmp_path / "home" / ".local" / "share" / "krita" / "handtint" / "krita.log"
    for path, text in ((rc, "a=b\n\n[theme]\nTheme=ü\n\n"), (log, "mine")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    before = whole(tmp_path)
    install_krita(environ=environ)
    done = uninstall_krita(environ=environ)
    assert whole(tmp_path) == before
    assert f"{log.parent} holds the docker's log and stays" in done


@pytest.mark.parametrize(("install", "uninstall"), [(install_krita, uninstall_krita), (install_gimp, uninstall_gimp)])
@pytest.mark.parametrize("named", [True, False])
def test_what_was_put_elsewhere_is_found_again(tmp_path, environ, install, uninstall, named):
    (tmp_path / "home").mkdir()
    before = whole(tmp_path)
    install(tmp_path / "else" / "where", environ=environ)
    uninstall(tmp_path / "else" / "where" if named else None, environ=environ)
    left = set(whole(tmp_path)) - set(before)
    assert left <= {str(tmp_path / "else")}, "a folder above the one that was named is not ours"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda home: (home / ".config" / "kritarc").write_text("[python]\n"), "does not switch it on"),
        (lambda home: next(home.rglob("words.py")).write_text("damaged"), "of another version, or damaged"),
        (lambda home: next(home.rglob("*.action")).unlink(), "is missing"),
        (lambda home: (home / ".config" / "handtint" / "engine.json").write_text("{}"), "does not say how"),
        (
            lambda home: (home / ".config" / "handtint" / "engine.json").write_text('{"command": ["/no/python"]}'),
            "which is gone",
        ),
    ],
)
def test_a_check_says_what_is_wrong_and_changes_nothing(tmp_path, environ, spoil, said):
    install_krita(environ=environ)
    spoil(tmp_path / "home")
    before = snapshot(tmp_path)
    wrong = [finding.text for finding in check_krita(environ=environ) if not finding.well]
    assert len(wrong) == 1
    assert said in wrong[0]
    assert "run `handtint install" in wrong[0]
    assert snapshot(tmp_path) == before


def test_a_check_sees_that_gimp_would_not_run_it(tmp_path, environ):
    install_gimp(environ=environ)
    next((tmp_path / "home").rglob("handtint_gimp.py")).chmod(0o644)
    assert [finding.well for finding in check_gimp(environ=environ)] == [False, True]


def test_who_may_not_start_programs_is_told_how_to_go_on(tmp_path, environ):
    (tmp_path / "home" / ".var" / "app" / "org.kde.krita").mkdir(parents=True)
    assert any("flatpak override" in line for line in install_krita(environ=environ))
    for folder, advice in (
        (".var/app/org.gimp.GIMP/config/GIMP/3.0", "xdg-run/handtint org.gimp.GIMP"),
        ("snap/gimp/current/.config/GIMP/3.0", "snap.gimp/handtint"),
    ):
        (tmp_path / "home" / folder).mkdir(parents=True)
        assert [line for line in install_gimp(environ=environ) if advice in line] != []


def test_a_link_survives_the_removal(tmp_path, environ):
    (tmp_path / "copy").mkdir()
    (tmp_path / "dest" / "plug-ins").mkdir(parents=True)
    (tmp_path / "dest" / "plug-ins" / "handtint_gimp").symlink_to(tmp_path / "copy")
    assert "is a link" in uninstall_gimp(tmp_path / "dest", environ=environ)[0]
    assert (tmp_path / "dest" / "plug-ins" / "handtint_gimp").is_symlink()
