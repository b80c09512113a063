"""Where outputs go, and that nothing is ever overwritten by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from handtint.cli.folder import Job, plan
from handtint.errors import InputError, PictureError


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_the_default_name_stands_beside_the_input(tmp_path: Path) -> None:
    source = touch(tmp_path / "a" / "p.tif")
    assert plan((source,), None, None, force=False) == [Job(source, tmp_path / "a" / "p-color.tif")]


def test_out_dir_keeps_the_names(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    jobs = plan((touch(tmp_path / "a.png"), tmp_path / "missing.png"), None, folder, force=False)
    assert [job.target for job in jobs] == [folder / "a.png", folder / "missing.png"]


def test_missing_inputs_are_refused_before_an_engine_is_started(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no such file"):
        plan((tmp_path / "a.png", tmp_path / "b.png"), None, tmp_path, force=False)


def test_an_existing_output_needs_force(tmp_path: Path) -> None:
    source, output = touch(tmp_path / "in.png"), touch(tmp_path / "out.png")
    with pytest.raises(PictureError, match="--force"):
        plan((source,), output, None, force=False)
    assert plan((source,), output, None, force=True)[0].target == output


@pytest.mark.parametrize("force", [False, True])
def test_an_input_is_never_overwritten(tmp_path: Path, force: bool) -> None:
    source = touch(tmp_path / "in.png")
    with pytest.raises(PictureError, match="overwrite an input"):
        plan((source,), source, None, force=force)
    with pytest.raises(PictureError, match="overwrite an input"):
        plan((source, touch(tmp_path / "b.png")), None, tmp_path, force=force)


def test_a_link_to_an_input_is_the_input(tmp_path: Path) -> None:
    source = touch(tmp_path / "in.png")
    (tmp_path / "link.png").symlink_to(source)
    with pytest.raises(PictureError, match="overwrite an input"):
        plan((source,), tmp_path / "link.png", None, force=True)


def test_two_inputs_of_one_name_do_not_share_an_output(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="same name"):
        plan((touch(tmp_path / "a" / "p.png"), touch(tmp_path / "b" / "p.png")), None, tmp_path, force=True)


def test_one_output_takes_one_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--out-dir"):
        plan((Path("a.png"), Path("b.png")), Path("c.png"), None, force=False)
    with pytest.raises(PictureError, match="existing folder"):
        plan((touch(tmp_path / "a.png"),), None, tmp_path / "none", force=False)
