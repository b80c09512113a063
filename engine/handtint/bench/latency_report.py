"""The tables and the plot of `handtint bench latency`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from handtint.bench.latency import LatencyPlan, Timings, percentiles
from handtint.bench.plots import Bar, plot_latency
from handtint.bench.provenance import Origin

_PLOTTED = ("cold picture, preview", "stroke, preview", "palette, preview", "commit, full size")


def write_latency(timings: Sequence[Timings], plan: LatencyPlan, origin: Origin, out: Path) -> Path:
    """Write JSON, Markdown and the bars; returns the Markdown file."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "latency.json").write_text(json.dumps(latency_json(timings, plan, origin), indent=1) + "\n", "utf-8")
    tables = out / "latency.md"
    tables.write_text(latency_markdown(timings, origin), encoding="utf-8")
    bars = []
    for action in _PLOTTED:
        for size in timings:
            if action in size.seconds:
                middle, high, _ = percentiles(size.seconds[action])
                series = f"{size.method}, {size.threads} threads"
                bars.append(Bar(action, series, size.megapixels, middle, high))
    plot_latency(bars, out / "latency.png")
    return tables


def latency_json(timings: Sequence[Timings], plan: LatencyPlan, origin: Origin) -> dict[str, Any]:
    """Every single time too, in seconds."""
    return {**asdict(origin), "plan": asdict(plan), "sizes": [asdict(size) for size in timings]}


def _summary(timings: Sequence[Timings]) -> str:
    """One row for each engine."""
    lines = [["method", "device", "threads", "MP", *_PLOTTED, "peak memory, MB"]]
    lines.append(["---"] * len(lines[0]))
    for size in timings:
        high = [f"{1e3 * percentiles(size.seconds[a])[1]:.0f}" if a in size.seconds else "" for a in _PLOTTED]
        place = [size.method, size.device, str(size.threads), f"{size.megapixels:g}"]
        lines.append([*place, *high, f"{size.peak_bytes / 2**20:.0f}"])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


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
    parts += ["![Medians and 95th percentiles](latency.png)", "## All of it: 95th percentiles", _summary(timings)]
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
