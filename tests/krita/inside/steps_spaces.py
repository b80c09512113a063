"""Documents of every color model and depth through the real engine: base and hints in, the composite out."""

import json

import kit

RESULT = globals()["RESULT"]


def steps():
    kit.show_window()
    with open(kit.path("cases.json")) as file:
        cases = json.load(file)
    for case in cases:
        document = kit.krita.createDocument(case["width"], case["height"], case["name"], *case["space"], 72.0)
        document.setBatchmode(True)
        view = kit.krita.activeWindow().addView(document)
        view.setVisible()
        yield lambda document=document: kit.krita.activeDocument() == document and document.activeNode() is not None
        kit.show_dock()
        base = document.topLevelNodes()[0]
        base.setName("Base")
        fill(document, base, case["name"] + ".base")
        hints = document.createNode("Hints", "paintlayer")
        fill(document, hints, case["name"] + ".hints")
        document.rootNode().addChildNode(hints, None)
        document.refreshProjection()
        document.waitForDone()
        yield lambda: kit.panel().base.currentText() == "Base"
        kit.approach()
        yield lambda: kit.panel().method.count() > 1
        kit.choose_method("scribble")
        yield lambda: kit.panel().hints.layer.count() > 1
        kit.choose(kit.panel().hints.layer, "Hints")
        kit.click(kit.panel().colorize)
        yield lambda document=document: "Handtint color" in kit.names(document)
        yield kit.idle
        document.waitForDone()
        RESULT[case["name"]] = [document.colorModel(), document.colorDepth(), document.colorProfile()]
        kit.dump(document, "Base", case["name"] + ".base.after")
        with open(kit.path(case["name"] + ".composite"), "wb") as out:
            document.nodeByName("Hints").setVisible(False)
            document.refreshProjection()
            document.waitForDone()
            out.write(bytes(document.pixelData(0, 0, document.width(), document.height())))


def fill(document, node, file):
    with open(kit.path(file), "rb") as data:
        node.setPixelData(data.read(), 0, 0, document.width(), document.height())
