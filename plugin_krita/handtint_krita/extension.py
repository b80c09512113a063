"""Ties Handtint to Krita: one model per process, a docker per window, three actions. The only file with Krita's bases.

Imports krita, so it can be imported inside Krita only.
"""

from __future__ import annotations

import logging
import logging.handlers
import time
from pathlib import Path
from typing import Any

from krita import DockWidget, DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita, ManagedColor, Palette

from handtint.client.launcher import Launcher
from handtint.client.link import EngineLink
from handtint.errors import GuidanceError
from handtint.wire.messages import Color
from handtint_krita.colorspace import SRGB
from handtint_krita.docker import Panel
from handtint_krita.guard import guarded
from handtint_krita.model import Model
from handtint_krita.palettes import KritaPalettes
from handtint_krita.qt import QLocale, QTimer, isdeleted
from handtint_krita.watcher import UndoHints
from handtint_krita.widgets import Icons
from handtint_krita.words import speak, told, tr

DOCKER = "handtint_docker"
_GROUP = "handtint"
_LINGER = 0.02
"""Seconds for which Krita waits for the rest of an answer that has begun to come; all of one takes some 10 ms."""
_LOG_BYTES = 1 << 20


class KritaStore:
    """Settings in Krita's own settings file."""

    def __init__(self, krita: Any) -> None:
        self._krita = krita

    def read(self, key: str, default: str) -> str:
        return str(self._krita.readSetting(_GROUP, key, default))

    def write(self, key: str, value: str) -> None:
        self._krita.writeSetting(_GROUP, key, value)


class KritaBrush:
    """The color that Krita paints with in the view that is in front."""

    def __init__(self, krita: Any) -> None:
        self._krita = krita

    def color(self) -> Color:
        shown = self._view().foregroundColor().colorForCanvas(None)
        return Color(shown.redF(), shown.greenF(), shown.blueF())

    def take(self, color: Color) -> None:
        """Paint with an sRGB color; exactly, whatever the screen's profile is."""
        red, green, blue = (round(255 * channel) / 255 for channel in color)  # Krita itself would round down
        chosen = ManagedColor("RGBA", "U8", SRGB)
        chosen.setComponents([blue, green, red, 1.0])  # in the order of Krita's memory
        self._view().setForeGroundColor(chosen)

    def _view(self) -> Any:
        window = self._krita.activeWindow()
        view = window.activeView() if window is not None else None
        if view is None:
            raise GuidanceError(tr("Open a gray picture first"))
        return view


class HandtintExtension(Extension):  # type: ignore[misc]
    """Owns the model: Krita ends dockers before `applicationClosing`, the extension after it."""

    def __init__(self, krita: Any) -> None:
        super().__init__(krita)
        self._krita = krita
        log = Path(krita.getAppDataLocation()) / "handtint" / "krita.log"
        _write_log(log)
        self.logs = {tr("Log of the engine"): Launcher().log_path, tr("Log of this docker"): log}
        self.model = Model(krita, KritaStore(krita), _make_link, time.monotonic, KritaBrush(krita))
        self.hints = UndoHints(self)
        self.hints.hinted.connect(self.model.hint)
        self._live_actions: list[Any] = []
        self.model.changed.connect(self._show_live)
        self.palettes = KritaPalettes(krita, Palette)

    def setup(self) -> None:
        """Called by Krita once, when all plug-ins are loaded."""
        self._notifier = self._krita.notifier()
        self._notifier.setActive(True)
        self._notifier.applicationClosing.connect(self.model.close)

    def createActions(self, window: Any) -> None:  # noqa: N802 - Krita's name
        """Called by Krita for each window; names, tips and shortcuts are in the .action file."""
        model = self.model
        deeds = {
            "handtint_new": model.deeds.new_colorization,
            "handtint_colorize": model.colorize,
            "handtint_detect": model.detect,
            "handtint_suggest": model.helper.suggest_under_pointer,
            "handtint_variant": model.deeds.keep_variant,
        }
        for name, deed in deeds.items():
            action = _translated(window.createAction(name, "", "tools/scripts"))
            action.triggered.connect(lambda _checked, deed=deed: deed())
        live = _translated(window.createAction("handtint_live", "", "tools/scripts"))
        live.setCheckable(True)
        live.toggled.connect(lambda on: self.model.set_live(on))
        self._live_actions.append(live)

    @guarded
    def _show_live(self) -> None:
        self._live_actions = [action for action in self._live_actions if not isdeleted(action)]
        for action in self._live_actions:
            action.setChecked(self.model.view.live)

    @guarded
    def canvas_changed(self) -> None:
        """A docker saw another canvas: take up the document that is in front."""
        window = self._krita.activeWindow()
        if window is not None:
            self.hints.attach(window)
        self.model.look_up_document()

    def report(self, error: Exception) -> None:
        """Where guarded methods leave what went wrong."""
        self.model.report(error)


def make_docker_type(extension: HandtintExtension) -> type:
    """The class that Krita makes a docker of in each window."""

    class HandtintDocker(DockWidget):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.setWindowTitle(tr("Handtint"))
            self.panel = Panel(extension.model, extension.palettes, Icons(Krita.instance().icon), extension.logs)
            self.setWidget(self.panel)

        def canvasChanged(self, canvas: Any) -> None:  # noqa: N802 - Krita's name
            # Krita calls several times for one document, at first before it is ready.
            QTimer.singleShot(50, extension.canvas_changed)

    return HandtintDocker


def register() -> None:
    """Give Krita the extension and the docker, in Krita's own language."""
    speak(QLocale().uiLanguages())
    krita = Krita.instance()
    extension = HandtintExtension(krita)
    krita.addExtension(extension)
    krita.addDockWidgetFactory(DockWidgetFactory(DOCKER, DockWidgetFactoryBase.DockRight, make_docker_type(extension)))


def _translated(action: Any) -> Any:
    """An action with its texts, which Krita read from the .action file, in the painter's language."""
    action.setText(told(action.text()))
    action.setToolTip(told(action.toolTip()))
    action.setWhatsThis(told(action.whatsThis()))
    action.setStatusTip(told(action.statusTip()))
    return action


def _make_link() -> EngineLink:
    return EngineLink("krita", launcher=Launcher(), linger=_LINGER)


def _write_log(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name in ("handtint", "handtint_krita"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
