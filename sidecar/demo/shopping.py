"""What the demo's people have bought, paid, paused and canceled in the past: by the verbs of a real checkout, in the order of
time, with business time and the test processor's clock moved through those days."""

from __future__ import annotations

import calendar
import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sidecar.billing import changing, store, store_cards
from sidecar.billing.desk import Desk
from sidecar.billing.ordering import Buyer, Wish, begin, finish
from sidecar.db import reading
from sidecar.demo.history import moment
from sidecar.demo.people import Bought, Hold, Person
from sidecar.demo.processor_child import Control
from sidecar.members.changing import change_days
from sidecar.members.rules import DaysMethod

_SOON = timedelta(days=10)
"""So long before its newest payment falls due a card goes bad."""


@dataclass(frozen=True)
class Deed:
    """Something that somebody did then. `do` asks the clock itself."""

    at: datetime
    do: Callable[[], object]


class Shopping:
    """The deeds of everybody; `users`: user ids by login."""

    def __init__(self, desk: Desk, control: Control, users: Mapping[str, int]) -> None:
        self._desk, self._control, self._users = desk, control, users
        self._orders: dict[tuple[str, str], str] = {}

    def deeds_of(self, person: Person, now: datetime) -> Iterator[Deed]:
        """What he did until `now`, not sorted."""
        for hold in (person.level, person.promoted, *person.bundles):
            if hold is not None and hold.bought is not None:
                yield from self._deeds(person, hold, hold.bought, now)

    def _deeds(self, person: Person, hold: Hold, bought: Bought, now: datetime) -> Iterator[Deed]:
        is_promotion = hold is person.promoted
        yield Deed(
            bought_at(person, hold, bought, now), lambda: self._buy(person, bought, is_promotion=is_promotion)
        )
        if bought.then:
            at = moment(person.login, hold.since, now) - (_SOON if bought.months else timedelta())
            yield Deed(at, lambda: self._spoil_card(person, bought))
        if bought.paused_ago is not None:
            yield Deed(
                moment(person.login, bought.paused_ago, now),
                lambda: self._change(person, bought, changing.pause),
            )
        if bought.canceled_ago is not None:
            at = moment(person.login, bought.canceled_ago, now)
            yield Deed(at, lambda: self._change(person, bought, changing.cancel))

    def _buy(self, person: Person, bought: Bought, *, is_promotion: bool) -> None:
        desk, token = self._desk, secrets.token_hex(16)
        buyer = Buyer(self._users[person.login], person.email, person.display_name, "127.0.0.1")
        begun = begin(desk, buyer, Wish(bought.product, token))
        self._orders[person.login, bought.product] = begun.order
        if not bought.pays:
            return
        self._control.pay(
            begun.client_secret.partition("_secret_")[0], card_number(person.login, bought.card)
        )
        finish(desk, token)
        if is_promotion:
            at = desk.now()
            change_days(buyer.user_id, DaysMethod.CUSTOM, now=at, by="checkout", from_at=at)

    def _spoil_card(self, person: Person, bought: Bought) -> None:
        with reading() as reader:
            order = store.get_order(reader, self._orders[person.login, bought.product])
            card = store_cards.find_card(reader, order.card_id or 0)
        if card is not None:
            self._control.script_card(card.gateway_id, bought.then)

    def _change(self, person: Person, bought: Bought, verb: Callable[..., object]) -> None:
        user_id = self._users[person.login]
        verb(self._desk, user_id, self._orders[person.login, bought.product], by=f"user:{user_id}")


def card_number(login: str, begins: str) -> str:
    """A number of somebody's own: networks count declines by number, so no two people share one.

    >>> card_number("ada", "5555") == card_number("ada", "5555") != card_number("bob", "5555")
    True
    >>> len(card_number("ada", "5555")), card_number("ada", "4000002760003184")
    (16, '4000002760003184')
    """
    drawn = int.from_bytes(hashlib.sha256(login.encode()).digest()[:8], "big")
    fifteen = f"{begins}{drawn:020}"[:15]
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(fifteen))
    total = sum(value - 9 if value > 9 else value for value in doubled)
    return begins if len(begins) == 16 else f"{fifteen}{-total % 10}"


def bought_at(person: Person, hold: Hold, bought: Bought, now: datetime) -> datetime:
    """When it was bought: so many months before its newest payment fell due."""
    if hold.since >= 0:
        return months_before(moment(person.login, hold.since, now), bought.months)
    return months_before(now + timedelta(days=-hold.since), bought.months)


def months_before(at: datetime, months: int) -> datetime:
    """The same day of an earlier month, or its last where it has none such.

    >>> from datetime import UTC
    >>> months_before(datetime(2026, 5, 31, 12, tzinfo=UTC), 3).isoformat()
    '2026-02-28T12:00:00+00:00'
    """
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)
