"""The SQL of invoices. None of these commits; nothing here changes an invoice that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.invoicing.models import invoices, series
from sidecar.billing.invoicing.rules import Kind, Sums, code_after, code_of_minute
from sidecar.billing.models import attempts, billing_lease, cards, orders, receivables, settlements
from sidecar.catalog.models import custom_fields, products
from sidecar.db import insert_once
from sidecar.members.models import contacts, custom_values, members
from sidecar.wordpress.tables import Tables

_SELLER = ("prefix", "seller_name", "seller_address", "seller_tax_id", "footer")
_DATED = ("issued_at", "issued_on", "zone")
_CONTACT = ("address", "address2", "city", "state", "zip_code", "country")
_GIVEN = "given_"
"""Before the names of parameters: SQLAlchemy keeps columns' own names for itself."""
_MOST_OF_NAMES, _MOST_OF_LOCALES = 200, 20

# --- numbers --------------------------------------------------------------------------------------------------------


def claim_number(session: Session, kind: Kind, mark: int) -> bool:
    """Count one on, in the series that is open, and hold its row until the commit; False when none is open that may go on.

    `mark`: the newest run of billing that this machine has seen. A database that counts fewer was restored, and its series
    has given numbers that it does not know of any more; so has one that was open when billing paused for that.
    """
    claimed = cast("sa.CursorResult[Any]", session.execute(_claim(kind), {"seen_run": mark}))
    return bool(claimed.rowcount)


@lru_cache(maxsize=2)
def _claim(kind: Kind) -> sa.Update:
    counter = _counter(kind)
    runs = sa.select(sa.func.coalesce(sa.func.max(billing_lease.c.runs), 0)).scalar_subquery()
    is_known = sa.or_(series.c.mark >= sa.bindparam("seen_run"), runs >= sa.bindparam("seen_run"))
    mine = sa.and_(series.c.is_open == 1, is_known, ~_is_from_before_restore())
    return sa.update(series).where(mine).values({counter: counter + 1})


def _is_from_before_restore() -> sa.ColumnElement[bool]:
    """Whether billing is paused because the database was restored, and the series is older than that pause."""
    is_restored = sa.and_(
        billing_lease.c.paused_for == "restored", billing_lease.c.paused_at > series.c.opened_at
    )
    return sa.select(billing_lease.c.id).where(is_restored).correlate(series).exists()


def open_series(
    session: Session, reason: str, minute: int, mark: int, now: datetime, *, only_behind: bool = False
) -> str:
    """Close the series that is open and open another; gives its name. `minute`: Unix time in minutes, of the real clock.

    `only_behind`: nobody has asked for it, so one that somebody else has just opened for the same reason stays.
    """
    opened = series.c.is_open == 1
    is_behind = sa.or_(series.c.mark < mark, _is_from_before_restore())
    closed = sa.and_(opened, is_behind) if only_behind else opened
    newest = session.scalar(sa.select(sa.func.max(series.c.code))) or ""
    code = max(code_of_minute(minute), code_after(newest) if newest else "")
    session.execute(sa.update(series).where(closed).values(is_open=None))
    row = {
        "code": code, "is_open": 1, "invoices": 0, "credit_notes": 0, "mark": mark, "reason": reason, "opened_at": now,
    }  # fmt: skip
    insert_once(session, series, [row])
    return code


def has_series(session: Session) -> bool:
    """Whether anything was ever counted."""
    return session.scalar(sa.select(series.c.code).limit(1)) is not None


def list_series(session: Session) -> Sequence[sa.Row[Any]]:
    """All, oldest first."""
    return session.execute(sa.select(series).order_by(series.c.code)).all()


# --- issuing --------------------------------------------------------------------------------------------------------


def add_invoice(session: Session, tables: Tables, receivable_id: int, values: Mapping[str, Any]) -> None:
    """The invoice of a receivable that was settled, under the number that was claimed: one statement reads and keeps all.

    `values`: the seller's columns, `issued_at`, `issued_on`, `zone`, `cause`; and `tax_field`, the name of the buyer's field.
    """
    session.execute(_add_invoice(tables), _named(values, receivable_id=receivable_id))


@lru_cache(maxsize=8)
def _add_invoice(tables: Tables) -> sa.Insert:
    """Made once. What WordPress holds is read column by column, since its tables may have other collations than each other."""
    found = {
        **_given(*_SELLER, *_DATED, "cause"),
        **_numbered(Kind.INVOICE),
        "credits_id": sa.null(),
        **{name: receivables.c[name] for name in _OF_RECEIVABLE},
        "receivable_id": receivables.c.id,
        "tax_country": receivables.c.country,
        "description": products.c.name,
        "paid_by": settlements.c.source,
        "card_brand": sa.func.coalesce(cards.c.brand, ""),
        "card_last4": sa.func.coalesce(cards.c.last4, ""),
        **{f"buyer_{line}": sa.func.coalesce(contacts.c[f"billing_{line}"], "") for line in _CONTACT},
        "buyer_first_name": _meta(tables, "first_name", _MOST_OF_NAMES),
        "buyer_last_name": _meta(tables, "last_name", _MOST_OF_NAMES),
        "buyer_locale": _meta(tables, "locale", _MOST_OF_LOCALES),
        "buyer_shown_as": sa.func.coalesce(tables.users.c.display_name, ""),
        "buyer_tax_id": _custom_value(),
        "site_locale": _option(tables, "WPLANG", _MOST_OF_LOCALES),
    }
    return _insert(found, _sources(tables).where(receivables.c.id == sa.bindparam(f"{_GIVEN}receivable_id")))


_OF_RECEIVABLE = (
    "order_id", "member_id", "from_at", "until_at", "currency", "net_minor", "tax_minor", "gross_minor", "tax_ppm",
    "credit_minor",
)  # fmt: skip


def _insert(found: Mapping[str, sa.ColumnElement[Any]], rows: sa.Select[Any]) -> sa.Insert:
    columns = [column.label(name) for name, column in found.items()]
    return sa.insert(invoices).from_select(
        list(found), rows.with_only_columns(*columns), include_defaults=False
    )


def _named(values: Mapping[str, Any], **more: object) -> dict[str, Any]:
    return {f"{_GIVEN}{name}": value for name, value in {**values, **more}.items()}


def _given(*names: str) -> dict[str, sa.ColumnElement[Any]]:
    """Columns whose values are the caller's."""
    return {name: sa.bindparam(f"{_GIVEN}{name}", type_=invoices.c[name].type) for name in names}


def _sources(tables: Tables) -> sa.Select[Any]:
    """A settled receivable with all that its invoice tells of; one row, whatever is missing."""
    joined = (
        receivables.join(settlements, settlements.c.receivable_id == receivables.c.id)
        .join(orders, orders.c.id == receivables.c.order_id)
        .join(products, products.c.id == orders.c.product_id)
        .join(members, members.c.id == receivables.c.member_id)
        .outerjoin(contacts, contacts.c.member_id == members.c.id)
        .outerjoin(attempts, attempts.c.id == settlements.c.attempt_id)
        .outerjoin(cards, cards.c.id == attempts.c.card_id)
        .outerjoin(tables.users, tables.users.c.id == members.c.user_id)
    )
    return sa.select(receivables.c.id).select_from(joined)


def _meta(tables: Tables, key: str, most: int) -> sa.ColumnElement[Any]:
    """WordPress allows several rows of one key, and reads the first."""
    meta = tables.usermeta.alias()
    mine = sa.and_(meta.c.user_id == members.c.user_id, meta.c.meta_key == sa.literal(key))
    value = sa.func.coalesce(sa.func.substr(meta.c.meta_value, 1, most), "")
    return _or_nothing(sa.select(value).where(mine).order_by(meta.c.umeta_id).correlate(members))


def _option(tables: Tables, name: str, most: int) -> sa.ColumnElement[Any]:
    options = tables.options
    mine = options.c.option_name == sa.literal(name)
    return _or_nothing(sa.select(sa.func.substr(options.c.option_value, 1, most)).where(mine))


def _custom_value() -> sa.ColumnElement[Any]:
    """What the buyer has answered in the field for tax numbers."""
    asked = custom_values.join(custom_fields, custom_fields.c.id == custom_values.c.field_id)
    mine = sa.and_(
        custom_values.c.member_id == members.c.id, custom_fields.c.name == sa.bindparam(f"{_GIVEN}tax_field")
    )
    value = sa.select(sa.func.substr(custom_values.c.value, 1, _MOST_OF_NAMES)).select_from(asked)
    return _or_nothing(value.where(mine).correlate(members))


def _or_nothing(value: sa.Select[Any]) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(value.limit(1).scalar_subquery(), "")


def add_counterpart(
    session: Session, paper_id: int, kind: Kind, sums: Sums, paid_by: str, values: Mapping[str, Any]
) -> None:
    """A paper that takes all or a part of another one back, under the number that was claimed: it repeats what that one says of
    the sale and the buyer. `values`: as for an invoice, without `tax_field`."""
    more = {
        "paper_id": paper_id, "net_minor": sums.net_minor, "tax_minor": sums.tax_minor, "gross_minor": sums.gross_minor,
        "paid_by": paid_by, "credit_minor": abs(sums.gross_minor) if paid_by == "credit" else 0,
    }  # fmt: skip
    session.execute(_add_counterpart(kind), _named(values, **more))


@lru_cache(maxsize=2)
def _add_counterpart(kind: Kind) -> sa.Insert:
    changed = _given(
        *_SELLER, *_DATED, "cause", "net_minor", "tax_minor", "gross_minor", "paid_by", "credit_minor"
    )
    found = {
        **{column.name: column for column in invoices.c if column.name != "id"},
        **changed,
        **_numbered(kind),
        "credits_id": invoices.c.id,
    }
    return _insert(found, sa.select(invoices.c.id).where(invoices.c.id == sa.bindparam(f"{_GIVEN}paper_id")))


def _numbered(kind: Kind) -> dict[str, sa.ColumnElement[Any]]:
    """The number that was claimed."""
    opened = sa.select(series.c.code).where(series.c.is_open == 1)
    return {
        "kind": sa.literal(str(kind)),
        "series": opened.scalar_subquery(),
        "number": opened.with_only_columns(_counter(kind)).scalar_subquery(),
    }


def _counter(kind: Kind) -> sa.Column[Any]:
    return series.c.credit_notes if kind is Kind.CREDIT_NOTE else series.c.invoices


# --- reading --------------------------------------------------------------------------------------------------------


def find_invoice_of(session: Session, receivable_id: int) -> sa.Row[Any] | None:
    """The invoice of a receivable, without what was credited of it later."""
    mine = sa.and_(invoices.c.receivable_id == receivable_id, invoices.c.credits_id.is_(None))
    return session.execute(sa.select(invoices).where(mine)).first()


def find_by_cause(session: Session, cause: str) -> sa.Row[Any] | None:
    """What was issued for this."""
    return session.execute(sa.select(invoices).where(invoices.c.cause == cause)).first()


def find_invoice(session: Session, invoice_id: int) -> sa.Row[Any] | None:
    """By its row id."""
    return session.execute(sa.select(invoices).where(invoices.c.id == invoice_id)).first()


def find_by_place(session: Session, place: tuple[str, Kind, int]) -> sa.Row[Any] | None:
    """By series, kind and number."""
    code, kind, number = place
    is_it = (invoices.c.series == code, invoices.c.kind == kind, invoices.c.number == number)
    return session.execute(sa.select(invoices).where(*is_it)).first()


def compute_left(session: Session, receivable_id: int) -> Sums:
    """What stands of the invoice of a receivable, after all that was taken back."""
    sums = (sa.func.coalesce(sa.func.sum(invoices.c[name]), 0) for name in _SUMS)
    row = session.execute(sa.select(*sums).where(invoices.c.receivable_id == receivable_id)).one()
    return Sums(*(int(value) for value in row))


def sums_of(paper: Any) -> Sums:
    """Of a row."""
    return Sums(*(int(getattr(paper, name)) for name in _SUMS))


_SUMS = ("net_minor", "tax_minor", "gross_minor")


def list_settled_by(session: Session, order_id: int, at: datetime) -> Sequence[sa.Row[int, int]]:
    """(receivable_id, cycle) of the invoices of an order whose payments had come by then, the newest cycle first."""
    joined = invoices.join(settlements, settlements.c.receivable_id == invoices.c.receivable_id).join(
        receivables, receivables.c.id == invoices.c.receivable_id
    )
    return session.execute(
        sa.select(invoices.c.receivable_id, receivables.c.cycle)
        .select_from(joined)
        .where(
            invoices.c.order_id == order_id, invoices.c.credits_id.is_(None), settlements.c.settled_at <= at
        )
        .order_by(receivables.c.cycle.desc())
    ).all()


def list_of_order(session: Session, order_id: int) -> Sequence[sa.Row[Any]]:
    """Everything issued for one order, oldest first."""
    return _listed(session, invoices.c.order_id == order_id)


def list_of_member(session: Session, member_id: int) -> Sequence[sa.Row[Any]]:
    """Everything issued to one member, oldest first."""
    return _listed(session, invoices.c.member_id == member_id)


def _listed(session: Session, where: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    return session.execute(sa.select(invoices).where(where).order_by(invoices.c.id)).all()


def list_newest(
    session: Session, *, before_id: int | None, limit: int, month: tuple[date, date] | None = None
) -> Sequence[sa.Row[Any]]:
    """The newest first, those before one, of a range of days (exclusive end) or of all time."""
    asked = [] if before_id is None else [invoices.c.id < before_id]
    if month is not None:
        asked += [invoices.c.issued_on >= month[0], invoices.c.issued_on < month[1]]
    rows = sa.select(invoices).where(*asked).order_by(invoices.c.id.desc()).limit(limit)
    return session.execute(rows).all()


def list_of_days(
    session: Session, since: date, until: date, *, after_id: int = 0, limit: int
) -> Sequence[sa.Row[Any]]:
    """Those of a range of days (exclusive end), in the order in which they were issued, after one; with `order_uuid`, and with
    what names the paper that each takes back."""
    other = invoices.alias("other")
    joined = invoices.join(orders, orders.c.id == invoices.c.order_id).outerjoin(
        other, other.c.id == invoices.c.credits_id
    )
    named = [other.c[name].label(f"other_{name}") for name in ("kind", "prefix", "series", "number")]
    days = (invoices.c.issued_on >= since, invoices.c.issued_on < until)
    return session.execute(
        sa.select(invoices, orders.c.uuid.label("order_uuid"), *named)
        .select_from(joined)
        .where(*days, invoices.c.id > after_id)
        .order_by(invoices.c.id)
        .limit(limit)
    ).all()


def list_uninvoiced(session: Session, limit: int) -> list[int]:
    """Receivables that were settled since invoices are issued, by what is invoiced, and have none."""
    return [
        int(row) for row in session.scalars(uninvoiced().with_only_columns(receivables.c.id).limit(limit))
    ]


def uninvoiced() -> sa.Select[Any]:
    """(receivable's uuid, member) of payments without an invoice. What was paid before the first one has none."""
    first = (
        sa.select(sa.func.min(settlements.c.id))
        .join(invoices, invoices.c.receivable_id == settlements.c.receivable_id)
        .scalar_subquery()
    )
    mine = sa.and_(invoices.c.receivable_id == receivables.c.id, invoices.c.credits_id.is_(None))
    joined = settlements.join(receivables, receivables.c.id == settlements.c.receivable_id).outerjoin(
        invoices, mine
    )
    return (
        sa.select(receivables.c.uuid.label("subject"), receivables.c.member_id)
        .select_from(joined)
        .where(
            settlements.c.source.in_(("gateway", "manual", "credit")), receivables.c.gross_minor > 0,
            invoices.c.id.is_(None), settlements.c.id >= first,
        )
    )  # fmt: skip
