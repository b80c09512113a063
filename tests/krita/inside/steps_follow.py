"""Live at 4 MP: quick colors after each stroke, the whole at rest; the docker's turns hold Krita up for moments."""

import kit

RESULT = globals()["RESULT"]


def note_requests(talk):
    """Have the detail of each request noted, and how its hints travel."""
    asked, ask = [], talk.ask

    def noted(make, whole):
        def made(number):
            request = make(number)
            asked.append([request.detail, type(request.hints).__name__])
            return request

        return ask(made, whole)

    talk.ask = noted
    return asked


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    panel = kit.panel()
    yield lambda: panel.base.count() == 1
    document.topLevelNodes()[0].setName("Photograph")
    kit.click(panel.hints.add)
    yield lambda: document.activeNode() is not None and document.activeNode().name() == "Hints"
    kit.approach()
    yield lambda: panel.method.count() > 1
    kit.choose_method("scribble")
    kit.krita.activeWindow().activeView().setBrushSize(80)
    yield from kit.placed()
    own = kit.Own(panel._model)
    asked = note_requests(panel._model._talk)

    kit.click(panel.live)
    yield lambda: kit.status().startswith("Paint")
    kit.pick_color(178, 107, 76)
    first = kit.stroke((600, 600), (700, 700), (800, 750))
    yield lambda: first.poll() is not None
    yield lambda: kit.colorful(kit.pixel(document, "Handtint color", 700, 700))
    yield lambda: kit.settled(document)
    RESULT["first"] = list(asked)

    del asked[:]
    kit.pick_color(60, 110, 160)
    before = kit.pixel(document, "Handtint color", 1500, 900)
    shown = kit.pixel(document, "Photograph", 1500, 900)[0]
    second = kit.stroke((1400, 850), (1500, 900), (1600, 930))
    yield lambda: second.poll() is not None
    yield lambda: not kit.near(kit.pixel(document, "Handtint color", 1500, 900), before)
    RESULT["at first sight"] = [kit.pixel(document, "Handtint color", 1500, 900), shown]
    yield lambda: kit.settled(document)
    RESULT["at rest"] = [kit.pixel(document, "Handtint color", 1500, 900), shown]
    RESULT["asked"] = list(asked)

    # While a pen is down nothing is asked for and nothing is written, whatever comes due.
    del asked[:]
    held = kit.stroke((900, 1200), (1000, 1210), release=False)
    yield lambda: held.poll() is not None
    panel.strength.changed.emit(0.9)
    turns = own.turns
    yield lambda: own.turns > turns + 3
    RESULT["while painting"] = [list(asked), not document.tryBarrierLock()]
    before = kit.content(document, "Handtint color")
    rest = kit.xdotool("mousemove_relative", "30", "10", "sleep", "0.1", "mouseup", "1")
    yield lambda: rest.poll() is not None
    yield lambda: kit.content(document, "Handtint color") != before
    yield lambda: kit.settled(document)
    RESULT["after the stroke"] = list(asked)
    RESULT["longest turn"], RESULT["turns"], RESULT["Krita's part"] = own.worst, own.turns, own.krita
    yield from kit.shown("follow.png")
