"""An engine of another version runs already: the docker says so, and that a restart would help."""

import kit

RESULT = globals()["RESULT"]


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    yield lambda: kit.panel().base.count() == 1
    kit.click(kit.panel().colorize)
    yield lambda: kit.panel().restart.isVisible()
    RESULT["said"], RESULT["idle"] = kit.status(), kit.idle()
    RESULT["layers"] = len(kit.names(document))
    yield from kit.shown("version.png")
