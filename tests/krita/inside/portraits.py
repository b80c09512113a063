"""Pictures of the docker as narrow as it gets, on a dark and on a light theme. Runs inside Krita."""

import kit
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QAction, QScrollArea

NARROW, USUAL = 250, 290
THEMES = {"light": "Krita bright", "dark": "Krita dark"}


def portraits(name, cut_off):
    """Steps: take the docker's picture on both themes; `cut_off` gets what its right side hides, by picture."""
    window = kit.krita.activeWindow().qwindow()
    window.resizeDocks([kit.dock()], [NARROW], kit.Qt.Horizontal)
    yield lambda: kit.dock().width() <= NARROW + 10
    for theme, title in THEMES.items():
        entry = next(action for action in window.findChildren(QAction) if action.text().replace("&", "") == title)
        entry.trigger()
        yield lambda theme=theme: is_dark() == (theme == "dark")
        assert kit.dock().grab().save(kit.path(f"{name}-{theme}.png"))
        cut_off[f"{name}-{theme}"] = too_wide(kit.panel())
    window.resizeDocks([kit.dock()], [USUAL], kit.Qt.Horizontal)
    yield lambda: kit.dock().width() > NARROW + 10


def is_dark():
    return kit.panel().palette().color(QPalette.Window).lightness() < 128


def too_wide(panel):
    """What the docker cuts off at its right side."""
    viewport = panel.findChild(QScrollArea).viewport()
    right = viewport.mapToGlobal(viewport.rect().topRight()).x()
    seen = [w for w in viewport.findChildren(kit.QWidget) if w.isVisible()]
    return [type(w).__name__ for w in seen if w.mapToGlobal(w.rect().topRight()).x() > right]
