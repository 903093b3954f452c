"""The forms of levels, bundles and custom fields."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from sidecar.catalog.editing import rename_field
from sidecar.catalog.making import make_bundle, make_field, make_level
from sidecar.catalog.rules import Bundle, CustomField, FieldKind, Grant, Level
from sidecar.catalog.store import find_default_level, get_bundle, get_level
from sidecar.catalog.store_fields import get_field
from sidecar.i18n import _, ngettext
from sidecar.members.grants import change_bundle, change_level
from sidecar.members.rules import Status
from sidecar.reports.store_catalog import count_holders
from sidecar.service import service
from sidecar.web.dashboard.door import frame, person
from sidecar.web.dashboard.editing.flow import EDITORS, Editor, Options
from sidecar.web.dashboard.editing.typed import Typed


class LevelEditor(Editor):
    """A level."""

    kind, subject, template = "levels", "level", "dashboard/editing/level.html"

    def heading(self, thing: Level | None) -> str:
        return _("New level") if thing is None else _("Level {name}").format(name=thing.name)

    def labels(self) -> dict[str, str]:
        return {
            "name": _("Name"), "is_free": _("It costs nothing"), "role": _("WordPress role of its holders"),
            "keeps_access_overdue": _("Holders keep access while a payment is overdue"),
            "is_default": _("Buyers of a bundle who have no level get this one"),
        }  # fmt: skip

    def find(self, reader: Session, number: int) -> Level:
        return get_level(reader, number)

    def shown(self, thing: Level | None) -> dict[str, str | list[str]]:
        if thing is None:
            return {}
        return {
            "name": thing.name, "role": thing.role,
            **{name: "1" for name in ("is_free", "keeps_access_overdue", "is_default") if getattr(thing, name)},
        }  # fmt: skip

    def read(self, typed: Typed, stored: Level | None) -> Level:
        return Level(
            stored.id if stored else 0, typed.text("name"), typed.is_ticked("is_free"), typed.text("role"),
            typed.is_ticked("keeps_access_overdue"), typed.is_ticked("is_default"),
        )  # fmt: skip

    def options(self, reader: Session, thing: Level | None) -> Options:  # noqa: ARG002
        return {
            "role": _roles(thing.role if thing else ""),
            **{name: [("1", _("yes"))] for name in ("is_free", "keeps_access_overdue", "is_default")},
        }

    def extras(self, reader: Session, thing: Level | None) -> dict[str, Any]:
        return {"holders": _count(reader, Grant.LEVEL, thing)}

    def consequences(self, reader: Session, stored: Level, wanted: Level) -> list[str]:
        lines = _lines(reader, Grant.LEVEL, stored, wanted)
        if wanted.is_default and not stored.is_default:
            other = find_default_level(reader)
            lines.append(
                _("Buyers of a bundle who have no level get it from now on, and no longer {level}.").format(
                    level=other.name
                )
                if other
                else _("Buyers of a bundle who have no level get it from now on.")
            )
        return lines

    def make(self, wanted: Level) -> int:
        return make_level(
            wanted.name, now=frame().now, is_free=wanted.is_free, role=wanted.role, assignable=_assignable(),
            keeps_access_overdue=wanted.keeps_access_overdue, is_default=wanted.is_default, by=person().by,
        )  # fmt: skip

    def change(self, wanted: Level, seen: str) -> None:
        change_level(wanted, seen=seen, by=person().by, now=frame().now, assignable=_assignable())


class BundleEditor(Editor):
    """A bundle."""

    kind, subject, template = "bundles", "bundle", "dashboard/editing/level.html"

    def heading(self, thing: Bundle | None) -> str:
        return _("New bundle") if thing is None else _("Bundle {name}").format(name=thing.name)

    def labels(self) -> dict[str, str]:
        return {
            "name": _("Name"), "role": _("WordPress role of its holders"),
            "keeps_access_overdue": _("Holders keep access while a payment is overdue"),
        }  # fmt: skip

    def find(self, reader: Session, number: int) -> Bundle:
        return get_bundle(reader, number)

    def shown(self, thing: Bundle | None) -> dict[str, str | list[str]]:
        if thing is None:
            return {}
        keeps = {"keeps_access_overdue": "1"} if thing.keeps_access_overdue else {}
        return {"name": thing.name, "role": thing.role, **keeps}

    def read(self, typed: Typed, stored: Bundle | None) -> Bundle:
        keeps = typed.is_ticked("keeps_access_overdue")
        return Bundle(stored.id if stored else 0, typed.text("name"), typed.text("role"), keeps)

    def options(self, reader: Session, thing: Bundle | None) -> Options:  # noqa: ARG002
        return {"role": _roles(thing.role if thing else ""), "keeps_access_overdue": [("1", _("yes"))]}

    def extras(self, reader: Session, thing: Bundle | None) -> dict[str, Any]:
        return {"holders": _count(reader, Grant.BUNDLE, thing)}

    def consequences(self, reader: Session, stored: Bundle, wanted: Bundle) -> list[str]:
        return _lines(reader, Grant.BUNDLE, stored, wanted)

    def make(self, wanted: Bundle) -> int:
        return make_bundle(
            wanted.name, now=frame().now, role=wanted.role, assignable=_assignable(),
            keeps_access_overdue=wanted.keeps_access_overdue, by=person().by,
        )  # fmt: skip

    def change(self, wanted: Bundle, seen: str) -> None:
        change_bundle(wanted, seen=seen, by=person().by, now=frame().now, assignable=_assignable())


class FieldEditor(Editor):
    """A custom field; what kind it is stays, as members have answered."""

    kind, subject, template = "fields", "field", "dashboard/editing/field.html"

    def heading(self, thing: CustomField | None) -> str:
        return _("New custom field") if thing is None else _("Custom field {name}").format(name=thing.name)

    def labels(self) -> dict[str, str]:
        return {"name": _("Name"), "kind": _("How it is answered")}

    def find(self, reader: Session, number: int) -> CustomField:
        return get_field(reader, number)

    def shown(self, thing: CustomField | None) -> dict[str, str | list[str]]:
        return {"kind": "text"} if thing is None else {"name": thing.name, "kind": thing.kind}

    def read(self, typed: Typed, stored: CustomField | None) -> CustomField:
        kind = stored.kind if stored else typed.one_of("kind", FieldKind)
        return CustomField(stored.id if stored else 0, typed.text("name"), kind)

    def options(self, reader: Session, thing: CustomField | None) -> Options:  # noqa: ARG002
        return {"kind": [("text", _("with text")), ("checkbox", _("with a box to tick"))]}

    def consequences(self, reader: Session, stored: CustomField, wanted: CustomField) -> list[str]:  # noqa: ARG002
        return [
            _(
                "What members have answered stays; pages name the field by its number, so they go on as they are."
            )
        ]

    def make(self, wanted: CustomField) -> int:
        return make_field(wanted.name, now=frame().now, kind=wanted.kind, by=person().by)

    def change(self, wanted: CustomField, seen: str) -> None:
        rename_field(wanted, seen=seen, by=person().by, now=frame().now)


def _assignable() -> tuple[str, ...]:
    return service().config.access.assignable_roles


def _roles(own: str) -> list[tuple[str, str]]:
    """Those that the owner has allowed, and the one that it has."""
    return [("", _("none")), *((role, role) for role in dict.fromkeys([*_assignable(), own]) if role)]


def _count(reader: Session, grant: Grant, thing: Level | Bundle | None) -> int:
    return 0 if thing is None else sum(count_holders(reader, grant, thing.id).values())


def _lines(reader: Session, grant: Grant, stored: Level | Bundle, wanted: Level | Bundle) -> list[str]:
    held = count_holders(reader, grant, stored.id)
    count, overdue = sum(held.values()), held.get(Status.OVERDUE, 0)
    lines = []
    if stored.name != wanted.name:
        sentence = ngettext("{count} member sees the new name.", "{count} members see the new name.", count)
        lines.append(sentence.format(count=count))
    if stored.role != wanted.role:
        lines.append(_for_roles(count, stored.role, wanted.role))
    if stored.keeps_access_overdue != wanted.keeps_access_overdue:
        lines.append(_for_overdue(overdue, opens=wanted.keeps_access_overdue))
    return lines


def _for_roles(count: int, old: str, new: str) -> str:
    words = ngettext(
        "Within minutes {count} member gets the role {new} in WordPress, and loses the role {old}.",
        "Within minutes {count} members get the role {new} in WordPress, and lose the role {old}.",
        count,
    )
    return words.format(count=count, old=old or _("none"), new=new or _("none"))


def _for_overdue(count: int, *, opens: bool) -> str:
    if opens:
        words = ngettext(
            "{count} member whose payment is overdue has access again at once.",
            "{count} members whose payment is overdue have access again at once.",
            count,
        )
    else:
        words = ngettext(
            "{count} member whose payment is overdue loses access at once.",
            "{count} members whose payment is overdue lose access at once.",
            count,
        )
    return words.format(count=count)


EDITORS.update((one.kind, one) for one in (LevelEditor(), BundleEditor(), FieldEditor()))
