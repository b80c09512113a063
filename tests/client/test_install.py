"""Installing: what lies where, that twice changes nothing, that nothing half done is left, and Krita's own archive."""

from __future__ import annotations

import json
import os
import stat
import sys
import zipfile
from pathlib import Path

import pytest

from handtint.client import install as installer
from handtint.client.folders import gimp_folders, krita_config, krita_folders
from handtint.client.install import install_gimp, install_krita, with_setting
from handtint.client.launcher import engine_command


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
    assert "handtint/client/install.py" not in names


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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[s]\nk=v\n"),
        ("[a]\nb=c\n", "[a]\nb=c\n\n[s]\nk=v\n"),
        ("[s]\n", "[s]\nk=v\n"),
        ("[s]\nk=v\n", "[s]\nk=v\n"),
        ("[s]\nk = other\nl=m", "[s]\nk=v\nl=m\n"),
        ("[a]\nk=1\n[s]\nx=y\n[b]\nk=2\n", "[a]\nk=1\n[s]\nk=v\nx=y\n[b]\nk=2\n"),
    ],
)
def test_one_setting_of_an_ini_text(before, after):
    assert with_setting(before, "s", "k", "v") == after


def test_kritas_folders(tmp_path):
    environ = {"HOME": str(tmp_path), "APPDATA": "/roaming", "LOCALAPPDATA": "/local"}
    usual = tmp_path / ".local" / "share" / "krita"
    assert krita_folders(environ, "linux") == [usual]
    assert krita_folders(environ | {"XDG_DATA_HOME": "/data"}, "linux") == [Path("/data/krita")]
    assert krita_folders(environ, "win32") == [Path("/roaming/krita")]
    assert krita_folders(environ, "darwin") == [tmp_path / "Library" / "Application Support" / "Krita"]
    assert krita_config(usual, environ, "linux") == tmp_path / ".config" / "kritarc"
    assert krita_config(Path("/roaming/krita"), environ, "win32") == Path("/local/kritarc")
    assert krita_config(Path("/elsewhere"), environ, "linux") is None
    flatpak = tmp_path / ".var" / "app" / "org.kde.krita"
    flatpak.mkdir(parents=True)
    assert krita_folders(environ, "linux") == [usual, flatpak / "data" / "krita"]
    assert krita_config(flatpak / "data" / "krita", environ, "linux") == flatpak / "config" / "kritarc"


def test_gimps_folders(tmp_path):
    environ = {"HOME": str(tmp_path), "APPDATA": str(tmp_path / "roaming")}
    base = tmp_path / ".config" / "GIMP"
    assert gimp_folders(environ, "linux") == [base / "3.0"]
    for name in ("2.10", "3.0", "3.2", "3.x"):
        (base / name).mkdir(parents=True)
    flatpak = tmp_path / ".var" / "app" / "org.gimp.GIMP" / "config" / "GIMP" / "3.2"
    flatpak.mkdir(parents=True)
    assert gimp_folders(environ, "linux") == [base / "3.0", base / "3.2", flatpak]
    assert gimp_folders(environ | {"GIMP3_DIRECTORY": "/mine"}, "linux") == [Path("/mine")]
    assert gimp_folders(environ, "win32") == [tmp_path / "roaming" / "GIMP" / "3.0"]
    assert gimp_folders(environ, "darwin") == [tmp_path / "Library" / "Application Support" / "GIMP" / "3.0"]


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
    with pytest.raises(installer.InputError, match="handtint_nowhere"):
        installer._package("handtint_nowhere")


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
