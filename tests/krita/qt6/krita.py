"""Stands in for Krita's own module where there is no Krita 6 to test in: a Krita in which no picture is open.

Only what the plug-in needs to be registered, built and clicked. Whatever concerns pictures is tested in the real one.
"""

import os

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction, QColor, QIcon, QPixmap
from PyQt6.QtWidgets import QApplication, QDockWidget

application = QApplication([])

Palette = ManagedColor = None
"""Nothing is open and no palette is there, so nobody asks for one."""


class Extension(QObject):
    def __init__(self, parent):
        super().__init__(parent)


class DockWidget(QDockWidget):
    def canvas(self):
        return None


class DockWidgetFactoryBase:
    DockRight = 1


class DockWidgetFactory:
    def __init__(self, name, place, kind):
        self.name, self.kind = name, kind


class Notifier(QObject):
    applicationClosing = pyqtSignal()  # noqa: N815 - Krita's name

    def setActive(self, on):  # noqa: N802
        pass


class Window(QObject):
    def createAction(self, name, text, menu):  # noqa: N802
        action = QAction(name, self)
        action.setObjectName(name)
        return action

    def dockers(self):
        return []

    def activeView(self):  # noqa: N802
        return None


class Krita(QObject):
    _instance = None

    @classmethod
    def instance(cls):
        cls._instance = cls._instance or cls()
        return cls._instance

    def __init__(self):
        super().__init__()
        self.settings, self.factories, self.extensions = {}, [], []
        self.window, self._notifier = Window(), Notifier()

    def addExtension(self, extension):  # noqa: N802
        self.extensions.append(extension)

    def addDockWidgetFactory(self, factory):  # noqa: N802
        self.factories.append(factory)

    def notifier(self):
        return self._notifier

    def getAppDataLocation(self):  # noqa: N802
        return os.environ["HANDTINT_SCRATCH"]

    def readSetting(self, group, name, default):  # noqa: N802
        return self.settings.get((group, name), default)

    def writeSetting(self, group, name, value):  # noqa: N802
        self.settings[group, name] = value

    def activeWindow(self):  # noqa: N802
        return self.window

    def activeDocument(self):  # noqa: N802
        return None

    def documents(self):
        return []

    def resources(self, kind):
        return {}

    def icon(self, name):
        pixmap = QPixmap(16, 16)
        pixmap.fill(QColor("#888888"))
        return QIcon(pixmap)
