"""Every usable method colors a photograph by itself and with each of its own controls, in two ways each."""

import json
import os

import kit
from PyQt5.QtWidgets import QLineEdit

RESULT = globals()["RESULT"]
METHODS = json.loads(os.environ["HANDTINT_METHODS"])
PALETTES = json.loads(os.environ["HANDTINT_PALETTES"])


def read(name):
    with open(kit.path(name), "rb") as file:
        return file.read()


def controls():
    """The docker's controls by name, each with what is greyed where a method does not take it."""
    panel = kit.panel()
    found = {"hints": panel.hints.layer, "semantic": panel.semantic.detect, "exemplar": panel.exemplar.choice}
    return found | {"palette": panel.palette_control.choice}


def set_hints(document, variant):
    kit.fill(document, "Hints", read(f"hints{variant}.raw"))
    kit.choose(kit.panel().hints.layer, "Hints")
    yield lambda: True


def set_semantic(document, variant):
    kit.fill(document, "Semantic", read(f"semantic{variant}.raw"))
    kit.choose(kit.panel().semantic.layer, "Semantic")
    yield lambda: True


def set_palette(document, variant):
    kit.type_palette(PALETTES[variant])
    yield lambda: True


def set_exemplar(document, variant):
    """First a file, as a painter chooses it, then a layer."""
    control = kit.panel().exemplar
    if variant == 1:
        kit.choose(control.choice, "Exemplar")
        return
    kit.click(control.open)
    yield lambda: control.menu.isVisible()
    kit.press(control.menu, "Picture file…")
    yield lambda: control.dialog is not None and control.dialog.isVisible()
    control.dialog.findChild(QLineEdit).setText(kit.path("exemplar0.png"))
    control.dialog.accept()
    yield lambda: control.drop.filled
    RESULT["exemplar file"] = control.choice.currentText()


def clear():
    panel = kit.panel()
    kit.choose(panel.hints.layer, "None")
    kit.choose(panel.semantic.layer, "None")
    kit.choose(panel.exemplar.choice, "None")
    kit.type_palette("")


SET = {"hints": set_hints, "semantic": set_semantic, "palette": set_palette, "exemplar": set_exemplar}


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    yield lambda: kit.panel().base.count() == 1
    document.topLevelNodes()[0].setName("Photograph")
    kit.approach()
    yield lambda: kit.panel().method.count() > 1
    box = kit.panel().method
    RESULT["offered"] = [box.itemData(i) for i in range(box.count()) if box.model().item(i).isEnabled()]
    yield from make_layers(document)
    kit.dump(document, "Photograph", "base.before")
    RESULT["greyed"], RESULT["help"] = {}, {}
    for method in METHODS:
        clear()
        kit.choose_method(method["name"])
        yield lambda: kit.idle()
        RESULT["greyed"][method["name"]] = sorted(n for n, widget in controls().items() if not widget.isEnabled())
        RESULT["help"][method["name"]] = kit.panel().help.text()
        if method["colors alone"]:
            yield from kit.colored()
            kit.dump(document, "Handtint color", f"{method['name']}.alone")
        for control in method["controls"]:
            for variant in (0, 1):
                yield from SET[control](document, variant)
                yield from kit.colored()
                kit.dump(document, "Handtint color", f"{method['name']}.{control}{variant}")
            yield from kit.shown(f"{method['name']}-{control}.png")
            clear()
    kit.dump(document, "Photograph", "base.after")
    RESULT["layers"] = kit.names(document)


def make_layers(document):
    """Layers for every control, as Handtint adds them and as a painter does."""
    kit.choose_method("")
    for count, role in enumerate(("hints", "semantic"), start=2):
        kit.panel()._model.deeds.add_layer(role)  # its button may be greyed by the method that is chosen
        yield lambda count=count: len(document.topLevelNodes()) == count
        yield lambda: document.tryBarrierLock()
        document.unlock()
    document.nodeByName("Semantic").setVisible(False)
    node = document.createNode("Exemplar", "paintlayer")
    document.rootNode().addChildNode(node, None)
    kit.fill(document, "Exemplar", read("exemplar1.raw"))
    node.setVisible(False)
    yield lambda: kit.panel().exemplar.choice.findText("Exemplar") > 0
