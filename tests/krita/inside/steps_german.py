"""Krita is set to German: so is the docker, with its actions and the layers that it makes."""

import kit

RESULT = globals()["RESULT"]
ACTIONS = ("handtint_new", "handtint_colorize", "handtint_live")


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    panel = kit.panel()
    yield lambda: panel.base.count() == 1
    RESULT["actions"] = [kit.krita.action(name).text() for name in ACTIONS]
    RESULT["at first"] = kit.status()
    kit.approach()
    yield lambda: panel.method.count() > 1
    kit.choose_method("scribble")
    RESULT["help"] = panel.help.text()
    kit.click(panel.new)
    yield lambda: document.nodeByName("Färbung") is not None and document.activeNode().name() == "Hinweise"
    RESULT["inside"] = [node.name() for node in document.nodeByName("Färbung").childNodes()]
    document.nodeByName("Hinweise").setPixelData(b"\x4c\x6b\xb2\xff" * 400, 100, 100, 20, 20)
    kit.click(panel.colorize)
    yield lambda: kit.idle() and kit.status().startswith("In ")
    RESULT["colored"] = kit.status()
    yield from kit.shown("german.png")
