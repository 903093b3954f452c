"""How often a card may be declined before its network fines the seller. Pure.

A ceiling holds for one card (its fingerprint) over all of a seller's subscriptions, tries by hand and set-ups: whoever asks
gives the declines of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Ceiling:
    """At most `declines` within any `window`."""

    declines: int
    window: timedelta


# Visa, Excessive Reattempts Rule: fees from the 21st on in 30 days (15 before 2025-05). Mastercard, Transaction Processing
# Excellence, Excessive Attempts: more than 10 a day, or more than 35 in 30 days.
_PER_DAY = Ceiling(10, timedelta(days=1))
_VISA = Ceiling(20, timedelta(days=30))
_MASTERCARD = Ceiling(35, timedelta(days=30))
_OF_BRAND = {"visa": (_VISA,), "mastercard": (_PER_DAY, _MASTERCARD)}
_STRICTEST = (_PER_DAY, _VISA)
"""For every other brand, and when it is not known: whatever its own rule is, this has not been too much for any."""

MARGIN = 1
"""We stop so many declines below a ceiling: the seller's terminal or another shop of the same account may add one."""

MOST_REFUSED = 10
"""So many tries of one unpaid checkout may be refused. Who goes on tries cards that are not his, one after another: a ceiling
of one card does not see that, and the browser that does it asks the gateway and not us."""


@dataclass(frozen=True)
class Permission:
    """Whether a card may be tried now; if not, when it may be. No date: never, unless the network renews the card."""

    allowed: bool
    not_before: datetime | None


def may_try(brand: str, declined_at: Sequence[datetime], now: datetime, never_again: bool) -> Permission:
    """Whether one more try at `now` keeps the card below the ceilings of its network, even if it is declined.

    `brand`: the gateway's word, such as `visa`, in any case; `declined_at`: when the card was declined, in any order, at
    least those of the last 30 days; `never_again`: its bank has forbidden another try (`overdue.is_never_again`).

    Time: windows slide, and a decline leaves in the instant in which it is exactly as old as the window. A sliding day is
    never milder than the network's calendar day, whatever its zone. Declines later than `now` count, too.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    >>> may_try("mastercard", [noon] * 8, noon, never_again=False).allowed
    True
    >>> may_try("mastercard", [noon] * 9, noon, never_again=False).not_before.isoformat()
    '2026-05-02T12:00:00+00:00'
    """
    if never_again:
        return Permission(allowed=False, not_before=None)
    newest_first = sorted(declined_at, reverse=True)
    ceilings = _OF_BRAND.get(brand.lower(), _STRICTEST)
    free_at = max((_free_at(ceiling, newest_first, now) for ceiling in ceilings), default=now)
    return Permission(allowed=free_at <= now, not_before=None if free_at <= now else free_at)


def _free_at(ceiling: Ceiling, newest_first: Sequence[datetime], now: datetime) -> datetime:
    """When one more decline fits under the ceiling: once the one that fills it has left the window."""
    room = ceiling.declines - MARGIN
    return now if len(newest_first) < room else max(now, newest_first[room - 1] + ceiling.window)
