"""The tables and the plot of `handtint bench latency`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from handtint.bench.latency import LatencyPlan, Timings, percentiles
from handtint.bench.plots import plot_latency
from handtint.bench.provenance import Origin

_PLOTTED = ("cold picture, preview", "stroke, preview", "palette, preview", "commit, full size")


def write_latency(timings: Sequence[Timings], plan: LatencyPlan, origin: Origin, out: Path) -> Path:
    """Write JSON, Markdown and the bars; returns the Markdown file."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "latency.json").write_text(json.dumps(latency_json(timings, plan, origin), indent=1) + "\n", "utf-8")
    tables = out / "latency.md"
    tables.write_text(latency_markdown(timings, origin), encoding="utf-8")
    rows = []
    for size in timings:
        for action in _PLOTTED:
            if action in size.seconds:
                middle, high, _ = percentiles(size.seconds[action])
                rows.append((f"{size.method}, {size.megapixels:g} MP, {size.threads} thr.: {action}", middle, high))
    plot_latency(rows, out / "latency.png")
    return tables


def latency_json(timings: Sequence[Timings], plan: LatencyPlan, origin: Origin) -> dict[str, Any]:
    """Every single time too, in seconds."""
    return {**asdict(origin), "plan": asdict(plan), "sizes": [asdict(size) for size in timings]}


def latency_markdown(timings: Sequence[Timings], origin: Origin) -> str:
    """Milliseconds, one table for each engine."""
    head = {
        "Date": origin.date,
        "Commit": origin.commit,
        "Hardware": origin.hardware,
        "Software": origin.software,
        "Data": "scikit-image's coffee, scaled, with grain; hints of five strokes and more",
        "Command": f"`{origin.command}`",
    }
    parts = ["# Latency", "\n".join(f"- {name}: {value}" for name, value in head.items())]
    parts.append("Milliseconds through the client and a real engine process over the socket, one request at a time.")
    for size in timings:
        parts.append(f"## {size.method}, {size.megapixels:g} MP, {size.threads} threads, {size.device}")
        parts.append(_table(size))
    return "\n\n".join(parts) + "\n"


def _table(size: Timings) -> str:
    lines = ["| action | p50 | p95 | max | n |", "| --- | --- | --- | --- | --- |"]
    for action, seconds in size.seconds.items():
        figures = " | ".join(f"{1e3 * value:.1f}" for value in percentiles(seconds))
        lines.append(f"| {action} | {figures} | {len(seconds)} |")
    memory = f"{size.peak_bytes / 2**20:.0f} MB" if size.peak_bytes else "not known here"
    return "\n".join([*lines, "", f"Peak memory of the engine: {memory}."])
