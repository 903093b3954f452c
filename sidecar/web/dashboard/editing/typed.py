"""What somebody has typed into a form: read field by field, and kept as it was typed where something is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import TypeVar

from werkzeug.datastructures import MultiDict

from sidecar.access.rules import local_midnight
from sidecar.errors import Refused, WrongValue
from sidecar.i18n import _
from sidecar.written import to_minor, to_ppm

E = TypeVar("E", bound=StrEnum)
OF_FORM = ("csrf", "step")
"""Fields that belong to the form and not to what is edited."""
_LONGEST = 100_000


@dataclass
class Typed:
    """`wrongs`: what is wrong, field by field; a reader of fields notes it and goes on with a value that is lawful, so that
    all mistakes are said at once."""

    values: MultiDict[str, str]
    wrongs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, shown: Mapping[str, str | list[str]]) -> Typed:
        """What a form shows before anybody has typed."""
        return cls(MultiDict(shown))

    def text(self, name: str) -> str:
        """As it was typed, without spaces around it."""
        return self.values.get(name, "")[:_LONGEST].strip()

    def texts(self, name: str) -> list[str]:
        """Of boxes that share a name, what was ticked."""
        return self.values.getlist(name)

    def is_ticked(self, name: str) -> bool:
        """Whether a box was."""
        return bool(self.values.get(name))

    def touched(self, names: Iterable[str]) -> list[str]:
        """Which of these fields were filled in otherwise than the form showed them (`was`: a field of JSON); all, if nobody knows."""
        try:
            was = json.loads(self.text("was"))
        except ValueError:
            was = None
        return [
            name
            for name in names
            if not isinstance(was, dict) or self._filled(name) != _as_list(was.get(name))
        ]

    def _filled(self, name: str) -> list[str]:
        return [text.replace("\r\n", "\n") for text in self.texts(name) if text]

    def kept(self) -> list[tuple[str, str]]:
        """Everything, to travel along in hidden fields."""
        return [pair for pair in self.values.items(multi=True) if pair[0] not in OF_FORM]

    def note(self, name: str, sentence: str) -> None:
        """Something is wrong with a field; the first thing counts. Sentences of the command line begin small."""
        self.wrongs.setdefault(name, sentence[:1].upper() + sentence[1:])

    def note_all(self, wrongs: Mapping[str, str]) -> None:
        """The same for several."""
        for name, sentence in wrongs.items():
            self.note(name, sentence)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """A value that is refused inside is noted at the field that the refusal names."""
        try:
            yield
        except WrongValue as error:
            self.note(error.field, str(error))

    # --- fields that hold more than text ---

    def number(self, name: str) -> int | None:
        """A whole number; None for an empty field."""
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) <= 9):
            self.note(name, _("Please give a whole number."))
            return None
        return int(text)

    def amount(self, name: str, currency: str) -> int:
        """In minor units; an empty field is nothing."""
        try:
            return to_minor(self.text(name) or "0", currency)
        except Refused as error:
            self.note(name, str(error))
            return 0

    def percent(self, name: str) -> int:
        """In parts per million; an empty field is nothing."""
        try:
            return to_ppm(self.text(name) or "0")
        except Refused as error:
            self.note(name, str(error))
            return 0

    def day(self, name: str) -> date | None:
        """A day of the calendar; None for an empty field."""
        text = self.text(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.note(name, _("“{text}” is no date.").format(text=text[:40]))
            return None

    def midnight(self, name: str, zone: tzinfo) -> datetime | None:
        """The first instant of a day in `zone`; None for an empty field."""
        day = self.day(name)
        return None if day is None else local_midnight(day, zone)

    def one_of(self, name: str, kinds: type[E]) -> E:
        """One of several words; for anything else the first one, and a wrong."""
        text = self.text(name)
        if text not in set(kinds):
            self.note(name, _("Please choose one of these."))
            return next(iter(kinds))
        return kinds(text)

    def among(self, name: str, allowed: Collection[int]) -> int | None:
        """An id that is among those that were offered; None for an empty field and for any other, which is a wrong."""
        text = self.text(name)
        if not text:
            return None
        if not text.isdecimal() or int(text) not in allowed:
            self.note(name, _("Please choose one of these."))
            return None
        return int(text)


def _as_list(shown: object) -> list[str]:
    """What a form showed of a field, as the texts that it sends."""
    texts = shown if isinstance(shown, list) else [shown]
    return [str(text) for text in texts if text]
