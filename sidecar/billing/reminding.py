"""Writing to an overdue member once more, with the link to My Account."""

from __future__ import annotations

from sidecar.billing import store
from sidecar.billing.desk import Desk
from sidecar.billing.notices import notify, record
from sidecar.billing.paying import get_own
from sidecar.billing.states import SubscriptionState
from sidecar.db import session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _


@use_case
def remind(desk: Desk, order_uuid: str, *, by: str) -> None:
    """Queue one mail that says what is owed and holds the link; at most one a day, however often it is asked for.

    The schedule's own mails are not touched. Raises Refused for an order that owes nothing.
    """
    order = get_own(None, order_uuid)
    owed = store.find_due_receivable(session(), order.id)
    if order.status is not SubscriptionState.OVERDUE or owed is None:
        raise Refused(_("Nothing is overdue for this order."))
    now = desk.now()
    failed = store.find_newest_attempt(session(), owed.id)
    notify(
        order, "retry_failed" if order.retries else "payment_failed", f"{owed.uuid}:reminded:{now.date()}", now,
        amount_minor=owed.collect_minor, act="wait_for_member" if order.waits_for_member else "retry",
        at=order.wake_at.isoformat() if order.wake_at else None,
        decline=(failed.decline or "") if failed else "no_card",
    )  # fmt: skip
    record(order, "reminded", owed.collect_minor, now, cycle=owed.cycle, by=by)
