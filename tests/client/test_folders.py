"""Where the editors keep a user's plug-ins: their documented rules, with made-up homes for each system."""

from __future__ import annotations

from pathlib import Path

from handtint.client.folders import KritaPlace, gimp_folders, krita_places


def test_kritas_places_on_linux(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    usual = KritaPlace(tmp_path / ".local" / "share" / "krita", tmp_path / ".config" / "kritarc")
    assert krita_places(environ, "linux") == [usual]
    elsewhere = {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/config"}
    assert krita_places(environ | elsewhere, "linux") == [KritaPlace(Path("/data/krita"), Path("/config/kritarc"))]
    flatpak, snap = tmp_path / ".var" / "app" / "org.kde.krita", tmp_path / "snap" / "krita" / "current"
    flatpak.mkdir(parents=True)
    snap.mkdir(parents=True)
    assert krita_places(environ, "linux") == [
        usual,
        KritaPlace(flatpak / "data" / "krita", flatpak / "config" / "kritarc", "Flatpak"),
        KritaPlace(snap / ".local" / "share" / "krita", snap / ".config" / "kritarc", "Snap"),
    ]


def test_kritas_places_on_windows_and_macos(tmp_path: Path) -> None:
    environ = {"HOME": "/elsewhere", "APPDATA": str(tmp_path / "roaming"), "LOCALAPPDATA": str(tmp_path / "local")}
    usual = KritaPlace(tmp_path / "roaming" / "krita", tmp_path / "local" / "kritarc")
    assert krita_places(environ, "win32") == [usual]
    cache = tmp_path / "local" / "Packages" / "49800KritaProject.Krita_x" / "LocalCache"
    cache.mkdir(parents=True)
    store = KritaPlace(cache / "Roaming" / "krita", cache / "Local" / "kritarc", "Microsoft Store")
    assert krita_places(environ, "win32") == [usual, store]
    bare = krita_places({"USERPROFILE": str(tmp_path)}, "win32")
    assert bare[0].folder == tmp_path / "AppData" / "Roaming" / "krita"
    library = tmp_path / "Library"
    assert krita_places({"HOME": str(tmp_path)}, "darwin") == [
        KritaPlace(library / "Application Support" / "Krita", library / "Preferences" / "kritarc")
    ]


def test_gimps_folders(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "APPDATA": str(tmp_path / "roaming")}
    base = tmp_path / ".config" / "GIMP"
    assert gimp_folders(environ, "linux") == [base / "3.0"]
    for name in ("2.10", "3.0", "3.2", "3.x"):
        (base / name).mkdir(parents=True)
    flatpak = tmp_path / ".var" / "app" / "org.gimp.GIMP" / "config" / "GIMP" / "3.2"
    snap = tmp_path / "snap" / "gimp" / "current" / ".config" / "GIMP" / "3.0"
    for folder in (flatpak, snap):
        folder.mkdir(parents=True)
    assert gimp_folders(environ, "linux") == [base / "3.0", base / "3.2", flatpak, snap]
    assert gimp_folders(environ | {"GIMP3_DIRECTORY": "/mine"}, "linux") == [Path("/mine")]
    assert gimp_folders(environ | {"GIMP3_DIRECTORY": "mine"}, "linux") == [tmp_path / "mine"]
    assert gimp_folders(environ, "win32") == [tmp_path / "roaming" / "GIMP" / "3.0"]
    assert gimp_folders(environ, "darwin") == [tmp_path / "Library" / "Application Support" / "GIMP" / "3.0"]


def test_a_gimp_that_was_never_started_gets_the_folder_of_its_version(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("gimp", "gimp-2.99", "gimp-3.0", "gimp-console-3.10", "gimp-3.2.exe"):
        (programs / name).touch()
    environ = {"HOME": str(tmp_path), "PATH": f"/nowhere:{programs}"}
    assert gimp_folders(environ, "linux") == [tmp_path / ".config" / "GIMP" / "3.10"]
