"""An invoice as a PDF: A4, black on white."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from sidecar.reports.fonts import BOLD, REGULAR, drawable, find_fallbacks
from sidecar.reports.papers.writing import Written

_MARGIN, _COLUMN = 20.0, 95.0
_BODY, _SMALL, _TITLE = 10.0, 8.5, 20.0
_GREY, _PALE = 110, 185
_WIDTHS = (0.46, 0.34, 0.20)
"""Of the line of the sale, in parts of the width."""


class _Sheet(FPDF):
    foot = ""

    def footer(self) -> None:
        """The seller's words."""
        self.set_y(-30)
        self.set_font("text", size=_SMALL)
        self.set_text_color(_GREY)
        self.multi_cell(0, 4, self.foot, align=Align.C, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_text_color(0)


def render(written: Written, issued_on: date) -> bytes:
    """The file."""
    return _Page(written, issued_on).render()


class _Page:
    def __init__(self, written: Written, issued_on: date) -> None:
        self.written = written
        self._fallbacks = find_fallbacks(set("".join(_texts(written))))
        self.sheet = self._new_sheet(issued_on)

    def render(self) -> bytes:
        """From top to bottom."""
        self._heads()
        self._title()
        self._sale()
        self._totals()
        for sentence in self.written.sentences:
            self._text(sentence)
            self.sheet.ln(1)
        return bytes(self.sheet.output())

    def _new_sheet(self, issued_on: date) -> _Sheet:
        sheet = _Sheet(format="A4")
        sheet.add_font("text", "", REGULAR)
        sheet.add_font("text", "B", BOLD)
        for number, font in enumerate(self._fallbacks):
            sheet.add_font(f"more{number}", "", font)
        if self._fallbacks:
            names = [f"more{number}" for number in range(len(self._fallbacks))]
            sheet.set_fallback_fonts(names, exact_match=False)
        sheet.set_text_shaping(True, direction="ltr")
        sheet.set_margins(_MARGIN, _MARGIN)
        sheet.c_margin = 0
        sheet.set_auto_page_break(auto=True, margin=34)
        sheet.set_title(self._seen(f"{self.written.title} {self.written.name}"))
        sheet.set_author(self._seen(self.written.seller[0]))
        sheet.set_lang(self.written.language)
        sheet.set_creation_date(datetime.combine(issued_on, time(), UTC))
        sheet.foot = self._seen(self.written.footer)
        sheet.add_page()
        return sheet

    def _seen(self, text: str) -> str:
        return drawable(text, [REGULAR, *self._fallbacks])

    def _heads(self) -> None:
        """Who sells on the left, who buys on the right."""
        top = self.sheet.get_y()
        self._lines(self.written.seller, _MARGIN, top)
        left_end = self.sheet.get_y()
        self.sheet.set_xy(_MARGIN + _COLUMN, top)
        self.sheet.set_font("text", size=_SMALL)
        self.sheet.set_text_color(_GREY)
        self.sheet.cell(0, 5, self.written.to)
        self.sheet.set_text_color(0)
        self._lines(self.written.buyer, _MARGIN + _COLUMN, top + 5)
        self.sheet.set_y(max(left_end, self.sheet.get_y()) + 16)

    def _lines(self, lines: Iterable[str], x: float, y: float) -> None:
        """One below the other, the first one bold."""
        sheet, width = self.sheet, _COLUMN - 6 if x == _MARGIN else 0
        sheet.set_y(y)
        for number, line in enumerate(lines):
            sheet.set_x(x)
            sheet.set_font("text", "" if number else "B", _BODY)
            sheet.multi_cell(width, 5, self._seen(line), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _title(self) -> None:
        sheet = self.sheet
        sheet.set_font("text", "B", _TITLE)
        sheet.cell(0, 11, self.written.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        sheet.ln(1)
        for label, text in self.written.facts:
            sheet.set_font("text", "B", _BODY)
            sheet.cell(30, 5.5, label)
            sheet.set_font("text", "", _BODY)
            sheet.cell(0, 5.5, self._seen(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        sheet.ln(9)

    def _sale(self) -> None:
        """Its one line below the heads of its columns."""
        sheet = self.sheet
        widths = [part * sheet.epw for part in _WIDTHS]
        sheet.set_font("text", "B", _BODY)
        for width, head in zip(widths, self.written.heads, strict=True):
            sheet.cell(width, 7, head, align=Align.R if head == self.written.heads[-1] else Align.L)
        sheet.ln(7)
        self._rule(0)
        top = sheet.get_y() + 2
        sheet.set_font("text", "", _BODY)
        ends, x = [], _MARGIN
        for number, (width, cell) in enumerate(zip(widths, self.written.cells, strict=True)):
            sheet.set_xy(x, top)
            is_last = number == len(widths) - 1
            room = width if is_last else width - 4
            sheet.multi_cell(
                room, 5.5, self._seen(cell), align=Align.R if is_last else Align.L, new_y=YPos.NEXT
            )
            ends.append(sheet.get_y())
            x += width
        sheet.set_xy(_MARGIN, max(ends) + 2)
        self._rule(_PALE)
        sheet.ln(3)

    def _totals(self) -> None:
        sheet = self.sheet
        for label, amount in self.written.totals:
            is_last = (label, amount) == self.written.totals[-1]
            sheet.set_font("text", "B" if is_last else "", _BODY)
            sheet.cell(sheet.epw - 40, 6, label, align=Align.R)
            sheet.cell(0, 6, self._seen(amount), align=Align.R, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        sheet.ln(9)

    def _text(self, text: str) -> None:
        self.sheet.set_font("text", "", _BODY)
        self.sheet.multi_cell(0, 5.2, self._seen(text), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _rule(self, grey: int) -> None:
        sheet = self.sheet
        sheet.set_line_width(0.3)
        sheet.set_draw_color(grey)
        sheet.line(_MARGIN, sheet.get_y(), _MARGIN + sheet.epw, sheet.get_y())


def _texts(written: Written) -> Iterable[str]:
    yield from (written.title, written.name, written.footer, written.to)
    yield from (*written.seller, *written.buyer, *written.heads, *written.cells, *written.sentences)
    for pair in (*written.facts, *written.totals):
        yield from pair
