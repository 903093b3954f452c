"""How a thing of the catalog is made and changed, whatever it is: form, what a change would mean, saving.

A form that is sent answers with one of three pages: itself, with what is wrong beside each field; what the change means for
whom; or, once it is saved, the place where it stands. All of it is in the form, so that nothing is kept between the requests.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from sidecar.activity.querying import EventQuery
from sidecar.activity.searching import search
from sidecar.catalog.versions import ChangedMeanwhile, version_of
from sidecar.db import reading
from sidecar.errors import NotFound
from sidecar.i18n import _
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import screen
from sidecar.web.dashboard.editing.typed import Typed
from sidecar.web.dashboard.place import link

Options = dict[str, list[tuple[str, str]]]
"""Field → (value, words)."""


class Editor(ABC):
    """One sort of thing. `kind`: its name in addresses; `subject`: what the log calls it; `template`: its fields; `home`: the screen
    that leads to it."""

    kind: ClassVar[str]
    subject: ClassVar[str]
    template: ClassVar[str]
    home: ClassVar[str] = "catalog"

    @abstractmethod
    def heading(self, thing: Any | None) -> str:
        """Of the page; None: of a new one."""

    @abstractmethod
    def labels(self) -> dict[str, str]:
        """The fields in their order, as the form names them."""

    @abstractmethod
    def find(self, reader: Session, number: int) -> Any:
        """The thing as it is stored; raises NotFound."""

    @abstractmethod
    def shown(self, thing: Any | None) -> dict[str, str | list[str]]:
        """A thing as a form shows it; None: what a new one begins with."""

    @abstractmethod
    def read(self, typed: Typed, stored: Any | None) -> Any:
        """What was typed, as a thing; what is wrong is noted in `typed`."""

    @abstractmethod
    def options(self, reader: Session, thing: Any | None) -> Options:
        """What the fields offer; for a box, what its tick means."""

    @abstractmethod
    def consequences(self, reader: Session, stored: Any, wanted: Any) -> list[str]:
        """What a change means for whom, in sentences."""

    def first_consequences(self, reader: Session, wanted: Any) -> list[str]:  # noqa: ARG002
        """What a new thing means for whom; nothing for one that nobody has yet."""
        return []

    def make(self, wanted: Any) -> int:  # noqa: ARG002
        """Raises WrongValue. What is there from the beginning is never made."""
        raise NotFound(_("There is no such page."))

    @abstractmethod
    def change(self, wanted: Any, seen: str) -> None:
        """Raises WrongValue, ChangedMeanwhile."""

    def version(self, thing: Any) -> str:
        """What the form remembers of the thing that it shows."""
        return version_of(thing)

    def extras(self, reader: Session, thing: Any | None) -> dict[str, Any]:  # noqa: ARG002
        """Whatever else the template wants."""
        return {}

    def target(self, thing: Any | None) -> str:
        """Where its form is sent."""
        if thing is None:
            return link("make_thing", kind=self.kind, on=request.args.get("on"))
        return link("change_thing", kind=self.kind, number=thing.id)

    def place(self, number: int, said: str) -> str:
        """Where it is shown once it is saved."""
        return link("thing", kind=self.kind, number=number, said=said)

    def in_words(self, typed: Typed, options: Options) -> dict[str, str]:
        """What a form holds, as a person reads it, field by field."""
        found = {}
        for name in self.labels():
            offered = dict(options.get(name, ()))
            found[name] = ", ".join(offered.get(text, text) for text in typed.texts(name))
        return found


EDITORS: dict[str, Editor] = {}
"""By their names in addresses."""


def _editor(kind: str) -> Editor:
    if kind not in EDITORS:
        raise NotFound(_("There is no such page."))
    return EDITORS[kind]


@screen("/catalog/<kind>/new", Right.CHANGE_CATALOG)
def new_thing(kind: str) -> Response:
    """An empty form."""
    editor = _editor(kind)
    return _form(editor, None, Typed.of(editor.shown(None)))


@screen("/catalog/<kind>/new", Right.CHANGE_CATALOG, methods=("POST",))
def make_thing(kind: str) -> Response:
    """A new one. Where it means something for somebody at once, that is said first."""
    editor, typed, number = _editor(kind), Typed(request.form), 0
    wanted = editor.read(typed, None)
    step = request.form.get("step", "")
    if typed.wrongs or step == "edit":
        return _form(editor, None, typed)
    with reading() as reader:
        lines = [] if step == "save" else editor.first_consequences(reader, wanted)
    if lines:
        return _before_saving(editor, None, wanted, typed, lines)
    with typed.noting():
        number = editor.make(wanted)
    if typed.wrongs:
        return _form(editor, None, typed)
    return redirect(editor.place(number, "made"), 303)


@screen("/catalog/<kind>/<int:number>", Right.CHANGE_CATALOG)
def thing(kind: str, number: int) -> Response:
    """The form of one that is there."""
    editor = _editor(kind)
    with reading() as reader:
        stored = editor.find(reader, number)
    return form_of(editor, stored)


def form_of(editor: Editor, stored: Any) -> Response:
    """The form of a thing as it is stored."""
    return _form(editor, stored, _typed_of(editor, stored))


@screen("/catalog/<kind>/<int:number>", Right.CHANGE_CATALOG, methods=("POST",))
def change_thing(kind: str, number: int) -> Response:
    """First what it would mean, then, when it is sent from there, the change."""
    editor = _editor(kind)
    with reading() as reader:
        stored = editor.find(reader, number)
    return answer_change(editor, stored, Typed(request.form))


def answer_change(editor: Editor, stored: Any, typed: Typed) -> Response:
    """What a form that was sent is answered with."""
    wanted = editor.read(typed, stored)
    step, seen = typed.text("step"), typed.text("seen")
    if typed.wrongs or step == "edit":
        return _form(editor, stored, typed)
    if editor.version(stored) != seen:
        return _changed_meanwhile(editor, stored, typed)
    if editor.version(wanted) == seen:
        return redirect(editor.place(stored.id, "unchanged"), 303)
    if step == "save":
        return _save(editor, stored, wanted, typed)
    return _before_saving(editor, stored, wanted, typed)


def _save(editor: Editor, stored: Any, wanted: Any, typed: Typed) -> Response:
    try:
        with typed.noting():
            editor.change(wanted, typed.text("seen"))
    except ChangedMeanwhile:  # between our look and the verb's
        with reading() as reader:
            stored = editor.find(reader, stored.id)
        return _changed_meanwhile(editor, stored, typed)
    if typed.wrongs:
        return _form(editor, stored, typed)
    return redirect(editor.place(stored.id, "saved"), 303)


def _typed_of(editor: Editor, stored: Any) -> Typed:
    shown = editor.shown(stored)
    return Typed.of({**shown, "seen": editor.version(stored), "was": json.dumps(shown)})


def _before_saving(
    editor: Editor, stored: Any | None, wanted: Any, typed: Typed, lines: Sequence[str] = ()
) -> Response:
    labels = editor.labels()
    with reading() as reader:
        options = editor.options(reader, stored)
        lines = lines or editor.consequences(reader, stored, wanted)
    after = editor.in_words(Typed.of(editor.shown(wanted)), options)
    before = {} if stored is None else editor.in_words(Typed.of(editor.shown(stored)), options)
    rows = [
        (labels[name], before.get(name, ""), after[name])
        for name in labels
        if before.get(name, "") != after[name]
    ]
    page = render_template(
        "dashboard/editing/before.html", editor=editor, stored=stored, typed=typed, lines=lines, rows=rows,
        target=editor.target(stored),
    )  # fmt: skip
    return make_response(page)


def _changed_meanwhile(editor: Editor, stored: Any, typed: Typed) -> Response:
    """The form again: fields that were touched as they were typed, the others as they stand now; saved once more it counts."""
    labels = editor.labels()
    with reading() as reader:
        options = editor.options(reader, stored)
        events = search(reader, EventQuery(subject=f"{editor.subject}:{stored.id}"), limit=1).events
    merged = _typed_of(editor, stored)
    for name in typed.touched(labels):
        merged.values.setlist(name, typed.texts(name))
    typed.values = merged.values
    wanted = editor.read(typed, stored)
    now, own = (editor.in_words(Typed.of(editor.shown(one)), options) for one in (stored, wanted))
    rows = [(labels[name], now[name]) for name in labels if now[name] != own[name]]
    return _form(editor, stored, typed, meanwhile={"rows": rows, "event": next(iter(events), None)})


def _form(
    editor: Editor, stored: Any | None, typed: Typed, meanwhile: Mapping[str, Any] | None = None
) -> Response:
    with reading() as reader:
        options, extras = editor.options(reader, stored), editor.extras(reader, stored)
    page = render_template(
        "dashboard/editing/form.html", editor=editor, stored=stored, typed=typed, labels=editor.labels(),
        target=editor.target(stored),
        meanwhile=meanwhile, options=options, **extras,
    )  # fmt: skip
    return make_response(page, 409 if meanwhile else 422 if typed.wrongs else 200)
