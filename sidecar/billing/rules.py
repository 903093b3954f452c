"""Orders, receivables and attempts as values, and what follows from them. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec

from sidecar.billing.amounts import Price, price_of_gross
from sidecar.billing.coupons import discount
from sidecar.billing.overdue import Schedule, default_schedule_for, parse_schedule
from sidecar.billing.periods import Anchor, Period, Rhythm, add_days_local, cycle_at, start_of_cycle
from sidecar.billing.states import AttemptState, ReceivableState, SubscriptionState
from sidecar.catalog.coupons import Coupon
from sidecar.catalog.rules import Grant, PlanEnd, ProductKind, Terms, terms_from_json
from sidecar.members.rules import Status


class Source(StrEnum):
    """What paid a receivable."""

    GATEWAY = "gateway"
    MANUAL = "manual"
    CREDIT = "credit"
    COUPON = "coupon"
    WAIVED = "waived"


class Origin(StrEnum):
    """Who began an attempt. Only SCHEDULE and RETRY are the retry schedule's own."""

    SCHEDULE = "schedule"
    RETRY = "retry"
    MEMBER = "member"
    ADMIN = "admin"
    BROWSER = "browser"
    IMPORT = "import"


@dataclass(frozen=True)
class Order:
    """What was bought, with the terms of then. A subscription is an order that renews. The columns of its row.

    `retries`: those that have failed since `first_failed_at`; of a checkout that is not paid yet, its refused tries.
    """

    id: int
    uuid: str
    token: str
    member_id: int
    product_id: int
    level_id: int | None
    bundle_id: int | None
    gateway: str
    status: SubscriptionState
    terms_json: str
    coupon_json: str | None
    coupon_id: int | None
    currency: str
    zone: str
    anchor_at: datetime
    anchor_cycle: int
    next_cycle: int
    next_due_at: datetime | None
    paid_until_at: datetime | None
    wake_at: datetime | None
    first_failed_at: datetime | None
    retries: int
    faults: int
    carried_minor: int
    card_id: int | None
    card_chosen_s: float | None
    setup_id: str | None
    held: str | None
    replaces_id: int | None
    ended_for: str | None
    affiliate_id: str
    subaffiliate_id: str
    ip: str
    ordered_at: datetime
    paused_at: datetime | None
    collected_at: datetime | None
    waits_for_member: bool
    announced_cycle: int | None
    activated_at: datetime | None
    ended_at: datetime | None

    @cached_property
    def terms(self) -> Terms:
        """As they were frozen; raises Refused when they cannot be read."""
        return terms_from_json(self.terms_json)

    @cached_property
    def coupon(self) -> Coupon | None:
        """As it was frozen."""
        return None if self.coupon_json is None else coupon_from_json(self.coupon_json)

    @property
    def grant(self) -> Grant:
        """Whether it is for the level or for a bundle."""
        return Grant.LEVEL if self.level_id is not None else Grant.BUNDLE

    @property
    def grant_id(self) -> int:
        """The level's or the bundle's id."""
        return self.level_id if self.level_id is not None else self.bundle_id or 0

    @property
    def has_trial(self) -> bool:
        """Whether cycle 0 is a trial; the full price begins with cycle 1 then."""
        return self.terms.trial_days is not None

    @property
    def anchor(self) -> Anchor:
        """From where its cycles are counted; only for an order that renews."""
        return Anchor(self.anchor_at, self.zone, Rhythm(self.terms.every or 1, self.terms.unit or "month"))

    @property
    def is_in_trial(self) -> bool:
        """Whether the trial is what the member has now."""
        return self.has_trial and self.next_cycle <= 1

    @property
    def last_cycle(self) -> int | None:
        """The cycle of a payment plan's last payment; 0 for what is paid once; None: it renews for ever."""
        if not self.terms.renews:
            return 0
        if self.terms.payments is None:
            return None
        return self.terms.payments - 1 + int(self.has_trial)

    def ends_later(self, now: datetime) -> bool:
        """Whether a cancellation at `now` leaves it what is paid, to be taken back until then."""
        return (
            self.status is SubscriptionState.ACTIVE
            and self.paid_until_at is not None
            and self.paid_until_at > now
        )

    @property
    def next_start_at(self) -> datetime | None:
        """When the next cycle begins by the rhythm; None when there is none: paid once, or the last payment was made."""
        if self.last_cycle is not None and self.next_cycle > self.last_cycle:
            return None
        return self.start_of(self.next_cycle)

    def start_of(self, cycle: int) -> datetime:
        """When a cycle begins, counted from the anchor; never before the anchor's own cycle."""
        return start_of_cycle(self.anchor, cycle - self.anchor_cycle)

    def period_of(self, cycle: int) -> Period:
        """From the start of a cycle to the start of the next, exclusive."""
        return Period(self.start_of(cycle), self.start_of(cycle + 1))

    def cycle_at(self, moment: datetime) -> int:
        """The cycle that `moment` lies in; at least the anchor's."""
        return self.anchor_cycle + (cycle_at(self.anchor, moment) if moment >= self.anchor_at else 0)

    def price_of(self, cycle: int) -> Price:
        """What one cycle costs: the trial's price or the full one, less the coupon, with the tax inside.

        A coupon for the first payment counts for the first that costs anything: a free trial does not use it up.
        """
        terms = self.terms
        in_trial = self.has_trial and cycle == 0
        gross = (terms.trial_price_minor or 0) if in_trial else terms.price_minor
        if self.coupon is not None:
            free_trials = int(self.has_trial and not terms.trial_price_minor)
            gross -= discount(self.coupon, gross, terms.currency, cycle=max(0, cycle - free_trials))
        return price_of_gross(gross, terms.currency, terms.tax_ppm, terms.tax_country)

    def first_period(self, at: datetime) -> tuple[datetime, int, datetime | None]:
        """(anchor, its cycle, the exclusive end of cycle 0) for an order that is activated at `at`.

        A trial's days come first and the anchor after them; what is paid once ends after its access days, or never.
        """
        terms = self.terms
        if self.has_trial:
            begins = add_days_local(at, terms.trial_days or 0, self.zone)
            return begins, 1, begins
        if terms.renews:
            rhythm = Rhythm(terms.every or 1, terms.unit or "month")
            return at, 0, start_of_cycle(Anchor(at, self.zone, rhythm), 1)
        return at, 0, None if terms.access_days is None else add_days_local(at, terms.access_days, self.zone)

    def schedule(self, of_site: str) -> Schedule:
        """When a failed renewal is tried again: on the product's frozen days, else on the site's.

        Where even the site's first day is too late for what renews so often, the default of its rhythm stands in.
        """
        if self.terms.retry_days is not None:
            return parse_schedule(self.terms.retry_days)
        schedule, rhythm = parse_schedule(of_site), self.anchor.rhythm
        is_too_late = schedule.retry_days and schedule.retry_days[0] >= rhythm.shortest_days
        return default_schedule_for(rhythm) if is_too_late else schedule


@dataclass(frozen=True)
class Receivable:
    """What is owed once; the columns of its row."""

    id: int
    uuid: str
    order_id: int
    member_id: int
    cycle: int
    status: ReceivableState
    net_minor: int
    tax_minor: int
    gross_minor: int
    credit_minor: int
    currency: str
    tax_ppm: int
    country: str
    from_at: datetime
    until_at: datetime | None
    due_at: datetime
    intent_id: str | None
    intent_number: int
    intent_asked_at: float | None
    made_at: datetime

    @property
    def collect_minor(self) -> int:
        """What is to be collected: the gross less what the member's credit pays."""
        return self.gross_minor - self.credit_minor


@dataclass(frozen=True)
class Attempt:
    """One try to collect; the columns of its row."""

    id: int
    receivable_id: int
    order_id: int
    member_id: int
    number: int
    origin: Origin
    status: AttemptState
    is_open: int | None
    holder: str | None
    amount_minor: int
    currency: str
    card_id: int | None
    intent_id: str | None
    charge_id: str | None
    decline: str | None
    advice: str | None
    message: str | None
    started_at: datetime
    started_s: float
    finished_at: datetime | None


@dataclass(frozen=True)
class Card:
    """A member's card, as we keep it: never its number."""

    id: int
    member_id: int
    gateway_id: str
    fingerprint: str
    brand: str
    last4: str
    exp_year: int
    exp_month: int
    never_again: bool
    customer_id: str


PAYING = (
    SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.OVERDUE, SubscriptionState.PAUSED,
    SubscriptionState.PENDING_CANCEL,
)  # fmt: skip
"""The states in which an order still lives."""

TAKEN_BACK = ("refunded", "disputed")
"""For what an order ended whose payment went back."""

_ACCESS = {
    SubscriptionState.ACTIVE: Status.ACTIVE,
    SubscriptionState.PENDING_CANCEL: Status.PENDING_CANCEL,
    SubscriptionState.PAUSED: Status.PAUSED,
    SubscriptionState.OVERDUE: Status.OVERDUE,
    SubscriptionState.PENDING: Status.PENDING_ACTIVATION,
    SubscriptionState.CANCELED: Status.CANCELED,
}
_BEST_FIRST = (
    Status.ACTIVE, Status.PENDING_CANCEL, Status.PAUSED, Status.OVERDUE, Status.PENDING_ACTIVATION, Status.EXPIRED,
    Status.CANCELED,
)  # fmt: skip


def access_of(order: Order) -> Status:
    """The status that one order gives to what it was bought for.

    A finished payment plan keeps access or has it expire, as its product said, and does not keep it when its last payment
    was taken back; what was paid once and ended has expired.
    """
    if order.status is not SubscriptionState.COMPLETED:
        return _ACCESS[order.status]
    keeps = order.terms.kind is ProductKind.PAYMENT_PLAN and order.terms.plan_end is not PlanEnd.END
    return Status.ACTIVE if keeps and order.ended_for not in TAKEN_BACK else Status.EXPIRED


def best_of(orders: list[Order]) -> Order | None:
    """Of all orders for one level or bundle, the one that gives most; of equals the newest. What nothing else pays for ends."""
    ranked = sorted(orders, key=lambda order: (_BEST_FIRST.index(access_of(order)), -order.id))
    return ranked[0] if ranked else None


def source_of_nothing(order: Order, receivable: Receivable) -> Source:
    """What paid a receivable of which nothing is to be collected."""
    if receivable.credit_minor:
        return Source.CREDIT
    return Source.COUPON if order.coupon else Source.WAIVED


def coupon_to_json(coupon: Coupon) -> str:
    """Canonical JSON, to be frozen into an order."""
    return json.dumps(msgspec.to_builtins(coupon), sort_keys=True, separators=(",", ":"))


def coupon_from_json(text: str) -> Coupon:
    """The coupon in a text that `coupon_to_json` made."""
    return msgspec.convert(json.loads(text), Coupon)


def metadata_of(
    installation: str, order_uuid: str, receivable_uuid: str, cycle: int, number: int
) -> dict[str, str]:
    """What an intent says of itself at the gateway: made of names that a restored database never hands out again."""
    return {
        "gatepost": installation, "order": order_uuid, "receivable": receivable_uuid, "cycle": str(cycle),
        "intent": str(number),
    }  # fmt: skip


def event_body(order: Order, amount_minor: int, **more: Any) -> dict[str, Any]:
    """What every billing event says: order, product, amount, affiliate."""
    body: dict[str, Any] = {
        "order": order.uuid, "product": order.product_id, "amount_minor": amount_minor, "currency": order.currency, **more,
    }  # fmt: skip
    if order.affiliate_id:
        body |= {"affiliate": order.affiliate_id, "subaffiliate": order.subaffiliate_id}
    return body
