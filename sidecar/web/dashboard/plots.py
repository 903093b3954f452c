"""Plots as SVG, drawn on the server. Pure: numbers in, coordinates out; templates print the elements and their words.

Coordinates are those of the viewBox; nothing is styled here, since colours belong to the page's light or dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

WIDTH, HEIGHT = 640, 150
_TOP, _BOTTOM, _LEFT = 14, 22, 4


@dataclass(frozen=True)
class Bar:
    """`title`: what it says when asked; `kind`: a class of the style."""

    x: float
    y: float
    width: float
    height: float
    title: str
    kind: str = ""


@dataclass(frozen=True)
class Label:
    """A word at a place. `anchor`: start, middle, end."""

    x: float
    y: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class BarPlot:
    """Bars over days. `top`: the highest value, drawn as a line; `baseline`: where zero is."""

    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]
    baseline: float
    width: int = WIDTH
    height: int = HEIGHT


def bar_plot(
    series: Sequence[tuple[str, str, Sequence[int]]], kinds: Sequence[str] = ("",), *, label_every: int = 7
) -> BarPlot:
    """Stacked bars: (label below, title, values from below up) for each place. `kinds`: of the parts of a bar.

    >>> plot = bar_plot([("1", "one", [1]), ("2", "two", [3])], label_every=1)
    >>> [round(bar.height) for bar in plot.bars], plot.baseline
    ([38, 114], 128)
    """
    highest = max((sum(values) for _label, _title, values in series), default=0) or 1
    room, baseline = HEIGHT - _TOP - _BOTTOM, HEIGHT - _BOTTOM
    step = (WIDTH - 2 * _LEFT) / max(len(series), 1)
    gap = min(step * 0.25, 6)
    bars, labels = [], []
    for number, (label, title, values) in enumerate(series):
        x, y = _LEFT + number * step, float(baseline)
        for kind, value in zip(kinds, values, strict=False):
            height = value / highest * room
            if value:
                y -= height
                bars.append(
                    Bar(
                        round(x + gap / 2, 2),
                        round(y, 2),
                        round(step - gap, 2),
                        round(height, 2),
                        title,
                        kind,
                    )
                )
        if number % label_every == 0:
            labels.append(Label(round(x + step / 2, 2), HEIGHT - 6, label))
    return BarPlot(tuple(bars), tuple(labels), baseline)


@dataclass(frozen=True)
class Mark:
    """One moment on a line. `row`: labels stand in two or three rows, so that neighbours do not cover each other."""

    x: float
    kind: str
    label: str
    title: str
    row: int
    anchor: str


@dataclass(frozen=True)
class Stretch:
    """A part of the line."""

    x: float
    width: float
    kind: str


@dataclass(frozen=True)
class Line:
    """A line through time: what lies behind, now, and what lies ahead."""

    marks: tuple[Mark, ...]
    stretches: tuple[Stretch, ...]
    now_x: float
    y: int = 46
    width: int = 900
    height: int = 112


def time_line(
    moments: Sequence[tuple[datetime, str, str, str]],
    stretches: Sequence[tuple[datetime, datetime, str]],
    now: datetime,
) -> Line:
    """`moments`: (when, kind, label, title); `stretches`: (from, until, kind). Places are even with time, but never closer
    than a few points, so that retries days apart can be told beside periods months long."""
    width, margin = 900, 28
    every = sorted(
        {now, *(at for at, *_rest in moments), *(edge for a, b, _kind in stretches for edge in (a, b))}
    )
    places = _places(every, margin, width - margin)
    marks, last = [], [-1000.0, -1000.0, -1000.0]
    for at, kind, label, title in sorted(moments, key=lambda one: one[0]):
        x = places[at]
        row = next((number for number, end in enumerate(last) if x - end > 86), 2)
        last[row] = x
        anchor = "start" if x < 60 else "end" if x > width - 60 else "middle"
        marks.append(Mark(x, kind, label, title, row, anchor))
    drawn = [Stretch(places[a], round(places[b] - places[a], 2), kind) for a, b, kind in stretches if b > a]
    return Line(tuple(marks), tuple(drawn), places[now])


def _places(every: Sequence[datetime], left: float, right: float) -> dict[datetime, float]:
    """Where each moment lies: half by its time, half by its number.

    >>> from datetime import UTC
    >>> days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 31)]
    >>> [round(x) for x in _places(days, 0, 100).values()]
    [0, 27, 100]
    """
    if len(every) < 2:
        return dict.fromkeys(every, (left + right) / 2)
    whole = (every[-1] - every[0]).total_seconds() or 1.0
    places, x = {every[0]: left}, left
    for before, after in pairwise(every):
        share = (after - before).total_seconds() / whole
        x += (right - left) * (0.5 * share + 0.5 / (len(every) - 1))
        places[after] = round(x, 2)
    return places
