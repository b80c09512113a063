"""From a trained network to what is shipped: half-precision safetensors, an entry in manifest.toml, a model card."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from handtint.weights import MANIFEST


@dataclass(frozen=True)
class Provenance:
    """What a model card has to say and the network does not know.

    Attributes
    ----------
    recipe, data, licence, hardware, date : str
        Plain words; the date as YYYY-MM-DD.
    steps, samples : int
        Steps of the optimiser, and pictures that were seen with repetition.
    """

    recipe: str
    data: str
    licence: str
    hardware: str
    date: str
    steps: int
    samples: int


def export(
    net: nn.Module,
    name: str,
    arguments: Mapping[str, Any],
    folder: Path,
    provenance: Provenance,
    metrics: Mapping[str, float],
) -> Path:
    """Write `name`.safetensors, its manifest entry and `name`.md into a folder; returns the weight file.

    Parameters
    ----------
    arguments : mapping
        Keyword arguments with which the class of `net` is built again.
    metrics : mapping
        Figures for the manifest and the card.
    """
    file = WeightFile(
        name=name,
        net=type(net).__name__,
        arguments=arguments,
        recipe=f"engine/handtint/train/recipes/{name}.toml, {provenance.steps} steps; {provenance.recipe}",
        tensors=half_state(net),
    )
    parameters = sum(p.numel() for p in net.parameters())
    return write_weights(file, folder, provenance, metrics, parameters=f"{parameters / 1e6:.1f} million")


@dataclass(frozen=True)
class WeightFile:
    """What is written: tensors by name, and what the manifest says of them (see handtint.weights.Entry)."""

    name: str
    net: str
    arguments: Mapping[str, Any]
    recipe: str
    tensors: Mapping[str, Tensor]


def write_weights(
    file: WeightFile, folder: Path, provenance: Provenance, metrics: Mapping[str, float], **words: str
) -> Path:
    """Write `name`.safetensors, its manifest entry and `name`.md from the card's template; returns the weight file.

    Parameters
    ----------
    words : str
        What else stands in the template.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file.name}.safetensors"
    content = safetensors.torch.save(dict(file.tensors))
    path.write_bytes(content)
    entry = {
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "net": file.net,
        "arguments": dict(file.arguments),
        "recipe": file.recipe,
        "data": provenance.data,
        "licence": provenance.licence,
        "metrics": dict(metrics),
    }
    _update_manifest(folder / MANIFEST, file.name, entry)
    values = {
        **{field: getattr(provenance, field) for field in Provenance.__dataclass_fields__},
        "megabytes": f"{len(content) / 1e6:.1f} MB",
        "arguments": ", ".join(f"{key}={value}" for key, value in file.arguments.items()),
        "sha256": entry["sha256"],
        "sources": _read_text("sources.md").rstrip(),
        "metrics": "\n".join(f"| {key} | {value:g} |" for key, value in metrics.items()),
        **words,
    }
    card = Template(_read_text(f"{file.name}.md"))
    (folder / f"{file.name}.md").write_text(card.substitute(values), encoding="utf-8")
    return path


def _read_text(file: str) -> str:
    """A card's template, or the table of sources that all of them show."""
    return resources.files("handtint.train").joinpath("cards", file).read_text(encoding="utf-8")


def half_state(net: nn.Module) -> dict[str, Tensor]:
    """The network's state on the CPU: weights in half precision, statistics and counters as they are."""
    statistics = {name for name, _ in net.named_buffers()}
    return {
        name: value.detach().cpu().to(value.dtype if name in statistics else torch.float16).contiguous()
        for name, value in net.state_dict().items()
    }


def _update_manifest(path: Path, name: str, entry: Mapping[str, Any]) -> None:
    tables = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    tables[name] = entry
    text = "# Written by handtint.train.export; what each field means is said in engine/handtint/weights.py.\n"
    for key, table in sorted(tables.items()):
        text += f"\n[{key}]\n" + "".join(f"{field} = {_toml(value)}\n" for field, value in table.items())
    path.write_text(text, encoding="utf-8")


def _toml(value: Any) -> str:
    """A plain value as TOML: JSON writes strings and numbers alike."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
