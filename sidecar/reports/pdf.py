"""The document as a PDF: A4, black on white, legible when a bank sends it on by fax."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from sidecar.i18n import _
from sidecar.reports.document import Document, Fact, Section, Table
from sidecar.reports.fonts import BOLD, MACHINE, REGULAR, drawable, find_fallbacks

_MARGIN = 18.0
_LABEL = 38.0
_BODY, _SMALL = 10.5, 8.5
"""Points. DejaVu is a large face: its small letters at 10 points are those of Times at 12."""
_GREY, _PALE = 110, 185


class _Sheet(FPDF):
    """A page with the case's number and its own at the foot."""

    foot = ""

    def footer(self) -> None:
        """Below everything."""
        self.set_y(-14)
        self.set_font("text", size=8)
        self.set_text_color(_GREY)
        page = _("Page {number} of {all}").format(number=self.page_no(), all="{nb}")
        self.cell(self.epw * 0.8, 5, self.foot)
        self.cell(0, 5, page, align="R")
        self.set_text_color(0)


class Pdf:
    """Renders one document."""

    def __init__(self, document: Document, made_at: datetime, folders: tuple[Path, ...] = MACHINE) -> None:
        self.document = document
        fallbacks = find_fallbacks(set("".join(_texts(document))), folders)
        self._fonts = [REGULAR, *fallbacks]
        self.sheet = self._new_sheet(made_at, fallbacks)

    def render(self) -> tuple[bytes, int]:
        """(the file, how many pages it has)."""
        self._first_page()
        if self.document.facts and self.document.sections:
            self.sheet.add_page()
        for section in self.document.sections:
            self._section(section)
        self._closing()
        pages = self.sheet.page_no()
        return bytes(self.sheet.output()), pages

    def _new_sheet(self, made_at: datetime, fallbacks: list[Path]) -> _Sheet:
        sheet = _Sheet(format="A4")
        sheet.add_font("text", "", REGULAR)
        sheet.add_font("text", "B", BOLD)
        for number, font in enumerate(fallbacks):
            sheet.add_font(f"more{number}", "", font)
        if fallbacks:
            sheet.set_fallback_fonts([f"more{number}" for number in range(len(fallbacks))], exact_match=False)
        # Arabic letters join, Indian ones stack; a sentence that begins with such a name still runs from left to right.
        sheet.set_text_shaping(True, direction="ltr")
        sheet.set_margins(_MARGIN, _MARGIN)
        sheet.c_margin = 0
        sheet.set_auto_page_break(auto=True, margin=20)
        sheet.set_title(self.document.title)
        sheet.set_author(self.document.issuer)
        sheet.set_lang(self.document.language)
        sheet.set_creation_date(made_at)
        sheet.foot = self._seen(" · ".join((self.document.issuer, *self._number())))
        sheet.add_page()
        return sheet

    def _number(self) -> list[str]:
        return [f"{fact.label} {fact.text}" for fact in self.document.reference[:1]]

    def _seen(self, text: str) -> str:
        """As it can be drawn."""
        return drawable(text, self._fonts)

    # --- the first page ---------------------------------------------------------------------------------------------

    def _first_page(self) -> None:
        sheet = self.sheet
        sheet.set_font("text", "B", 12)
        sheet.cell(sheet.epw / 2, 7, self._seen(self.document.issuer))
        sheet.set_font("text", "", 9)
        sheet.cell(0, 7, self._seen(self.document.address), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._rule(0.5, 0)
        sheet.ln(5)
        sheet.set_font("text", "B", 18)
        self._lines(self.document.title, 9)
        sheet.ln(3)
        for fact in self.document.reference:
            self._fact(fact, 9.5, 4.8)
        sheet.ln(4)
        sheet.set_font("text", "", _BODY)
        if self.document.lead:
            self._lines(self.document.lead, 5.4)
        sheet.ln(2)
        if not self.document.facts:
            return
        for fact in self.document.facts:
            self._rule(0.2)
            sheet.ln(1.3)
            self._fact(fact, _BODY, 5.3)
            sheet.ln(1.3)
        self._rule(0.2)

    def _fact(self, fact: Fact, size: float, height: float) -> None:
        """The label on the left, its text beside it; both stay on one page."""
        sheet = self.sheet
        sheet.set_font("text", "", size)
        text = self._seen(fact.text)
        needed = sheet.multi_cell(sheet.epw - _LABEL, height, text, dry_run=True, output="HEIGHT")
        if sheet.will_page_break(min(float(str(needed)), 100.0)):
            sheet.add_page()
        top = sheet.get_y()
        sheet.set_font("text", "B", size)
        sheet.multi_cell(_LABEL - 2, height, self._seen(fact.label), align="L")
        under_label = sheet.get_y()
        sheet.set_xy(_MARGIN + _LABEL, top)
        sheet.set_font("text", "", size)
        sheet.multi_cell(0, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        sheet.set_y(max(under_label, sheet.get_y()))

    # --- the details ------------------------------------------------------------------------------------------------

    def _section(self, section: Section) -> None:
        sheet = self.sheet
        if sheet.will_page_break(40):
            sheet.add_page()
        sheet.set_font("text", "B", 12)
        self._lines(section.title, 7)
        sheet.set_font("text", "", 9.5)
        for paragraph in section.paragraphs:
            self._lines(paragraph, 5)
        sheet.ln(1)
        if section.table is not None:
            self._table(section.table)
        if section.quoted:
            sheet.set_font("text", "", 9.5)
            self._lines(section.quoted, 4.9)
        sheet.ln(6)

    def _table(self, table: Table) -> None:
        sheet = self.sheet
        sheet.set_font("text", "", _SMALL)
        sheet.set_draw_color(_PALE)
        sheet.set_line_width(0.2)
        with sheet.table(
            col_widths=table.widths,
            width=sheet.epw,
            line_height=4.3,
            padding=(0.8, 1.5, 0.8, 0),
            text_align="LEFT",
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD"),
            wrapmode="CHAR" if _has_long_words(table) else "WORD",
        ) as drawn:
            drawn.row([self._seen(head) for head in table.heads])
            for cells in table.rows:
                drawn.row([self._seen(cell) or " " for cell in cells])
        if table.left_out:
            sheet.ln(1)
            sheet.set_font("text", "", 9.5)
            self._lines(table.left_out, 5)

    def _closing(self) -> None:
        self.sheet.set_font("text", "", 9)
        self._rule(0.2)
        self.sheet.ln(2)
        self._lines(self.document.closing, 5)

    def _lines(self, text: str, height: float) -> None:
        self.sheet.multi_cell(0, height, self._seen(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _rule(self, width: float, grey: int = _PALE) -> None:
        sheet = self.sheet
        sheet.set_line_width(width)
        sheet.set_draw_color(grey)
        sheet.line(_MARGIN, sheet.get_y(), _MARGIN + sheet.epw, sheet.get_y())


def _has_long_words(table: Table) -> bool:
    """What has no space to break at, such as an address of a page."""
    return any(len(word) > 28 for row in table.rows for cell in row for word in cell.split())


def _texts(document: Document) -> Iterator[str]:
    yield from (document.title, document.issuer, document.address, document.lead, document.closing)
    for fact in (*document.reference, *document.facts):
        yield from (fact.label, fact.text)
    for section in document.sections:
        yield from (section.title, *section.paragraphs, section.quoted)
        if section.table is not None:
            yield from (*section.table.heads, section.table.left_out)
            for row in section.table.rows:
                yield from row
