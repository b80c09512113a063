"""Runs inside Krita (kritarunner): Krita's own palettes."""

from krita import Krita, Palette

from handtint_krita.palettes import MOST, KritaPalettes, format_palette, parse_palette


def test_every_palette_of_krita_gives_a_few_colors_that_can_be_typed():
    palettes = KritaPalettes(Krita.instance(), Palette)
    names = palettes.names()
    assert len(names) > 5
    assert list(names) == sorted(names, key=str.casefold)
    for name in names:
        colors = palettes.palette(name).colors
        assert 1 <= len(colors) <= MOST
        assert len(set(colors)) == len(colors)
        typed = parse_palette(format_palette(colors))
        pairs = zip(colors, typed.colors, strict=True)
        assert all(abs(a - b) < 1 / 255 for one, other in pairs for a, b in zip(one, other, strict=True))


def test_a_saved_palette_is_known_at_once():
    palettes = KritaPalettes(Krita.instance(), Palette)
    wanted = parse_palette("#c08040 40%, #204060 35%, #808080 25%")
    assert palettes.save("My / colors", wanted) == "My colors"
    assert "My colors" in palettes.names()
    assert format_palette(palettes.palette("My colors")) == format_palette(wanted)
