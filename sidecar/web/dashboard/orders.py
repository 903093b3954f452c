"""One order with its schedule ahead, and the list of what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from flask import abort, render_template, request
from sqlalchemy.orm import Session

from sidecar.billing import store, store_returns
from sidecar.billing.account import holding_of
from sidecar.billing.invoicing.store import list_of_order
from sidecar.billing.rules import Order
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.store import list_products
from sidecar.db import reading
from sidecar.i18n import _
from sidecar.members.store import find_member_by_id
from sidecar.reports.ahead import Step, What, steps_of
from sidecar.reports.papers.facts import name_of_row
from sidecar.reports.store_members import Mailed, Owed, list_faces, list_mails, list_overdue, list_owed
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, screen, words
from sidecar.web.dashboard.member import order_acts, product_name
from sidecar.web.dashboard.overview import reason_words
from sidecar.web.dashboard.plots import Line, time_line
from sidecar.web.dashboard.words import Words

PAGE = 50
_KINDS = {
    What.PAID: "good", What.FAILED: "bad", What.OPEN: "warn", What.PAYMENT: "ahead", What.RETRY: "ahead warn",
    What.LAST_RETRY: "ahead bad", What.END: "bad",
}  # fmt: skip


@screen("/orders/<number>", Right.SEE_MEMBERS)
def order(number: str) -> str:
    """Its dates, the line, each cycle with its tries, what went back."""
    with reading() as reader:
        one = store.get_order(reader, number)
        found = find_member_by_id(reader, one.member_id)
        if found is None:
            abort(404)
        tries, paid = store.list_attempts(reader, one.id), store.list_settlements(reader, one.id)
        owed = store.list_receivables(reader, one.id)
        refunds = store_returns.list_refunds(reader, one.id)
        steps = steps_of(one, tries, service().config.billing.retry_days, frame().now)
        return render_template(
            "dashboard/order.html",
            order=one,
            member=found,
            face=list_faces(reader, [one.member_id]).get(one.member_id),
            product=product_name(reader, one),
            holding=holding_of(reader, one),
            acts=order_acts(reader, one, found.user_id),
            cycles=[(row, [a for a in tries if a.receivable_id == row.id]) for row in reversed(owed)],
            paid={row.receivable_id: row for row in paid},
            refunds=refunds,
            papers=list_of_order(reader, one.id),
            name_of_row=name_of_row,
            knows_seller=bool(service().config.invoices.seller_name),
            line=draw(steps, one, words(), frame().now),
            steps=steps,
            step_words=lambda step: step_words(step, one, words()),
            reason_words=reason_words,
        )


def draw(steps: Sequence[Step], order: Order, say: Words, now: datetime) -> Line:
    """The steps as marks on a line; green where it is paid, red while it is overdue."""
    moments = [
        (
            step.at,
            _KINDS[step.what],
            say.short_day(step.at.astimezone(say.zone).date()),
            step_words(step, order, say),
        )
        for step in steps
    ]
    stretches = []
    settled = [step.at for step in steps if step.what is What.PAID]
    stretches += [(begin, end, "paid") for begin, end in pairwise(settled)]
    until = min(now, order.paid_until_at) if order.paid_until_at else now
    if settled and until > settled[-1]:
        stretches.append((settled[-1], until, "paid"))
    if order.first_failed_at is not None and order.first_failed_at < now:
        stretches.append((order.first_failed_at, now, "late"))
    return time_line(moments, stretches, now)


def step_words(step: Step, order: Order, say: Words) -> str:
    """One step in a sentence."""
    amount = say.money(step.amount_minor, order.currency)
    sentences = {
        What.PAID: _("{amount} paid"),
        What.FAILED: _("{amount} declined: {reason}"),
        What.OPEN: _("{amount}: the outcome is not known yet"),
        What.PAYMENT: _("{amount} is due"),
        What.RETRY: _("{amount} is tried again"),
        What.LAST_RETRY: _("{amount} is tried for the last time; if it fails, the order ends"),
        What.END: _("ends, unless the member acts before")
        if order.status is SubscriptionState.OVERDUE
        else _("ends"),
    }
    sentence = sentences[step.what].format(amount=amount, reason=reason_words(step.reason))
    return f"{say.moment(step.at)}: {sentence}"


# --- what is overdue --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Late:
    """One line of the work list. `mailed`: what was sent since it failed."""

    order: Order
    user_id: int
    name: str
    email: str
    product: str
    owed: Owed
    mailed: tuple[Mailed, ...]


@screen("/overdue", Right.SEE_MEMBERS)
def overdue() -> str:
    """Who, since when, why, what comes next, what was mailed; who has been so for longest first."""
    after = _place()
    with reading() as reader:
        found = list_overdue(reader, after=after, limit=PAGE + 1)
        rows = _late(reader, found[:PAGE])
    last = rows[-1].order if rows and len(found) > PAGE else None
    place = f"{last.first_failed_at.timestamp()}-{last.id}" if last and last.first_failed_at else ""
    return render_template(
        "dashboard/overdue.html",
        rows=rows,
        next_place=place,
        is_first=after is None,
        reason_words=reason_words,
    )


def _place() -> tuple[datetime, int] | None:
    at, _dash, order_id = request.args.get("after", "").partition("-")
    try:
        return datetime.fromtimestamp(float(at), UTC), int(order_id)
    except (ValueError, OverflowError, OSError):
        return None


def _late(reader: Session, found: list[Order]) -> list[Late]:
    """A page in five statements, however many lines it has."""
    if not found:
        return []
    members, since = (
        [one.member_id for one in found],
        min(one.first_failed_at or frame().now for one in found),
    )
    faces, owed = list_faces(reader, members), list_owed(reader, [one.id for one in found])
    mails = list_mails(reader, members, since)
    products = {one.id: one.name for one in list_products(reader)}
    return [
        Late(
            order=one,
            user_id=face.user_id
            if (face := faces.get(one.member_id))
            else store.get_user_id(reader, one.member_id),
            name=face.name if face else "",
            email=face.email if face else "",
            product=products.get(one.product_id, f"#{one.product_id}"),
            owed=owed.get(one.id, Owed(0)),
            mailed=tuple(
                mail for mail in mails.get(one.member_id, ()) if mail[0] >= (one.first_failed_at or since)
            ),
        )
        for one in found
    ]
