"""Names in any script: drawn by our font, by one of the machine's, or spelled."""

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from sidecar.reports.fonts import BOLD, REGULAR, characters_of, drawable, find_fallbacks


@pytest.fixture
def folder(tmp_path):
    """A machine with one font that draws one Chinese character, and a file that is none."""
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((0, 500))
    pen.lineTo((500, 500))
    pen.closePath()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "wang"])
    font.setupCharacterMap({0x738B: "wang"})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "wang": pen.glyph()})
    font.setupHorizontalMetrics({".notdef": (600, 0), "wang": (600, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Test", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(tmp_path / "chinese.ttf")
    return tmp_path


def test_our_own_faces_draw_the_scripts_that_they_are_for():
    for letters in (
        "Zażółć gęślą jaźń",
        "Ελληνικά",
        "Дмитрий",
        "שלום",
        "محمد",
        "Հայերեն",
        "ქართული",
        "Đặng",
        "“…”",
    ):
        assert drawable(letters, [REGULAR]) == letters
    assert characters_of(BOLD) >= set(map(ord, "Zażółć Ελληνικά Дмитрий Đặng"))


def test_a_font_of_the_machine_is_found_for_what_ours_lacks_and_only_then(folder):
    assert find_fallbacks("Anna", [folder]) == []
    assert find_fallbacks("王", [folder]) == [folder / "chinese.ttf"]
    assert find_fallbacks("明", [folder]) == []
    assert find_fallbacks("王", [folder / "none"]) == []


def test_what_no_font_draws_is_spelled_and_nothing_invisible_is(folder):
    assert drawable("王明", [REGULAR, folder / "chinese.ttf"]) == "王[U+660E]"
    assert drawable("a\u202eb\u0000c", [REGULAR]).replace("\u202e", "") == "abc"
