"""Visa's Compelling Evidence 3.0: two earlier payments that nobody questioned, by what they have in common. Pure.

The rule as Stripe states it (docs "Visa Compelling Evidence 3.0 disputes", looked up on 2026-11-26): a Visa dispute with network
reason 10.4; at least two earlier payments with the same payment method, paid and never disputed, 120 to 365 days before; all
three agree in two elements, of which one is the address (IP) or the device. We keep no fingerprint of devices, so the main
element is the address, and the other one the account's name or the e-mail address. Stripe counts the days to the disputed
payment, Visa to the dispute: we want both to hold, and at most 364.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sidecar.reports.facts import Dispute, Payment

OLDEST_DAYS, YOUNGEST_DAYS = 364, 120
REASON = "10.4"


def may_answer_so(dispute: Dispute | None, payment: Payment | None) -> bool:
    """Whether the dispute is of the kind for which this evidence was made.

    A dispute whose network reason is not known counts by Stripe's own reason.
    """
    if dispute is None or payment is None or payment.brand.lower() != "visa":
        return False
    return dispute.network_reason == REASON or (not dispute.network_reason and dispute.reason == "fraudulent")


def choose_earlier(
    dispute: Dispute, payment: Payment, earlier: Sequence[Payment]
) -> tuple[Payment, Payment] | None:
    """The two newest that qualify; None where there are not two."""
    fitting = [one for one in earlier if _qualifies(one, dispute, payment)]
    newest = sorted(fitting, key=lambda one: one.at, reverse=True)
    return (newest[0], newest[1]) if len(newest) >= 2 else None


def _qualifies(earlier: Payment, dispute: Dispute, payment: Payment) -> bool:
    same_card = bool(payment.fingerprint) and earlier.fingerprint == payment.fingerprint
    return (
        earlier.is_undisputed
        and earlier.charge_id != payment.charge_id
        and earlier.amount_minor > 0
        and same_card
        and bool(payment.ip)
        and earlier.ip == payment.ip
        and _days(earlier.at, payment.at) >= YOUNGEST_DAYS
        and _days(earlier.at, dispute.opened_at) <= OLDEST_DAYS
    )


def _days(before: datetime, after: datetime) -> float:
    return (after - before).total_seconds() / 86_400
