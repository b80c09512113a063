"""One value of an ini text: set, read, taken out, and everything else stays as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handtint.client.kritarc import setting, with_setting, without_setting

LINES = st.sampled_from(["[a]", "[b]", "k=1", "l=2", "", "# words", "s"])


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
    assert setting(after, "s", "k") == "v"


@given(st.lists(LINES))
def test_what_was_set_can_be_undone(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    assert without_setting(with_setting(text, "s", "k", "v"), "s", "k") == text


@given(st.lists(LINES), st.lists(st.sampled_from(["x=1", "", "# words"])).filter(lambda body: any(body)))
def test_what_was_set_in_a_section_with_more_can_be_undone(lines: list[str], body: list[str]) -> None:
    text = "".join(f"{line}\n" for line in [*lines, "[s]", *body])
    assert without_setting(with_setting(text, "s", "k", "v"), "s", "k") == text


def test_what_is_not_there_is_not_taken_out() -> None:
    assert setting("[s]\nl=m\n", "s", "k") is None
    assert setting("[a]\nk=v\n", "s", "k") is None
    for text in ("", "[s]\nl=m\n", "[a]\nk=v"):
        assert without_setting(text, "s", "k") == text
