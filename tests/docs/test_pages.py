"""What stands in the documentation works as it stands there: commands, Python, and the worked example."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import click
import cv2
import numpy as np
import pytest

from handtint.cli.main import COMMANDS, handtint
from handtint.cli.main import run as main
from handtint.weights import find

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    page
    for folder in ("docs", "weights", "engine", "plugin_krita", "plugin_gimp")
    for page in (REPOSITORY / folder).rglob("*.md")
    if page.parent.parent.name != "bench" and page.parent.name != "cards"
)
PAGES += [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
"""All but what a run of the bench left, whose command is a record, and what model cards are made of."""
RECORDS = sorted((REPOSITORY / "docs" / "bench").glob("*/*.md"))
EXAMPLE = REPOSITORY / "docs" / "add-a-method.md"
FOLLOWED = {EXAMPLE, REPOSITORY / "docs" / "gpu-box.md"}
"""Pages whose blocks have titles, as they are for several places; tests of their own follow them."""
FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]*)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = {"sh", "python", "diff", "text"}
PROGRAMS = r"handtint|make|python|source|flatpak|chmod|rm|mypy|\.ci/run"
COMMAND = rf"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(?:{PROGRAMS})(?: [^`\n]*|(?=`))"
SPOKEN = re.compile(rf"`({COMMAND})`|^    ({COMMAND})$", re.MULTILINE)
"""A command within a sentence or a table, or as a line of its own."""
CODE = re.compile(r"`([^`\n]+)`|^    (\S.*)$", re.MULTILINE)
"""All that stands where such a command could stand."""
ADDED = {
    "handtint train unified --data photos --out run": " --steps 3",  # else it takes hours
    "handtint doctor": " || test $? -eq 1",  # a machine without editors has something to mend
}
"""What is added to some commands so that they end soon, or end well."""
SHORT = {
    "handtint bench quality": "--data labelled --methods gray,scribble --hints 0,1 --limit 1 --side 64 --out out",
    "handtint bench control": "--methods unified --limit 1 --side 64 --out control",
    "handtint bench latency": "--methods scribble --sizes 0.1 --threads 1 --strokes 2 --out latency",
    "handtint bench reliability": "--sections pictures --scale 0.001 --out reliability",
    "handtint bench report": "",
    "handtint train global_local": "--steps 2",
    "handtint train zhang2017": "--data labelled --out peer --steps 2",
    "handtint train exemplar.vgg19": "--data labelled --out vgg --steps 2",
    "python -m handtint.bench.bins": "",
    "python -m handtint.bench.parts": "--side 64",
    "python -m handtint.train.ship": "--pictures 4",
    "python -m handtint.train.themes": "--weights learned --measured 2",
}
"""What is added to commands of sentences, so that they end soon; their own options count more."""
FOLDERS = {"--data": "labelled", "--packed": "packed", "--out": "out"}
"""What stands for DATA, FOLDER and DIR after these options."""
NAMED = "python -m handtint.train.ship perceptual"
NAMED_FOLDERS = FOLDERS | {"--data": "named", "--packed": "packed-named"}
"""The same for weights that know things by name: their pictures are of as many things as they know."""
SHELL = {
    "source .venv/bin/activate": "source .venv/bin/activate && handtint --version",
    "handtint doctor --no-engine": "handtint doctor --no-engine || test $? -eq 1",
    "handtint serve": "mkdir -m 700 own; export HANDTINT_RUNTIME=$PWD/own;"
    " handtint serve & until handtint status; do kill -0 $!; done; handtint stop; wait",
}
"""Commands of sentences that need a shell."""
ELSEWHERE = {
    "handtint bench gimp": ("tests/bench/test_bench_gimp.py", '"bench", "gimp"'),  # needs GIMP
    "handtint bench krita": ("tests/bench/test_bench_krita.py", '"bench", "krita"'),  # needs Krita
    "handtint batch": ("tests/cli/test_batch.py", '"batch"'),  # needs a cluster
    "python -m pytest": ("Makefile", "$(BIN)/python -m pytest"),
    "make setup": ("tests/editors/newcomer.sh", "lines.sh"),
    "make demo": ("tests/editors/newcomer.sh", "make demo"),
    "make docs": ("tests/editors/newcomer.sh", "make docs"),
    "make check": (".ci/run", "make check"),
    "make test": (".ci/run", "make test"),
    ".ci/run": ("CONTRIBUTING.md", "what a change must pass"),  # it runs this
    "mypy --strict": ("pyproject.toml", "strict = true"),
    "rm -r keys/painter": ("tests/docs/test_gpu_box.py", '"rm -r keys/painter"'),
    "flatpak override --user --filesystem=xdg-run/handtint org.kde.krita": ("tests/docs/test_flatpak.py", "LINES"),
    "flatpak override --user --filesystem=xdg-run/handtint org.gimp.GIMP": ("tests/docs/test_flatpak.py", "LINES"),
    "chmod -R go= gpu-box-keys": ("tests/docs/test_gpu_box.py", '"chmod -R go= gpu-box-keys"'),
}
"""Commands that are not run from here, what runs them, and the words by which it does."""
TRANSLATE = "python docs/translate.py"


class Block(NamedTuple):
    """A fenced block of a page: its language, its title, its text."""

    language: str
    title: str
    text: str


def blocks_of(page: Path, *languages: str) -> list[Block]:
    found = [Block(*groups) for groups in FENCE.findall(page.read_text(encoding="utf-8"))]
    return [block for block in found if block.language in languages]


def commands_of(page: Path) -> list[str]:
    """The lines of the page's shell blocks."""
    text = "".join(block.text for block in blocks_of(page, "sh") if not block.title).replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip()]


def run(command: str, env: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def plain(command: str) -> str:
    """A command without its comment, what is set for it, and the folder that it lies in."""
    words = re.sub(r"\s+#.*$", "", " ".join(command.split()))
    return re.sub(r"^(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?", "", words)


def spoken(page: Path) -> list[str]:
    """The commands within the page's sentences and tables; `a|b` is one for each."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    found = [plain("".join(match.groups(""))) for match in SPOKEN.finditer(text)]
    return [f"{head}{last}" for head, *lasts in map(split_choice, found) for last in lasts]


def split_choice(command: str) -> list[str]:
    """`say a|b` as "say ", "a", "b"."""
    head, space, last = command.rpartition(" ")
    return [head + space, *last.split("|")]


def begins(command: str, said: str) -> bool:
    """Whether a command begins with the words that are said; DIR may be any folder."""
    words, wanted = command.split(), said.split()
    return len(wanted) <= len(words) and all(a in (b, "DIR") for a, b in zip(wanted, words, strict=False))


BLOCKS = {page: commands_of(page) for page in PAGES}
SENTENCES = {command for page in PAGES for command in spoken(page)}
RUN_HERE = {plain(command) for commands in BLOCKS.values() for command in commands if "make " not in command}
RUN_HERE |= {plain(line) for page in FOLLOWED for block in blocks_of(page, "sh") for line in block.text.splitlines()}


def test_blocks_are_of_kinds_that_are_tested() -> None:
    """Else a command in a block of another name would be passed over."""
    for page in PAGES:
        fences = re.findall(r"^ *(?:```|~~~)(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        opened = [fence.split()[0] if fence.strip() else "" for fence in fences[::2]]
        assert [language for language in opened if language not in LANGUAGES] == [], page
        assert [fence for fence in fences[1::2] if fence] == [], page
        assert [block.title for block in blocks_of(page, "sh") if block.title and page not in FOLLOWED] == [], page


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if BLOCKS[page]], ids=lambda page: page.stem)
def test_every_command_of_the_page_works(page: Path, env: dict[str, str], workplace: Path) -> None:
    for command in BLOCKS[page]:
        if "make " in command:
            assert plain(command) in ELSEWHERE
        else:
            run(command + ADDED.get(command, ""), env, workplace)


def shortened(said: str) -> list[str]:
    """The words of a command of `SHORT`, with folders that are there."""
    (short,) = [short for short in SHORT if begins(said, short)]
    words = shlex.split(f"{short} {SHORT[short]}") + said.split()[len(short.split()) :]
    folders = NAMED_FOLDERS if begins(said, NAMED) else FOLDERS
    return [folders[before] if word in ("DATA", "FOLDER", "DIR") else word for before, word in pairwise(["", *words])]


SHORTENED = sorted(said for said in SENTENCES - RUN_HERE if any(begins(said, short) for short in SHORT))
MEASURED = [said for said in SHORTENED if said.endswith("--figures-only")]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # a plot or a mean of so few pictures has its own
@pytest.mark.parametrize("said", sorted(set(SHORTENED) - set(MEASURED)))
def test_commands_that_only_sentences_have_work(
    said: str, lasting: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, which has loaded what they need."""
    monkeypatch.chdir(lasting)
    monkeypatch.setenv("HANDTINT_RUNTIME", env["HANDTINT_RUNTIME"])
    program, *words = shortened(said)
    if program == "handtint":
        assert main(words) == 0
    else:
        importlib.import_module(words[1]).main(words[2:], standalone_mode=False)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("said", MEASURED)
def test_the_command_of_a_card_measures_the_card_s_figures(
    said: str, lasting: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them, on drawn pictures; it leaves the decoded pictures and no weights."""
    monkeypatch.chdir(lasting)
    _, _, module, *words = shortened(said)
    importlib.import_module(module).main(words, standalone_mode=False)
    figures = json.loads(capsys.readouterr().out)
    entry = find(said.split()[3])
    assert entry is not None
    missing = set(entry.metrics) - set(figures)
    assert {
        name for name in missing if not name.startswith("iou ")
    } == set()  # only a class can be absent from pictures
    assert set(figures) <= set(entry.metrics)
    assert all(np.isfinite(value) for value in figures.values())
    packed = Path(words[words.index("--packed") + 1])
    assert {path.name.partition("-")[0] for path in packed.glob("*.npy")} == {"train", "val"}
    assert not Path("weights").exists()


@pytest.mark.slow
@pytest.mark.parametrize("said", SHELL)
def test_commands_that_need_a_shell_work(said: str, env: dict[str, str], workplace: Path) -> None:
    run(SHELL[said], env, workplace)


@pytest.mark.parametrize("said", sorted(SENTENCES - set(SHORTENED)))
def test_what_a_sentence_says_is_run(said: str) -> None:
    """By a block, here, or by another test. What begins such a command stands for it."""
    ran = {*RUN_HERE, *SHORTENED, *SHELL, *ELSEWHERE, TRANSLATE, "make help"}
    assert [command for command in ran if begins(command, said)], f"nothing runs `{said}`"


def test_no_program_is_passed_over() -> None:
    """One that the pattern of commands does not know, though this system or the virtual environment has it."""
    known = {command for page in PAGES for command in spoken(page)}
    path = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    for page in PAGES:
        found = [plain("".join(groups)) for groups in CODE.findall(FENCE.sub("", page.read_text(encoding="utf-8")))]
        several = {command for command in found if " " in command and "<" not in command and "|" not in command}
        assert {command for command in several - known if shutil.which(command.split()[0], path=path)} == set(), page


def test_nothing_is_kept_for_commands_that_no_page_has() -> None:
    said = SENTENCES | {plain(line) for lines in BLOCKS.values() for line in lines}
    assert [short for short in SHORT if not any(begins(command, short) for command in said)] == []
    assert [command for command in (*SHELL, *ELSEWHERE, TRANSLATE) if command not in said] == []
    assert [command for command in MEASURED if begins(command, NAMED)] != []
    assert [command for command in ADDED if command not in said] == []


@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_runs_elsewhere_does_so(command: str) -> None:
    name, words = ELSEWHERE[command]
    assert words in (REPOSITORY / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page, "python")], ids=lambda page: page.stem)
def test_the_python_of_the_page_runs(page: Path) -> None:
    """With the arrays that the pages speak of as given, unless they make them themselves."""
    mask = np.zeros((48, 64), np.float32)
    mask[20:24, 30:34] = 1
    given = {"lightness": np.full(mask.shape, 50, np.float32), "hint_ab": np.stack([20 * mask] * 2), "hint_mask": mask}
    for block in blocks_of(page, "python"):
        if not block.title:
            names = dict(given)
            exec(compile(block.text, str(page), "exec"), names)
            assert names["ab"].shape == (2, *names["lightness"].shape)


@pytest.mark.parametrize("page", [*PAGES, *RECORDS], ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_options_within_sentences_exist(page: Path) -> None:
    """Those of the commands in the records of the bench, too."""
    for command in spoken(page):
        if command.startswith("handtint "):
            name, *rest = command.split()[1:]
            assert name in COMMANDS, command
            found = handtint.get_command(None, name)
            if isinstance(found, click.Group) and rest:
                found = found.get_command(None, rest.pop(0))
            known = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
            assert {word.partition("=")[0] for word in rest if word.startswith("-")} - known == set(), command


def test_make_help_lists_every_target() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    (targets,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    listed = subprocess.run(["make", "-s", "help"], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    assert {line.split()[0] for line in listed.splitlines()} == set(targets.split())


@pytest.mark.slow
def test_the_translations_are_written_anew(clone: Path, env: dict[str, str]) -> None:
    shutil.copytree(REPOSITORY / "plugin_krita", clone / "plugin_krita", ignore=shutil.ignore_patterns("__pycache__"))
    (clone / "docs").mkdir()
    shutil.copy(REPOSITORY / "docs" / "translate.py", clone / "docs")
    folder = clone / "plugin_krita" / "handtint_krita" / "translations"
    before = {path.name: path.read_text() for path in folder.iterdir()}
    (folder / "handtint_krita.pot").unlink()
    run(TRANSLATE, env | {"PYTHONPATH": f"{clone / 'engine'}:{clone / 'plugin_krita'}"}, clone)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


# The worked example --------------------------------------------------------------------------------------------------


def insert(text: str, diff: str) -> str:
    """The lines with a + of a block, put before the lines without one, which must stand in the text once."""
    lines = diff.splitlines()
    new = "".join(f"{line[1:]}\n" for line in lines if line.startswith("+"))
    anchor = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
    assert text.count(anchor) == 1, f"expected these lines once:\n{anchor}"
    return text.replace(anchor, new + anchor)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The package and nothing else of the repository, to be changed."""
    root = tmp_path / "clone"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "engine", root / "engine", ignore=ignored)
    (root / "weights").symlink_to(REPOSITORY / "weights")
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    return root


@pytest.mark.slow
def test_who_follows_the_page_has_a_method_of_their_own(clone: Path, env: dict[str, str], workplace: Path) -> None:
    for block in blocks_of(EXAMPLE, "python"):
        path = clone / block.title
        assert not path.exists(), f"{block.title} is there already: the example needs another name"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
    for block in blocks_of(EXAMPLE, "diff"):
        path = clone / block.title
        path.write_text(insert(path.read_text(), block.text))
    shutil.copy(workplace / "gray.png", clone)
    shim = clone / "bin" / "handtint"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m handtint "$@"\n')
    shim.chmod(0o755)
    inside = env | {"PYTHONPATH": str(clone / "engine"), "PATH": f"{shim.parent}:{env['PATH']}"}
    said = "".join(run(line, inside, clone) for block in blocks_of(EXAMPLE, "sh") for line in block.text.splitlines())
    assert "3 passed" in said
    assert "Gives the shadows the first color" in said
    toned = cv2.imread(str(clone / "toned.png")).astype(int)
    gray = cv2.imread(str(clone / "gray.png"))[..., 0]
    blue_over_red = (
        (toned[..., 0] - toned[..., 2])[gray < 60].mean(),
        (toned[..., 0] - toned[..., 2])[gray > 120].mean(),
    )
    assert blue_over_red[0] > 5, "the shadows have the first color, a blue"
    assert blue_over_red[1] < -5, "the lights have the others, warm ones"
    made = [block.title for block in blocks_of(EXAMPLE, "python")]
    checks = [["ruff", "check"], ["ruff", "format", "--check"]]
    for check in checks:
        subprocess.run([sys.executable, "-m", *check, *made], cwd=clone, check=True, capture_output=True, timeout=60)
