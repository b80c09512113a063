"""The first color in a Krita that was never started before, as the README says it: open, show the docker, Colorize."""

import kit

RESULT = globals()["RESULT"]


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    yield lambda: kit.panel().base.count() == 1
    kit.click(kit.panel().colorize)
    yield lambda: kit.panel().method.count() > 1  # the engine has been started
    yield lambda: "Handtint color" in kit.names(document) and kit.idle()
    RESULT["status"] = kit.status()
    RESULT["layers"] = kit.names(document)
    document.waitForDone()
    kit.dump(document, "Handtint color", "krita.raw")
    yield from kit.shown("krita.png")
