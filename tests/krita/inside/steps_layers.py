"""Undo steps, modes, and what becomes of the color layer when the whole picture is cropped, turned or painted on."""

import kit
from PyQt5.QtCore import QUuid
from PyQt5.QtWidgets import QAbstractItemView

RESULT = globals()["RESULT"]
SRGB = "sRGB-elle-V2-srgbtrc.icc"
COLOR = "Handtint color"


def history():
    """Krita's undo steps of the document in front."""
    docker = next(x for x in kit.krita.activeWindow().dockers() if x.objectName() == "History")
    model = docker.findChild(QAbstractItemView).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())][1:]


def make(name, depth, width, height):
    """A gray picture with a brighter half, in front."""
    document = kit.krita.createDocument(width, height, name, "RGBA", depth, SRGB, 72.0)
    document.setBatchmode(True)
    kit.krita.activeWindow().addView(document).setVisible()
    yield lambda: kit.krita.activeDocument() == document and document.activeNode() is not None
    document.topLevelNodes()[0].setName(name)
    pixel = 4 if depth == "U8" else 8
    row = b"\x60" * pixel * (width // 2) + b"\xa0" * pixel * (width - width // 2)
    row = bytearray(row)
    for byte in range(pixel - pixel // 4, pixel):
        row[byte::pixel] = b"\xff" * width
    kit.fill(document, name, bytes(row) * height)
    yield lambda: kit.panel().base.currentText().strip() == name
    RESULT["document"] = document


def mark(document, x, y, side=20):
    """A reddish hint, or a dab on any other layer that is named."""
    pixel = b"\x4c\x6b\xb2\xff" if document.colorDepth() == "U8" else b"\x4c\x4c\x6b\x6b\xb2\xb2\xff\xff"
    document.nodeByName("Hints").setPixelData(pixel * side * side, x, y, side, side)


def set_up(document):
    kit.click(kit.panel().new)
    yield lambda: document.activeNode() is not None and document.activeNode().name() == "Hints"
    yield lambda: kit.settled(document)


def results(document):
    """How often a layer of ours is there."""
    return [node.name() for node in document.nodeByName("Colorization").childNodes()].count(COLOR)


def seen(document, x, y):
    document.refreshProjection()
    document.waitForDone()
    return list(bytes(document.pixelData(x, y, 1, 1)))


def undo(document, gone):
    yield lambda: kit.settled(document)
    kit.trigger("edit_undo")
    yield gone
    yield lambda: kit.enabled("edit_redo") and kit.settled(document)


def steps():
    kit.show_window()
    kit.krita.activeWindow().qwindow().setFocus()
    yield from first_steps()
    for depth in ("U8", "U16"):
        yield from undo_steps(depth)
    yield from whole_picture()
    yield from painted_on()


def first_steps():
    """A document brings the docker up; the method without weights is enough here."""
    document = kit.krita.createDocument(16, 16, "first", "RGBA", "U8", SRGB, 72.0)
    document.setBatchmode(True)
    kit.krita.activeWindow().addView(document)
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    yield lambda: kit.panel().base.count() == 1
    kit.approach()
    yield lambda: kit.panel().method.count() > 1
    kit.choose_method("scribble")


def undo_steps(depth):
    """Each deed is one undo step, whatever the mode; Krita's own undo brings back what was there."""
    panel = kit.panel()
    yield from make("Gray " + depth, depth, 120, 80)
    document = RESULT.pop("document")
    kit.choose(panel.blend, "Follows the base")
    before = len(history())
    yield from set_up(document)
    RESULT[depth + " set up"] = history()[before:]
    mode = document.nodeByName(COLOR).blendingMode()
    mark(document, 10, 10)
    before = len(history())
    yield from kit.colored()
    RESULT[depth + " colored"] = [mode, history()[before:], document.nodeByName(COLOR).blendingMode()]
    shown = seen(document, 20, 20)
    RESULT[depth + " reddish"] = shown
    kit.click(panel.bake)
    yield lambda: "Colored picture" in [node.name() for node in document.nodeByName("Colorization").childNodes()]
    yield lambda: kit.settled(document)
    RESULT[depth + " baked"] = [history()[before:], seen(document, 20, 20) == shown]
    yield from undo(document, lambda: document.nodeByName("Colored picture") is None)
    RESULT[depth + " unbaked"] = seen(document, 20, 20) == shown
    document.setActiveNode(document.nodeByName("Hints"))
    yield lambda: document.activeNode().name() == "Hints"
    yield from kit.colored()
    RESULT[depth + " still ours"] = results(document)

    # Exact again: the picture is the same, and undo has the old layer back with its own pixels.
    first = document.nodeByName(COLOR).uniqueId().toString()
    held = kit.content(document, COLOR)
    kit.choose(panel.blend, "Exact")
    yield from kit.colored()
    yield lambda: kit.settled(document)
    exact = seen(document, 20, 20)
    RESULT[depth + " exact"] = [results(document), max(abs(a - b) for a, b in zip(exact, shown, strict=True))]
    if depth == "U16":  # another layer has taken its place: that is undone first
        yield from undo(document, lambda: document.nodeByName(COLOR) is None)
    yield from undo(document, lambda: old(document, mode))
    again = document.nodeByName(COLOR)
    same = again.uniqueId().toString() == first and (depth == "U8" or kit.content(document, COLOR) == held)
    RESULT[depth + " undone"] = [same, seen(document, 20, 20) == shown]


def old(document, mode):
    """Whether our layer is there in a mode."""
    node = document.nodeByName(COLOR)
    return node is not None and node.blendingMode() == mode


def whole_picture():
    """What is done to all layers at once leaves our layer ours."""
    panel = kit.panel()
    kit.choose(panel.blend, "Exact")
    yield from make("Square", "U8", 90, 90)
    document = RESULT.pop("document")
    yield from set_up(document)
    mark(document, 10, 10)
    yield from kit.colored()
    deeds = {
        "cropped": lambda: document.crop(5, 5, 80, 80),
        "resized": lambda: document.resizeImage(-4, -4, 88, 88),
        "turned": lambda: document.rotateImage(1.5707963267948966),
        "scaled": lambda: document.scaleImage(66, 66, 72, 72, "Bicubic"),
        "mirrored": lambda: kit.trigger("mirrorImageHorizontal"),
    }
    for name, deed in deeds.items():
        yield lambda: kit.settled(document)
        before = kit.content(document, COLOR)
        deed()
        yield lambda before=before: document.tryBarrierLock() and (document.unlock() or True) and (
            kit.content(document, COLOR) != before)  # fmt: skip
        yield from kit.colored()
        RESULT[name] = [
            results(document),
            document.width(),
            colored_there(document),
        ]


def colored_there(document):
    """Whether there is color where the hint is."""
    at = document.nodeByName("Hints").bounds().center()
    return kit.colorful(kit.pixel(document, COLOR, at.x(), at.y()))


def painted_on():
    """What the painter paints on our layer is the painter's, also when the picture is cropped afterwards."""
    yield from make("Painted", "U8", 200, 160)
    document = RESULT.pop("document")
    yield from set_up(document)
    mark(document, 10, 10)
    yield from kit.colored()
    color = document.nodeByName(COLOR)
    document.setActiveNode(color)
    yield lambda: document.activeNode() is not None and document.activeNode().name() == COLOR
    view = kit.krita.activeWindow().activeView()
    view.setBrushSize(12)
    kit.pick_color(20, 200, 60)
    before = kit.content(document, COLOR)
    yield 0.5
    stroke = kit.stroke((80, 80), (120, 90), (150, 100))
    yield lambda: stroke.poll() is not None
    yield lambda: kit.content(document, COLOR) != before
    document.setActiveNode(document.nodeByName("Hints"))
    yield lambda: document.activeNode().name() == "Hints"
    turns = kit.panel()._model._timer
    turned = []
    turns.timeout.connect(lambda: turned.append(True))
    yield lambda: len(turned) > 1
    document.crop(10, 10, 180, 140)
    yield lambda: document.width() == 180 and kit.settled(document)
    held = bytes(color.pixelData(0, 0, 180, 140))
    yield from kit.colored()
    left_alone = bytes(color.pixelData(0, 0, 180, 140)) == held
    ours = document.nodeByUniqueID(QUuid(kit.panel()._model.in_hand().roles().result))
    on_top = seen(document, 90, 70)[:3] == list(bytes(ours.pixelData(90, 70, 1, 1)))[:3]
    RESULT["painted on"] = [results(document), left_alone, ours.index() > color.index(), on_top]
