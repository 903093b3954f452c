"""What may be done for a member, as data: when it is possible, what it will bring about, and the verb that does it.

Where an order pays for a membership the order's verb is called (`billing.changing`, `billing.membership`), never the
members' verb beside it. What will happen is worked out from the same rows that the verb will read; the verb refuses what
has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sidecar.access.rules import local_midnight
from sidecar.billing import changing
from sidecar.billing.account import Holding
from sidecar.billing.checking import unpark
from sidecar.billing.desk import Desk
from sidecar.billing.membership import change_membership, move_to_level
from sidecar.billing.reminding import remind
from sidecar.billing.returning import refund
from sidecar.billing.rules import Order
from sidecar.billing.states import SubscriptionState
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.members.changing import change_days, give_bundle, make_member
from sidecar.members.rules import Change, DaysMethod, Entitlement, changed
from sidecar.staff.rules import Right
from sidecar.web.dashboard.words import Words
from sidecar.written import to_minor


@dataclass(frozen=True)
class Case:
    """Whom and what an act is about. `held`: a level or bundle, with its name; `order`, `holding`: what pays, or what was
    bought; `refundable_minor`: what of the newest payment can go back."""

    desk: Desk
    say: Words
    by: str
    user_id: int
    held: Entitlement | None = None
    name: str = ""
    order: Order | None = None
    holding: Holding | None = None
    refundable_minor: int = 0

    @property
    def bundle_id(self) -> int | None:
        """For verbs that take a bundle, or None for the level."""
        return self.held.bundle_id if self.held else None

    @property
    def number(self) -> str:
        """The order's."""
        if self.order is None:
            raise Refused(_("There is no order for this."))
        return self.order.uuid

    def money(self, minor: int) -> str:
        """In the order's currency."""
        return self.say.money(minor, self.order.currency) if self.order else ""

    @property
    def price(self) -> str:
        """Of the next payment."""
        return self.money(self.order.price_of(self.order.next_cycle).gross_minor) if self.order else ""


Form = dict[str, str]


@dataclass(frozen=True)
class Act:
    """`fields`: what the form asks for beside the click. `is_done`: a sentence's key in the menu's `said`."""

    name: str
    label: Callable[[], str]
    right: Right
    is_possible: Callable[[Case], bool]
    consequences: Callable[[Case], list[str]]
    do: Callable[[Case, Form], object]
    fields: tuple[str, ...] = ()
    is_danger: bool = False


def find_act(name: str) -> Act | None:
    """By its name in addresses."""
    return next((act for act in (*OF_ORDER, *OF_MEMBERSHIP, *OF_MEMBER) if act.name == name), None)


# --- what forms hold ------------------------------------------------------------------------------------------------


def day_of(form: Form, name: str, case: Case) -> datetime | None:
    """The first instant of a day in the site's zone; None for an empty field. Raises Refused."""
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        return local_midnight(date.fromisoformat(text), case.say.zone)
    except ValueError:
        raise Refused(_("“{text}” is no date.").format(text=text[:40])) from None


def wanted_day(form: Form, name: str, case: Case) -> datetime:
    """The same, where there must be one."""
    found = day_of(form, name, case)
    if found is None:
        raise Refused(_("Please give a date."))
    return found


def number_of(form: Form, name: str) -> int:
    """A whole number. Raises Refused."""
    text = form.get(name, "").strip()
    if not text.isdecimal() or len(text) > 9:
        raise Refused(_("Please give a whole number."))
    return int(text)


# --- on an order ----------------------------------------------------------------------------------------------------


def _in_state(*states: SubscriptionState) -> Callable[[Case], bool]:
    return lambda case: case.order is not None and case.order.status in states


def _renews_in(*states: SubscriptionState) -> Callable[[Case], bool]:
    return lambda case: case.order is not None and case.order.terms.renews and case.order.status in states


def _has_next(case: Case) -> bool:
    return (
        _in_state(SubscriptionState.ACTIVE)(case)
        and case.order is not None
        and case.order.next_due_at is not None
    )


def _is_owed(case: Case) -> bool:
    living = _in_state(SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.OVERDUE)(case)
    return (
        living
        and case.order is not None
        and (case.order.next_due_at is not None or case.order.status is SubscriptionState.OVERDUE)
    )


def _can_charge(case: Case) -> bool:
    on = _in_state(SubscriptionState.ACTIVE, SubscriptionState.OVERDUE)(case)
    return on and case.order is not None and case.order.gateway != "manual" and case.order.card_id is not None


def _cancel_at_end(case: Case) -> list[str]:
    until = case.say.day(case.order.paid_until_at if case.order else None)
    return [
        _("Access to {name} stays until {date}, then it ends.").format(name=case.name, date=until),
        _("Nothing more is collected, and nothing is refunded."), _("A mail tells the member."),
        _("Until that day it can be taken back."),
    ]  # fmt: skip


def _cancel_now(case: Case) -> list[str]:
    lines = [_("Access to {name} ends at once, unless another order pays for it.").format(name=case.name)]
    if case.order and case.order.paid_until_at and case.order.paid_until_at > case.say.now:
        lines.append(
            _("It is paid until {date}; what is unused is not refunded.").format(
                date=case.say.day(case.order.paid_until_at)
            )
        )
    if case.order and case.order.status is SubscriptionState.OVERDUE:
        lines.append(_("The open payment of {amount} is dropped.").format(amount=case.price))
    return [*lines, _("Nothing more is collected."), _("A mail tells the member.")]


def _pause(case: Case) -> list[str]:
    until = case.say.day(case.order.paid_until_at if case.order else None)
    return [
        _("Nothing is collected during the pause."),
        _("The days stand still: what has opened stays open, nothing more opens."),
        _("The time that is paid until {date} goes on after the pause.").format(date=until),
    ]


def _charge(case: Case) -> list[str]:
    card = case.say.card(case.holding.card if case.holding else None)
    return [
        _("{amount} is charged to {card} now.").format(amount=_owed(case), card=card),
        _("The rhythm stays: the payments after it fall on their days."),
        _("If the card is declined, the payment is overdue and the retry schedule begins.")
        if case.order and case.order.status is SubscriptionState.ACTIVE
        else _("If the card is declined again, the retry schedule goes on as before."),
    ]


def _owed(case: Case) -> str:
    if case.holding and case.holding.overdue_minor:
        return case.money(case.holding.overdue_minor)
    return case.price


def _refund(case: Case) -> list[str]:
    return [
        _("Of the newest payment up to {amount} goes back, the way it came; that takes some days.").format(
            amount=case.money(case.refundable_minor)
        ),
        _("All of it back ends the order and the access it paid for; a part changes nothing else."),
        _("The gateway keeps its fee."), _("A mail tells the member."),
    ]  # fmt: skip


def _do_refund(case: Case, form: Form) -> object:
    text = form.get("amount", "").strip()
    minor = to_minor(text, case.order.currency) if text and case.order else None
    outcome = refund(case.desk, case.number, minor, by=case.by, reason=form.get("note", "")[:200])
    if outcome == "failed":
        raise Refused(_("The gateway has refused this refund. Its reason stands among the alarms."))
    return outcome


def _do_charge(case: Case, _form: Form) -> object:
    outcome = changing.charge_now(case.desk, case.number, by=case.by)
    if outcome != "settled":
        raise Refused(_("It was not paid. What came of it: {outcome}").format(outcome=outcome))
    return outcome


OF_ORDER: tuple[Act, ...] = (
    Act(
        "charge", lambda: _("Charge now"), Right.MOVE_MONEY, _can_charge, _charge, _do_charge,
    ),
    Act(
        "remind", lambda: _("Send the link"), Right.CHANGE_MEMBERS, _in_state(SubscriptionState.OVERDUE),
        lambda case: [
            _("A mail says what is owed ({amount}) and holds the link to My Account.").format(amount=_owed(case)),
            _("The schedule goes on as it would have; at most one such mail a day."),
        ],
        lambda case, _form: remind(case.desk, case.number, by=case.by),
    ),
    Act(
        "paid", lambda: _("Mark as paid"), Right.MOVE_MONEY, _is_owed,
        lambda case: [
            _("{amount} counts as paid by cash, cheque or transfer; the card is not charged.").format(amount=_owed(case)),
            _("Access goes on, and the next payment is due on its day."),
        ],
        lambda case, form: changing.mark_paid(case.desk, case.number, by=case.by, note=form.get("note", "")[:150]),
        fields=("note",),
    ),
    Act(
        "waive", lambda: _("Waive"), Right.MOVE_MONEY, _is_owed,
        lambda case: [
            _("{amount} need not be paid; nothing is charged.").format(amount=_owed(case)),
            _("Access goes on, and the next payment is due on its day."),
        ],
        lambda case, form: changing.waive(case.desk, case.number, by=case.by, note=form.get("note", "")[:150]),
        fields=("note",),
    ),
    Act(
        "skip", lambda: _("Give the next payment"), Right.MOVE_MONEY, _has_next,
        lambda case: [
            _("The payment of {amount} on {date} is a gift: it is not collected.").format(
                amount=case.price, date=case.say.day(case.order.next_due_at if case.order else None)
            ),
            _("Access goes on, and the rhythm stays."),
        ],
        lambda case, _form: changing.skip(case.desk, case.number, by=case.by),
    ),
    Act(
        "date", lambda: _("Move the next payment"), Right.CHANGE_MEMBERS, _has_next,
        lambda case: [
            _("It is due on {date} now.").format(date=case.say.day(case.order.next_due_at if case.order else None)),
            _("All later payments are counted from the new day, and access lasts until then."), _("A mail tells the member."),
        ],
        lambda case, form: changing.change_date(case.desk, case.number, wanted_day(form, "day", case), by=case.by),
        fields=("day",),
    ),
    Act(
        "pause_order", lambda: _("Pause"), Right.CHANGE_MEMBERS, _renews_in(SubscriptionState.ACTIVE), _pause,
        lambda case, _form: changing.pause(case.desk, None, case.number, by=case.by),
    ),
    Act(
        "resume_order", lambda: _("End the pause"), Right.CHANGE_MEMBERS, _in_state(SubscriptionState.PAUSED),
        lambda case: [
            _("The paid time that was left begins now: {until}.").format(
                until=case.say.day(case.say.now + changing.unused_time(case.order)) if case.order else ""
            ),
            _("The next payment is due when it is over."),
        ],
        lambda case, _form: changing.resume(case.desk, None, case.number, by=case.by),
    ),
    Act(
        "keep_order", lambda: _("Take the cancellation back"), Right.CHANGE_MEMBERS,
        _in_state(SubscriptionState.PENDING_CANCEL),
        lambda case: [
            _("The next payment of {amount} is due on {date}.").format(
                amount=case.price, date=case.say.day(case.order.paid_until_at if case.order else None)
            )
        ],
        lambda case, _form: changing.keep(case.desk, None, case.number, by=case.by),
    ),
    Act(
        "unpark", lambda: _("Collect again"), Right.MOVE_MONEY,
        lambda case: case.order is not None and case.order.held == "parked",
        lambda _case: [_("You have looked at what was wrong; from now on the order is collected as before.")],
        lambda case, _form: unpark(case.desk, case.number),
    ),
    Act(
        "refund", lambda: _("Refund"), Right.MOVE_MONEY, lambda case: case.refundable_minor > 0, _refund, _do_refund,
        fields=("amount", "note"), is_danger=True,
    ),
    Act(
        "cancel_order", lambda: _("Cancel at the end"), Right.CHANGE_MEMBERS, _renews_in(SubscriptionState.ACTIVE),
        _cancel_at_end, lambda case, _form: changing.cancel(case.desk, None, case.number, by=case.by), is_danger=True,
    ),
    Act(
        "end_order", lambda: _("Cancel now"), Right.CHANGE_MEMBERS,
        _in_state(
            SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.OVERDUE, SubscriptionState.PAUSED,
            SubscriptionState.PENDING_CANCEL,
        ),
        _cancel_now, lambda case, _form: changing.cancel(case.desk, None, case.number, by=case.by, at_once=True),
        is_danger=True,
    ),
)  # fmt: skip


# --- on a level or bundle that is held --------------------------------------------------------------------------------


def _can(change: Change, *, beside_order: bool = False) -> Callable[[Case], bool]:
    """Whether the state machine has this step, and no order pays: what an order pays for is changed there."""
    return lambda case: (
        case.held is not None
        and changed(case.held.state, change) is not None
        and (beside_order or case.order is None)
    )


def _step(change: Change, *, until: bool = False) -> Callable[[Case, Form], object]:
    def do(case: Case, form: Form) -> object:
        ends = day_of(form, "until", case) if until else None
        return change_membership(
            case.desk,
            case.user_id,
            change,
            by=case.by,
            zone=case.say.zone,
            bundle_id=case.bundle_id,
            expires_at=ends,
        )

    return do


def _lock(case: Case) -> list[str]:
    lines = [_("They are shut out of {name} at once, whatever else happens to it.").format(name=case.name)]
    if case.held is not None and case.held.bundle_id is None:
        lines.append(_("They are signed off everywhere, and cannot sign in to the site."))
    if case.order is not None:
        lines.append(_("Billing goes on: the next payment is due on {date}. Cancel the order if it should not.").format(
            date=case.say.day(case.order.next_due_at)))  # fmt: skip
    return lines


def _days(case: Case, form: Form) -> None:
    method = form.get("method", "")
    if method not in set(DaysMethod):
        raise Refused(_("Choose how the days are counted."))
    chosen = DaysMethod(method)
    change_days(
        case.user_id, chosen, now=case.desk.now(), by=case.by, bundle_id=case.bundle_id,
        from_at=wanted_day(form, "day", case) if chosen is DaysMethod.CUSTOM else None,
        fixed=number_of(form, "number") if chosen is DaysMethod.FIXED else None,
    )  # fmt: skip


OF_MEMBERSHIP: tuple[Act, ...] = (
    Act(
        "pause", lambda: _("Pause"), Right.CHANGE_MEMBERS, _can(Change.PAUSE),
        lambda _case: [_("The days stand still: what has opened stays open, nothing more opens.")], _step(Change.PAUSE),
    ),
    Act(
        "resume", lambda: _("End the pause"), Right.CHANGE_MEMBERS, _can(Change.RESUME),
        lambda _case: [_("The days count on from where they stopped.")], _step(Change.RESUME),
    ),
    Act(
        "activate", lambda: _("Activate"), Right.CHANGE_MEMBERS, _can(Change.ACTIVATE),
        lambda case: [_("They get access to {name} at once, without a payment.").format(name=case.name)], _step(Change.ACTIVATE),
    ),
    Act(
        "keep", lambda: _("Take the cancellation back"), Right.CHANGE_MEMBERS, _can(Change.KEEP),
        lambda case: [_("Access to {name} goes on without an end.").format(name=case.name)], _step(Change.KEEP),
    ),
    Act(
        "reactivate", lambda: _("Reactivate"), Right.CHANGE_MEMBERS, _can(Change.REACTIVATE),
        lambda case: [
            _("They get access to {name} at once, and the days begin anew.").format(name=case.name),
            _("Nothing is charged: no order pays for it."),
        ],
        _step(Change.REACTIVATE, until=True), fields=("until",),
    ),
    Act(
        "days", lambda: _("Count days otherwise"), Right.CHANGE_MEMBERS, lambda case: case.held is not None,
        lambda case: [
            _("It is day {number} of {name} now; what opens on a day follows the new count at once.").format(
                number=case.held.days_at(case.say.now, case.say.zone) if case.held else 0, name=case.name
            )
        ],
        _days, fields=("method", "day", "number"),
    ),
    Act(
        "unlock", lambda: _("Unlock"), Right.CHANGE_MEMBERS, _can(Change.UNLOCK, beside_order=True),
        lambda case: [
            _("What stands under the lock counts again: {status}.").format(
                status=case.say.status(case.held.status_under_lock) if case.held and case.held.status_under_lock else ""
            )
        ],
        _step(Change.UNLOCK),
    ),
    Act(
        "lock", lambda: _("Lock"), Right.CHANGE_MEMBERS, _can(Change.LOCK, beside_order=True), _lock, _step(Change.LOCK),
        is_danger=True,
    ),
    Act(
        "expire", lambda: _("Let it expire"), Right.CHANGE_MEMBERS, _can(Change.EXPIRE),
        lambda case: [_("Access to {name} ends at once, as expired.").format(name=case.name)], _step(Change.EXPIRE),
        is_danger=True,
    ),
    Act(
        "cancel", lambda: _("Cancel"), Right.CHANGE_MEMBERS, _can(Change.CANCEL),
        lambda case: [
            _("Access to {name} ends at once.").format(name=case.name),
            _("No order pays for it, so there is nothing to stop or refund."),
        ],
        _step(Change.CANCEL), is_danger=True,
    ),
)  # fmt: skip


# --- on the member --------------------------------------------------------------------------------------------------


def _give(case: Case, form: Form) -> None:
    give_bundle(
        case.user_id, number_of(form, "bundle"), now=case.desk.now(), by=case.by, expires_at=day_of(form, "until", case),
        is_complimentary=True,
    )  # fmt: skip


def _make(case: Case, form: Form) -> None:
    make_member(
        case.user_id, number_of(form, "level"), now=case.desk.now(), by=case.by, expires_at=day_of(form, "until", case),
        is_complimentary=True,
    )  # fmt: skip


OF_MEMBER: tuple[Act, ...] = (
    Act(
        "give", lambda: _("Give a bundle"), Right.CHANGE_MEMBERS, lambda _case: True,
        lambda _case: [
            _("They get access at once. It is a gift: nothing is charged for it, now or later."),
            _("With a last day it ends by itself; without one it stays until somebody ends it."),
        ],
        _give, fields=("bundle", "until"),
    ),
    Act(
        "level", lambda: _("Change the level"), Right.CHANGE_MEMBERS, lambda case: case.held is not None,
        lambda case: [
            _("Status, dates and the count of days stay; what opens follows the new level at once."),
            _("An order pays for {name}: it decides the level, and this will be refused. Change the order’s product, or cancel it first.").format(name=case.name)
            if case.order is not None
            else _("Nothing is charged for it."),
        ],
        lambda case, form: move_to_level(case.desk, case.user_id, number_of(form, "level"), by=case.by), fields=("level",),
    ),
    Act(
        "comp", lambda: _("Make a member"), Right.CHANGE_MEMBERS, lambda case: case.held is None,
        lambda _case: [
            _("They get the level at once. It is a gift: nothing is charged for it, now or later."),
            _("With a last day it ends by itself; without one it stays until somebody ends it."),
        ],
        _make, fields=("level", "until"),
    ),
)  # fmt: skip
