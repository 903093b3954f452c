"""Fonts for every script that a name may be written in.

DejaVu Sans Condensed comes with us: Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic and many signs. What it lacks is
looked for among the machine's own fonts, and only then; what none of them has is written as its code point, so that nothing
is lost: U+738B.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError

log = logging.getLogger(__name__)
_HERE = Path(__file__).parent / "faces"
REGULAR, BOLD = _HERE / "DejaVuSansCondensed.ttf", _HERE / "DejaVuSansCondensed-Bold.ttf"
MACHINE = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_MOST_FALLBACKS = 6


@cache
def characters_of(font: Path) -> frozenset[int]:
    """The code points that a font can draw; none for a file that is no font."""
    try:
        with font.open("rb") as file, TTFont(file, lazy=True) as opened:
            return frozenset(opened.getBestCmap() or {})
    except (TTLibError, OSError, ValueError, AssertionError):
        return frozenset()


def find_fallbacks(text: Iterable[str], folders: Iterable[Path] = MACHINE) -> list[Path]:
    """Fonts of this machine that draw what ours cannot, as few as will do."""
    missing = {ord(letter) for letter in text if not letter.isspace()} - characters_of(REGULAR)
    found: list[Path] = []
    for font in _installed(folders) if missing else ():
        drawn = missing & characters_of(font)
        if drawn:
            found.append(font)
            missing -= drawn
        if not missing or len(found) == _MOST_FALLBACKS:
            break
    return found


def _installed(folders: Iterable[Path]) -> Iterator[Path]:
    """Plain TrueType files; bold and slanted ones after the others."""
    files = [path for folder in folders if folder.is_dir() for path in folder.rglob("*.ttf")]
    yield from sorted(files, key=lambda path: (not _is_upright(path.stem), path.name))


def _is_upright(stem: str) -> bool:
    return not any(word in stem for word in ("Bold", "Italic", "Oblique", "Mono", "Light", "Thin"))


def drawable(text: str, fonts: Iterable[Path]) -> str:
    """The text with what no font can draw as code points.

    >>> drawable("Ana 王明", [REGULAR])
    'Ana [U+738B U+660E]'
    """
    known = frozenset[int]().union(*(characters_of(font) for font in fonts))
    written = "".join(
        letter if letter.isspace() or ord(letter) in known else _spelled(letter) for letter in text
    )
    return written.replace("][", " ") if "][" not in text else written


def _spelled(letter: str) -> str:
    """Nothing for what is never seen, such as a mark of direction."""
    return f"[U+{ord(letter):04X}]" if letter.isprintable() else ""
