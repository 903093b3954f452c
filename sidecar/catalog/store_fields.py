"""The SQL of custom fields. None of these commits."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.catalog.models import custom_fields
from sidecar.catalog.rules import CustomField, FieldKind
from sidecar.db import insert_row
from sidecar.errors import NotFound
from sidecar.i18n import _

_FIELD = (custom_fields.c.id, custom_fields.c.name, custom_fields.c.kind)


def list_fields(session: Session) -> list[CustomField]:
    """All by id; an owner has a handful."""
    rows = session.execute(sa.select(*_FIELD).order_by(custom_fields.c.id))
    return [CustomField(number, name, FieldKind(kind)) for number, name, kind in rows]


def get_field(session: Session, name_or_id: str | int) -> CustomField:
    """By name, or by id when given a number; raises NotFound."""
    column = custom_fields.c.id if isinstance(name_or_id, int) else custom_fields.c.name
    row = session.execute(sa.select(*_FIELD).where(column == name_or_id)).first()
    if row is None:
        raise NotFound(_("there is no custom field {field}").format(field=name_or_id))
    return CustomField(row.id, row.name, FieldKind(row.kind))


def add_field(session: Session, name: str, kind: FieldKind, now: datetime) -> int:
    """Insert a field; gives its id. The unique key of its name refuses a second one."""
    return insert_row(session, custom_fields, {"name": name, "kind": kind, "created_at": now})


def set_field(session: Session, field: CustomField) -> None:
    """Write a field's name. What kind it is stays, as members have answered."""
    session.execute(sa.update(custom_fields).where(custom_fields.c.id == field.id).values(name=field.name))
