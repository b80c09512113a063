"""Live: strokes of a real pointer are followed by color, no stroke is cut, undo goes back step by step."""

import kit

RESULT = globals()["RESULT"]


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    yield lambda: kit.panel().base.count() == 1
    document.topLevelNodes()[0].setName("Photograph")
    kit.click(kit.panel().hints.add)
    yield lambda: document.activeNode() is not None and document.activeNode().name() == "Hints"
    kit.approach()
    yield lambda: kit.panel().method.count() > 1
    kit.choose_method("scribble")
    view = kit.krita.activeWindow().activeView()
    view.setBrushSize(24)
    yield from kit.placed()

    kit.click(kit.panel().live)
    yield lambda: kit.panel().live.isChecked()
    yield lambda: kit.status().startswith("Paint")
    RESULT["without hints"] = kit.names(document)
    kit.pick_color(178, 107, 76)
    first = kit.stroke((110, 120), (130, 150), (150, 190))
    yield lambda: first.poll() is not None
    yield lambda: kit.colorful(kit.pixel(document, "Handtint color", 130, 150))
    RESULT["layers"] = kit.names(document)
    yield 0.3
    RESULT["active"] = document.activeNode().name()

    kit.pick_color(60, 110, 160)
    yield kit.idle
    RESULT["before"] = kit.pixel(document, "Handtint color", 320, 340)
    second = kit.stroke((300, 330), (320, 340), (345, 345))
    yield lambda: second.poll() is not None
    yield lambda: not kit.near(kit.pixel(document, "Handtint color", 320, 340), RESULT["before"])
    yield lambda: kit.idle()
    RESULT["after"] = kit.pixel(document, "Handtint color", 320, 340)
    shot = kit.screenshot("live.png")
    yield lambda: shot.poll() is not None

    before_third = kit.pixel(document, "Handtint color", 540, 230)

    # A request while the pen is down waits for its end and does not cut the stroke.
    held = kit.stroke((520, 200), (540, 230), (560, 260), release=False)
    yield lambda: held.poll() is not None
    kit.trigger("handtint_colorize")
    yield 0.7
    RESULT["while painting"] = kit.status()
    RESULT["pen down"] = not document.tryBarrierLock()
    rest = kit.xdotool("mousemove_relative", "40", "60", "sleep", "0.1", "mouseup", "1")
    yield lambda: rest.poll() is not None
    yield lambda: not kit.near(kit.pixel(document, "Handtint color", 540, 230), before_third)
    yield lambda: kit.idle()
    bounds = document.nodeByName("Hints").bounds()
    RESULT["stroke went on to"] = bounds.right()

    yield lambda: kit.settled(document)
    kit.trigger("edit_undo")  # the third stroke
    yield lambda: kit.near(kit.pixel(document, "Handtint color", 540, 230), before_third)
    yield lambda: kit.settled(document)
    kit.trigger("edit_undo")  # the second stroke
    yield lambda: kit.near(kit.pixel(document, "Handtint color", 320, 340), RESULT["before"])
    yield lambda: kit.settled(document)
    RESULT["still"] = kit.names(document)
    kit.trigger("edit_undo")  # our layer
    yield lambda: "Handtint color" not in kit.names(document)
    yield lambda: not kit.panel().live.isChecked()
    RESULT["removed"] = kit.status()
    yield lambda: kit.settled(document)
    kit.trigger("edit_undo")  # the first stroke
    yield lambda: document.nodeByName("Hints").bounds().isEmpty()
    yield 0.3
    RESULT["nothing came back"] = kit.names(document)
    for expected in ("first stroke", "our layer", "second stroke", "third stroke"):
        yield lambda: kit.settled(document)
        yield lambda: kit.enabled("edit_redo")
        kit.trigger("edit_redo")
        yield 0.1
        RESULT["redone: " + expected] = [kit.names(document), document.nodeByName("Hints").bounds().right()]
