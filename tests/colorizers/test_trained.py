"""Weights that are missing or not those of the network are refused in a sentence."""

from __future__ import annotations

import pytest

from handtint.colorizers import trained
from handtint.colorizers.trained import load_net
from handtint.errors import WeightsError
from handtint.nets.global_local import GlobalLocalNet
from handtint.weights import Entry, find


def test_missing_and_foreign_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = find("global_local")
    assert entry is not None
    monkeypatch.setattr(trained, "find", lambda name: None)
    with pytest.raises(WeightsError, match="not installed"):
        load_net("global_local", GlobalLocalNet)
    foreign = {field: getattr(entry, field) for field in Entry.__dataclass_fields__}
    for change, words in (({"net": "OtherNet"}, "OtherNet"), ({"arguments": {"width": 3}}, "do not fit")):
        monkeypatch.setattr(trained, "find", lambda name, change=change: Entry(**{**foreign, **change}))
        with pytest.raises(WeightsError, match=words):
            load_net("global_local", GlobalLocalNet)
