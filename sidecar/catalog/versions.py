"""Two people who edit the same thing: whoever saves second is told, and overwrites nothing unseen. And what was changed is recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.errors import Refused
from sidecar.i18n import _


class ChangedMeanwhile(Refused):
    """Somebody else has changed it since it was read."""


def version_of(thing: Any) -> str:
    """What a value looks like, in 16 letters: equal values have equal versions. For dataclasses and what they are made of.

    A number that is counted up would say the same, but for one that was changed and changed back.

    >>> from sidecar.catalog.rules import Bundle
    >>> version_of(Bundle(1, "Videos", "", False)) == version_of(Bundle(1, "Videos", "", False))
    True
    >>> version_of(Bundle(1, "Videos", "", False)) == version_of(Bundle(1, "Video", "", False))
    False
    """
    return hashlib.sha256(msgspec.json.encode(thing, order="deterministic")).hexdigest()[:16]


def check_version(stored: Any, seen: str) -> None:
    """Refuses a change of what is stored if it is not what its author has seen.

    Must come after the row is held (`hold_row`), or two who save at once would both find their own.
    """
    if version_of(stored) != seen:
        raise ChangedMeanwhile(_("Somebody else has changed this in the meantime."))


def record(
    session: Session, subject: str, name: str, by: str, now: datetime, before: Any = None, after: Any = None
) -> None:
    """The event of a change: who did it, and every value that is another now, as (before, after)."""
    body = {"by": by, "changes": differences(before, after)}
    add_event(session, EventType.ACCESS, name, now, subject=subject, body=body)


def differences(before: Any, after: Any) -> dict[str, tuple[Any, Any]]:
    """Field by field what two dataclasses or mappings have not in common; None has no fields.

    >>> from sidecar.catalog.rules import Bundle
    >>> differences(Bundle(1, "Videos", "", False), Bundle(1, "Films", "", False))
    {'name': ('Videos', 'Films')}
    """
    old, new = _flat(before), _flat(after)
    return {name: (old.get(name), new.get(name)) for name in old | new if old.get(name) != new.get(name)}


def _flat(thing: Any) -> dict[str, Any]:
    """The fields of a dataclass as JSON has them, those of dataclasses in it beside them."""
    if thing is None or isinstance(thing, Mapping):
        return dict(thing or {})
    found: dict[str, Any] = {}
    for name, value in asdict(thing).items():
        inner = getattr(thing, name)
        found |= _flat(inner) if is_dataclass(inner) else {name: msgspec.to_builtins(value, order="sorted")}
    return found
