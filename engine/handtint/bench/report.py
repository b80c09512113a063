"""What a run leaves in its folder: the tables, the plots, the galleries, and one HTML page that shows them all."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path

import cv2

from handtint.bench.pictures import read_picture
from handtint.bench.plots import gallery, plot_bleeding, plot_psnr, worst_pictures
from handtint.bench.provenance import Origin
from handtint.bench.quality import Plan, Score, color_pictures, hint_file
from handtint.bench.summary import summarize, to_json, to_markdown
from handtint.errors import InputError

FIGURES = "quality.json"
TABLES = "quality.md"
PAGE = "report.html"
_SHOWN = 12


def write_report(plan: Plan, scores: Sequence[Score], origin: Origin, out: Path) -> Path:
    """Write tables (Markdown and JSON) and plots; returns the Markdown file. Nothing of it shows a picture."""
    summary = summarize(scores, plan)
    values = to_json(summary, plan, origin)
    (out / FIGURES).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    tables = out / TABLES
    tables.write_text(to_markdown(summary, plan, origin), encoding="utf-8")
    plot_psnr(summary, out / "psnr.png")
    plot_bleeding(summary, out / "bleeding.png")
    return tables


def write_gallery(plan: Plan, scores: Sequence[Score], out: Path, *, device: str = "cpu", number: int = _SHOWN) -> Path:
    """The worst pictures of the plan's first method at about ten hints, next to all others; chosen by Delta E00."""
    method = plan.methods[0]
    counts = sorted({score.hints for score in scores if score.method == method})
    count = min(counts, key=lambda found: abs(found - 10))
    names = worst_pictures(scores, method, count, number)
    pictures = [read_picture(plan.data, name, side=plan.side, square=plan.sampler.square) for name in names]
    hints = [hint_file(plan, out, picture, 0).painted(count) for picture in pictures]
    colored = color_pictures(plan, out, names, count, device)
    path = out / f"worst-{method}-{count}-hints.png"
    cv2.imwrite(str(path), gallery(pictures, hints, [colored[name] for name in names])[..., ::-1])
    return path


def write_page(out: Path) -> Path:
    """One HTML page of the tables, plots and galleries in a folder; for local eyes, as it may show the data."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(out.glob("*.md"))]
    if not texts:
        raise InputError(f"expected the folder of a finished run with tables (.md), got {out}; measure first")
    body = "\n".join(_block(block) for text in texts for block in text.split("\n\n") if not block.startswith("!["))
    images = "\n".join(_figure(image) for image in sorted(out.glob("*.png")))
    page = out / PAGE
    page.write_text(_PAGE.format(body=body, images=images), encoding="utf-8")
    return page


def _figure(image: Path) -> str:
    caption = f"<figcaption>{html.escape(image.stem)}</figcaption>"
    return f'<figure><img src="{html.escape(image.name)}" alt="">{caption}</figure>'


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Handtint: figures</title><style>
body {{ font: 14px/1.5 sans-serif; margin: 2em; }} table {{ border-collapse: collapse; }}
td, th {{ border: 1px solid #ccc; padding: 2px 8px; text-align: right; }} td:first-child {{ text-align: left; }}
img {{ max-width: 100%; }} figure {{ margin: 2em 0; }}
</style></head><body>
{body}
{images}
</body></html>
"""


def _block(block: str) -> str:
    """One block of our own Markdown (heading, list, table, paragraph) as HTML."""
    text = html.escape(block.strip(), quote=False)
    if text.startswith("#"):
        level = len(text) - len(text.lstrip("#"))
        return f"<h{level}>{text.lstrip('# ')}</h{level}>"
    if text.startswith("- "):
        return "<ul>" + "".join(f"<li>{line[2:]}</li>" for line in text.splitlines()) + "</ul>"
    if text.startswith("|"):
        head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines())
        lines = [f"<tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr>"]
        lines += [f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows]
        return f"<table>{''.join(lines)}</table>"
    return f"<p>{text}</p>"
