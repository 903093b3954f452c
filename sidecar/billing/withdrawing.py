"""Credit that a change of product gave goes with the payment that it came from, when that goes back. Needs a transaction.

Units: minor units of the order's currency; amounts here are positive. At most what the change turned into credit of this payment,
less what was withdrawn of it before, and never more than the member has left: what was used up is the seller's loss, and never a
debt.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sidecar.billing import store, store_ledger, store_returns
from sidecar.billing.invoicing.store import find_by_cause
from sidecar.billing.rules import Order
from sidecar.db import session


def withdraw_credit(
    order: Order, charge_id: str, name: str, amount_minor: int, account: str, now: datetime
) -> int:
    """Take back what is credit of a payment of which `amount_minor` goes back; gives how much that is.

    `name`: of the refund or dispute, once. `account`: where the money went.
    """
    if order.ended_for != "replaced":
        return 0
    left = store_ledger.compute_credit(session(), order.member_id, order.currency)
    taken = max(0, min(amount_minor, _credited(order, charge_id), left))
    sums = {"credit": taken, account: -taken}
    store_ledger.post(session(), f"withdrawn:{name}"[:64], order.member_id, order.currency, now, sums)
    return taken


def _credited(order: Order, charge_id: str) -> int:
    """What of a payment is credit by the change that ended its order."""
    paid = [row for row in store.list_settlements(session(), order.id) if row.charge_id is not None]
    mine = next((row for row in paid if row.charge_id == charge_id), None)
    if mine is None:
        return 0
    followers = [one for one in store.list_orders(session(), order.member_id) if one.replaces_id == order.id]
    return sum(_credited_by(one, mine, paid) for one in followers)


def _credited_by(follower: Order, mine: Any, paid: Sequence[Any]) -> int:
    """A cycle that was paid while the change waited has a posting of its own. Those of before share one: there a payment has what
    its credit note says, as far as the new order's first price has not used it."""
    withdrawn = store_returns.compute_withdrawn(session(), [mine.charge_id])
    shared, alone = f"changed:{follower.uuid}", f"changed:{follower.uuid}:{mine.cycle}"
    if mine.settled_at > follower.ordered_at:
        given = -store_ledger.compute_account(session(), alone, "credit")
        return max(0, given - withdrawn)
    note = find_by_cause(session(), f"change:{follower.uuid}:{mine.cycle}")
    if note is None:
        return 0
    before = [row.charge_id for row in paid if row.settled_at <= follower.ordered_at]
    given = -store_ledger.compute_account(session(), shared, "credit")
    left = given - store_returns.compute_withdrawn(session(), before)
    return max(0, min(-int(note.gross_minor) - withdrawn, left))
