"""Making what is owed: the price of a cycle, what earlier cycles carried over, what the member's credit pays. Needs a transaction.

Amounts are minor units of the order's currency. Credit that a receivable uses is reserved in the ledger when it is made, so
that two receivables never use the same; it goes back when the receivable is void.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sidecar.billing import store, store_anchors, store_ledger
from sidecar.billing.amounts import price_of_gross
from sidecar.billing.desk import Desk
from sidecar.billing.notices import record
from sidecar.billing.progress import settle
from sidecar.billing.rules import Order, Receivable, Source, source_of_nothing
from sidecar.billing.states import ReceivableState
from sidecar.catalog.rules import Terms, terms_to_json
from sidecar.db import session
from sidecar.errors import Refused
from sidecar.i18n import _


def owe(
    desk: Desk,
    order: Order,
    cycle: int,
    now: datetime,
    *,
    missed: bool = False,
    again: tuple[str, int] | None = None,
    is_first: bool = False,
    credit_minor: int | None = None,
    asked_s: float | None = None,
) -> Receivable:
    """Make the receivable of one cycle; the one that is there already is given back. A missed one uses no credit.

    The period is counted from the anchor. A second call for the same cycle finds the first one's row. `again`: its old name
    and the sum that was asked for, where a restored database makes it again; the credit of then is not known. `is_first`: the
    caller has seen that there is none. `credit_minor`: what the member has, where it was read a moment ago. `asked_s`: when
    its intent is asked for, if that is now (Unix seconds of the database server).
    """
    known = None if is_first else store.find_receivable_of(session(), order.id, cycle)
    if known is not None:
        return known
    price = order.price_of(cycle)
    if order.carried_minor and not missed:
        gross = price.gross_minor + order.carried_minor
        price = price_of_gross(gross, price.currency, price.tax_ppm, price.country)
        store.set_order(session(), order.id, carried_minor=0)
    if again is not None:
        price = price_of_gross(again[1], price.currency, price.tax_ppm, price.country)
    credit = (
        0 if missed or again is not None else _usable_credit(desk, order, price.gross_minor, credit_minor)
    )
    period = order.period_of(cycle)
    made = store.add_receivable(
        session(),
        {
            "order_id": order.id, "member_id": order.member_id, "cycle": cycle, "net_minor": price.net_minor,
            "tax_minor": price.tax_minor, "gross_minor": price.gross_minor, "credit_minor": credit,
            "currency": price.currency, "tax_ppm": price.tax_ppm, "country": price.country, "from_at": period.from_at,
            "until_at": period.until_at, "due_at": period.from_at, "made_at": now, "intent_asked_at": asked_s,
            "status": ReceivableState.MISSED if missed else ReceivableState.DUE, **({"uuid": again[0]} if again is not None else {}),
        },
    )  # fmt: skip
    reserve(made, now)
    return made


def reserve(receivable: Receivable, now: datetime) -> None:
    """Set aside the credit that a receivable uses."""
    store_ledger.post(
        session(), f"reserve:{receivable.uuid}", receivable.member_id, receivable.currency, now,
        {"credit": receivable.credit_minor, "reserved": -receivable.credit_minor},
    )  # fmt: skip


def renumber(order: Order, reason: str, now: datetime) -> Order:
    """The order, with a next cycle under whose number nothing was ever owed; as it stands if that is so.

    A cycle that was voided while its order lived on (paused, canceled and kept, disputed and won) is owed again under the
    next number, since a receivable is owed once. The rhythm stays, and a payment plan has as many payments as before.
    """
    newest = store.find_newest_receivable(session(), order.id)
    if newest is None or newest.status is not ReceivableState.VOID or newest.cycle < order.next_cycle:
        return order
    more, terms, begins_at = (
        newest.cycle + 1 - order.next_cycle,
        order.terms,
        order.start_of(order.next_cycle),
    )
    if terms.payments is not None:
        terms = replace(terms, payments=terms.payments + more)
    store.set_order(
        session(), order.id, next_cycle=order.next_cycle + more, anchor_cycle=order.anchor_cycle + more,
        terms=terms_to_json(terms),
    )  # fmt: skip
    store_anchors.add_anchor(session(), order.id, order.next_cycle + more, begins_at, reason, now)
    return store.find_order(session(), order.id) or order


def _usable_credit(desk: Desk, order: Order, gross_minor: int, known_minor: int | None) -> int:
    """As much of the member's credit as leaves either nothing, or a sum that the gateway collects."""
    credit = known_minor
    if credit is None:
        credit = store_ledger.compute_credit(session(), order.member_id, order.currency)
    smallest, step = collectable(desk, order)
    return credit_for(gross_minor, credit, smallest=smallest, step=step)


def collectable(desk: Desk, order: Order) -> tuple[int, int]:
    """(the smallest sum, the step between sums) that can be collected for this order; by hand any can."""
    if desk.gateway is None or order.gateway == "manual":
        return 1, 1
    return desk.gateway.smallest_minor(order.currency) or 1, desk.gateway.step_minor(order.currency)


def credit_for(gross_minor: int, credit_minor: int, *, smallest: int, step: int = 1) -> int:
    """How much of a credit pays a gross sum, when what is left must be nothing, or at least `smallest` and whole `step`s.

    >>> [credit_for(1000, credit, smallest=50) for credit in (0, 600, 970, 1000)]
    [0, 600, 950, 1000]
    >>> [credit_for(1000, credit, smallest=10, step=10) for credit in (7, 604, 1000)]
    [0, 600, 1000]
    """
    usable = max(0, min(gross_minor, credit_minor))
    if usable == gross_minor:
        return usable
    usable = min(usable, gross_minor - smallest)
    return max(0, usable - (usable - gross_minor) % step)


def settle_without_gateway(desk: Desk, order: Order, receivable: Receivable, now: datetime) -> bool:
    """Settle what costs nothing or is paid by credit, and carry over what is too small to collect. Whether that was so."""
    if receivable.collect_minor == 0:
        settle(desk, order, receivable, source_of_nothing(order, receivable), now=now)
        return True
    smallest = desk.gateway.smallest_minor(order.currency) if desk.gateway else None
    is_last = order.last_cycle is not None and receivable.cycle >= order.last_cycle
    if order.gateway == "manual" or smallest is None or receivable.collect_minor >= smallest:
        return False
    if is_last:
        settle(desk, order, receivable, Source.WAIVED, now=now, note="below the gateway's minimum")
        return True
    return _carry(order, receivable, smallest, now)


def _carry(order: Order, receivable: Receivable, smallest: int, now: datetime) -> bool:
    """The period is given, the sum rides on the next cycle."""
    if receivable.intent_id is not None or not store.claim_receivable(
        session(), receivable, ReceivableState.CARRIED
    ):
        return False
    due_at = order.start_of(receivable.cycle + 1)
    store.set_order(
        session(), order.id, carried_minor=receivable.gross_minor, next_cycle=receivable.cycle + 1, next_due_at=due_at,
        wake_at=due_at, paid_until_at=receivable.until_at,
    )  # fmt: skip
    record(order, "carried", receivable.gross_minor, now, cycle=receivable.cycle, smallest_minor=smallest)
    return True


def refuse_currency(desk: Desk, gateway: str, terms: Terms) -> None:
    """Nothing is sold that the gateway could never collect; raises Refused."""
    if gateway == "manual" or not terms.price_minor:
        return
    if desk.gateway is None or desk.gateway.smallest_minor(terms.currency) is None:
        raise Refused(_("The payment gateway does not take {currency}.").format(currency=terms.currency))
    step = desk.gateway.step_minor(terms.currency)
    if terms.price_minor % step or (terms.trial_price_minor or 0) % step:
        raise Refused(
            _("The payment gateway takes no such fractions of {currency}.").format(currency=terms.currency)
        )
