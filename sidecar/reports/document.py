"""A report as a document: titles, facts beside their labels, tables. Renderers make HTML and PDF of the same one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One line of the first page."""

    label: str
    text: str


@dataclass(frozen=True)
class Table:
    """`widths`: in parts of a hundred. `left_out`: a sentence on what is not shown, '' where all is."""

    heads: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the details; `paragraphs` stand before the table, `quoted` is somebody's own words."""

    title: str
    paragraphs: tuple[str, ...] = ()
    table: Table | None = None
    quoted: str = ""


@dataclass(frozen=True)
class Document:
    """`reference`: what the bank knows the case by; `facts`: the first page; `sections`: the details behind it."""

    language: str
    title: str
    issuer: str
    address: str
    reference: tuple[Fact, ...]
    lead: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    closing: str
