"""One member: everything about them, and what may be done, each act with its consequences before it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from sidecar.activity.rules import facts_of
from sidecar.activity.store import list_events
from sidecar.billing import store, store_ledger, store_returns
from sidecar.billing.account import Holding, holding_of
from sidecar.billing.membership import find_paying_order
from sidecar.billing.rules import PAYING, Order
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import find_product, list_bundles, list_levels
from sidecar.db import reading
from sidecar.members.facing import face_member
from sidecar.members.rules import Entitlement
from sidecar.members.store import Member, find_member
from sidecar.members.store_addresses import find_bad_address
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.acts import OF_MEMBER, OF_MEMBERSHIP, OF_ORDER, Act, Case, find_act
from sidecar.web.dashboard.door import frame, person, screen, words
from sidecar.web.dashboard.overview import reason_words
from sidecar.web.dashboard.place import link
from sidecar.wordpress.users import User, find_user, get_profile

EVENTS = 40


@dataclass(frozen=True)
class Held:
    """A level or bundle that the member holds, what pays for it, and what may be done."""

    held: Entitlement
    name: str
    order: Order | None
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class Bought:
    """An order as the list shows it."""

    order: Order
    product: str


@screen("/members/<int:user_id>", Right.SEE_MEMBERS)
def member(user_id: int) -> str:
    """Everything about one WordPress user."""
    with reading() as reader:
        user, found = find_user(reader, service().tables, user_id), find_member(reader, user_id)
        if user is None and found is None:
            abort(404)
        profile = get_profile(reader, service().tables, [user_id])[user_id]
        holdings = [_held(reader, one, user_id) for one in found.entitlements] if found else []
        bought = _bought(reader, found) if found else []
        events = list_events(reader, member_id=found.id, limit=EVENTS) if found else []
        credit = _credit(reader, found, bought) if found else {}
        bad_address = find_bad_address(reader, user.email) if user else None
    case = Case(service().desk, words(), person().by, user_id, held=found.level if found else None)
    return render_template(
        "dashboard/member.html",
        user=user,
        user_id=user_id,
        profile=profile,
        member=found,
        holdings=holdings,
        bought=bought,
        events=[(event, facts_of(event.body)) for event in events],
        credit=credit,
        bad_address=bad_address,
        acts=_possible(OF_MEMBER, case) if user else (),
        reason_words=reason_words,
        name=_shown(user, user_id),
    )


def _shown(user: User | None, user_id: int) -> str:
    return user.display_name or user.login if user else f"#{user_id}"


def _held(reader: Session, held: Entitlement, user_id: int) -> Held:
    names = {
        one.id: one.name
        for one in (list_levels(reader) if held.grant is Grant.LEVEL else list_bundles(reader))
    }
    name = names.get(held.grant_id, f"#{held.grant_id}")
    order = find_paying_order(user_id, held.bundle_id)
    case = Case(service().desk, words(), person().by, user_id, held, name, order)
    return Held(held, name, order, _possible(OF_MEMBERSHIP, case))


def _possible(acts: tuple[Act, ...], case: Case) -> tuple[Act, ...]:
    return tuple(act for act in acts if person().may(act.right) and act.is_possible(case))


def _bought(reader: Session, found: Member) -> list[Bought]:
    orders = sorted(store.list_orders(reader, found.id), key=_living_first)
    return [Bought(order, product_name(reader, order)) for order in orders]


def _living_first(order: Order) -> tuple[bool, float]:
    lives = order.status in PAYING and order.status is not SubscriptionState.PENDING
    return not lives, -order.ordered_at.timestamp()


def product_name(reader: Session, order: Order) -> str:
    """As the owner calls it."""
    product = find_product(reader, order.product_id)
    return product.name if product else f"#{order.product_id}"


def _credit(reader: Session, found: Member, bought: list[Bought]) -> dict[str, int]:
    currencies = {one.order.currency for one in bought}
    sums = {currency: store_ledger.compute_credit(reader, found.id, currency) for currency in currencies}
    return {currency: minor for currency, minor in sums.items() if minor}


# --- acts -------------------------------------------------------------------------------------------------------------


def order_case(reader: Session, order: Order, user_id: int) -> Case:
    """What acts on an order need to know."""
    holding: Holding = holding_of(reader, order)
    return Case(
        service().desk,
        words(),
        person().by,
        user_id,
        None,
        holding.gives,
        order,
        holding,
        _refundable(reader, order),
    )


def order_acts(reader: Session, order: Order, user_id: int) -> tuple[Act, ...]:
    """What this person may do with the order as it is."""
    return _possible(OF_ORDER, order_case(reader, order, user_id))


def _refundable(reader: Session, order: Order) -> int:
    """What of the newest payment that came through the gateway can go back."""
    paid = [row for row in store.list_settlements(reader, order.id) if row.charge_id is not None]
    if not paid or store_returns.is_disputed(reader, paid[-1].charge_id):
        return 0
    return max(0, int(paid[-1].amount_minor) - store_returns.compute_returned(reader, paid[-1].charge_id))


def _case_of(reader: Session, user_id: int, act: Act) -> Case:
    """Whom and what the address names; what is not this member's is not found."""
    found = find_member(reader, user_id)
    if act in OF_ORDER:
        order = store.find_order_by_uuid(reader, request.args.get("order", "")[:36])
        if found is None or order is None or order.member_id != found.id:
            abort(404)
        return order_case(reader, order, user_id)
    bundle = request.args.get("bundle", "")
    bundle_id = int(bundle) if bundle.isdecimal() and len(bundle) < 19 else None
    held = next((one for one in found.entitlements if one.bundle_id == bundle_id), None) if found else None
    if act in OF_MEMBERSHIP and held is None:
        abort(404)
    names = {one.id: one.name for one in (list_levels(reader) if bundle_id is None else list_bundles(reader))}
    order = find_paying_order(user_id, bundle_id) if found and held else None
    name = names.get(held.grant_id, "") if held else ""
    return Case(service().desk, words(), person().by, user_id, held, name, order)


def _asked_act(name: str) -> Act:
    act = find_act(name)
    if act is None:
        abort(404)
    if not person().may(act.right):
        abort(403)
    return act


@screen("/members/<int:user_id>/do/<name>", Right.CHANGE_MEMBERS)
def act_before(user_id: int, name: str) -> str:
    """What the act will bring about, and the button."""
    act = _asked_act(name)
    with reading() as reader:
        user = find_user(reader, service().tables, user_id)
        if user is None and act in OF_MEMBER:
            abort(404)
        case = _case_of(reader, user_id, act)
        held_bundles = {one.bundle_id for one in _entitlements(reader, user_id)}
        levels = [
            (one.id, one.name)
            for one in list_levels(reader)
            if case.held is None or one.id != case.held.level_id
        ]
        bundles = [(one.id, one.name) for one in list_bundles(reader) if one.id not in held_bundles]
    return render_template(
        "dashboard/act.html",
        act=act,
        case=case,
        user_id=user_id,
        name=_shown(user, user_id),
        is_possible=act.is_possible(case),
        levels=levels,
        bundles=bundles,
        target=link("act_now", user_id=user_id, name=name, order=request.args.get("order", ""), bundle=request.args.get("bundle", "")),
        back=_back(user_id),
    )  # fmt: skip


def _entitlements(reader: Session, user_id: int) -> tuple[Entitlement, ...]:
    found = find_member(reader, user_id)
    return found.entitlements if found else ()


def _back(user_id: int, **more: str) -> str:
    """Where the act was chosen."""
    if request.args.get("order"):
        return link("order", number=request.args["order"][:36], **more)
    return link("member", user_id=user_id, **more)


@screen("/members/<int:user_id>/do/<name>", Right.CHANGE_MEMBERS, methods=("POST",))
def act_now(user_id: int, name: str) -> Response:
    """Do it. The verb itself refuses what has become impossible meanwhile."""
    act = _asked_act(name)
    with reading() as reader:
        if find_user(reader, service().tables, user_id) is None and act in OF_MEMBER:
            abort(404)
        case = _case_of(reader, user_id, act)
    act.do(case, request.form.to_dict())
    with reading() as reader:
        found = find_member(reader, user_id)
    if found is not None:
        face_member(service().tables, found.id, user_id, frame().now)
    return redirect(_back(user_id, said="done"), 303)
