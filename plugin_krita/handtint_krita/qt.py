"""The one place that imports Qt: PyQt5 in Krita 5, PyQt6 in Krita 6, the same names for both.

Enum members are written in full everywhere (`Qt.Orientation.Horizontal`): the only form that both take.
"""

from __future__ import annotations

from typing import Any

try:  # Krita 6 answers an import of PyQt5 with ModuleNotFoundError
    from PyQt5 import QtCore, QtGui, QtWidgets, sip
except ImportError:
    from PyQt6 import QtCore, QtGui, QtWidgets, sip

QByteArray = QtCore.QByteArray
QEvent = QtCore.QEvent
QLocale = QtCore.QLocale
QObject = QtCore.QObject
QPoint = QtCore.QPoint
QPointF = QtCore.QPointF
QRect = QtCore.QRect
QRectF = QtCore.QRectF
QSignalBlocker = QtCore.QSignalBlocker
QSize = QtCore.QSize
QSocketNotifier = QtCore.QSocketNotifier
QTimer = QtCore.QTimer
QUrl = QtCore.QUrl
QUuid = QtCore.QUuid
Qt = QtCore.Qt
pyqtSignal = QtCore.pyqtSignal  # noqa: N816 - Qt's name

QColor = QtGui.QColor
QColorSpace = QtGui.QColorSpace
QCursor = QtGui.QCursor
QDesktopServices = QtGui.QDesktopServices
QIcon = QtGui.QIcon
QImage = QtGui.QImage
QImageReader = QtGui.QImageReader
QPainter = QtGui.QPainter
QPalette = QtGui.QPalette
QPen = QtGui.QPen
QPixmap = QtGui.QPixmap
QTransform = QtGui.QTransform

QAbstractItemView = QtWidgets.QAbstractItemView
QApplication = QtWidgets.QApplication
QColorDialog = QtWidgets.QColorDialog
QComboBox = QtWidgets.QComboBox
QFileDialog = QtWidgets.QFileDialog
QFrame = QtWidgets.QFrame
QGridLayout = QtWidgets.QGridLayout
QHBoxLayout = QtWidgets.QHBoxLayout
QLabel = QtWidgets.QLabel
QLineEdit = QtWidgets.QLineEdit
QMenu = QtWidgets.QMenu
QPlainTextEdit = QtWidgets.QPlainTextEdit
QPushButton = QtWidgets.QPushButton
QScrollArea = QtWidgets.QScrollArea
QSizePolicy = QtWidgets.QSizePolicy
QSlider = QtWidgets.QSlider
QToolButton = QtWidgets.QToolButton
QToolTip = QtWidgets.QToolTip
QVBoxLayout = QtWidgets.QVBoxLayout
QWidget = QtWidgets.QWidget

isdeleted = sip.isdeleted
"""Whether Qt has already deleted what a Python object stands for (a closed window takes its actions along)."""
transferback = sip.transferback
"""Gives an object that libkis made back to Python, which then frees it."""


def event_position(event: Any) -> Any:
    """Where in the widget a mouse event happened, as QPointF (Qt 6 renamed it)."""
    return event.position() if hasattr(event, "position") else event.localPos()
