"""Runs inside Krita (kritarunner), started again after check_palettes.py: what was saved is one of Krita's palettes."""

from krita import Krita, Palette

from handtint_krita.palettes import KritaPalettes, format_palette


def test_the_saved_palette_has_its_colors_and_shares():
    assert "My colors" in Krita.instance().resources("palette")
    palettes = KritaPalettes(Krita.instance(), Palette)
    assert format_palette(palettes.palette("My colors")) == "#c08040 40.0%, #204060 35.0%, #808080 25.0%"
