"""Buying: from the click to the first payment. A checkout's token makes at most one order, however often it is sent.

The browser talks to the gateway directly and may vanish at any moment; so nothing here waits for it. `finish` asks the
gateway by id, and the schedule asks again for whoever never came back.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from sidecar.billing import store, store_cards, store_ledger, store_trials
from sidecar.billing.accepting import circumstances
from sidecar.billing.booking import Foreign, Outcome, book_intent
from sidecar.billing.charging import find_or_make_intent
from sidecar.billing.coupons import discount, refuse_coupon
from sidecar.billing.desk import Desk
from sidecar.billing.following import follow
from sidecar.billing.gateways.gateway import CustomerGone, Intent, NotExecuted, Setup, Unanswered
from sidecar.billing.guard import bind_if_new, check_may_sell
from sidecar.billing.locking import member_locked
from sidecar.billing.notices import record
from sidecar.billing.owing import collectable, credit_for, refuse_currency, reserve, settle_without_gateway
from sidecar.billing.policies import Policy
from sidecar.billing.progress import end_order
from sidecar.billing.rules import PAYING, Order, Receivable, coupon_to_json
from sidecar.billing.setups import hear_setup
from sidecar.billing.states import SubscriptionState
from sidecar.billing.store_guard import find_lease
from sidecar.catalog.coupons import Coupon, fold_code
from sidecar.catalog.rules import Grant, Product, Terms, terms_to_json
from sidecar.catalog.store import claim_coupon_use, find_coupon, get_product
from sidecar.db import get_server_time, reading, session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.members.store import add_member, find_member_ids
from sidecar.wordpress.options import get_site

T = TypeVar("T")
_FIRST_LOOK = timedelta(minutes=15)


@dataclass(frozen=True)
class Buyer:
    """A WordPress user who buys, from which address and with which browser, as far as that is known."""

    user_id: int
    email: str
    name: str
    ip: str = ""
    agent: str = ""


@dataclass(frozen=True)
class Wish:
    """What a checkout asks for. `token`: 32 random hex digits or more, made once by the page; it names the checkout.
    `accepted`: what the buyer was shown and has accepted."""

    product: str
    token: str
    coupon: str = ""
    gateway: str = "stripe"
    affiliate_id: str = ""
    subaffiliate_id: str = ""
    accepted: tuple[Policy, ...] = ()


@dataclass(frozen=True)
class Begun:
    """What the browser needs. `mode`: `payment` or `setup` (confirm with the client secret), `none` (it is done),
    `manual` (it waits for a payment by hand)."""

    order: str
    mode: str
    client_secret: str = ""
    publishable_key: str = ""
    script_url: str = ""


@dataclass(frozen=True)
class Finished:
    """An order as it stands, and what the gateway has just said of it; None where it was not asked or did not answer."""

    order: Order
    said: Intent | Setup | None = None


@dataclass(frozen=True)
class Quote:
    """What a product costs this buyer now, before he decides. Amounts are minor units of `currency`."""

    product: Product
    terms: Terms
    first_minor: int
    discount_minor: int
    currency: str


def quote(product_name: str, coupon_code: str, user_id: int | None, now: datetime) -> Quote:
    """The first payment with the coupon, without buying anything. Raises Refused with a sentence for the buyer."""
    with reading() as reader:
        product = get_product(reader, product_name)
        _refuse_product(product)
        terms = product.terms
        if user_id is not None:
            product, terms = _terms_for(reader, product, find_member_ids(reader, [user_id]).get(user_id))
        coupon = _find_coupon(reader, coupon_code, product, now)
    plain, reduced = _first_price(terms, None), _first_price(terms, coupon)
    return Quote(product, terms, reduced, plain - reduced, terms.currency)


# --- beginning ------------------------------------------------------------------------------------------------------


def begin(desk: Desk, buyer: Buyer, wish: Wish) -> Begun:
    """Make the order of this checkout, or find it again, and what its browser needs to pay it.

    Raises Refused with a sentence for the buyer; Busy, NotExecuted and Unanswered where he may simply try again: a second
    call goes on where the first one stopped.
    """
    if wish.gateway != "manual":
        check_gateway(desk)
    member_id = _ensure_member(buyer.user_id, desk.now())
    with member_locked(member_id, desk.patience_seconds):
        give_up_others(desk, member_id, wish)
        order = place_order(desk, member_id, buyer, wish)
        if order.status is not SubscriptionState.PENDING:
            return Begun(order.uuid, "none")
        if order.gateway == "manual":
            return Begun(order.uuid, "manual")
        return ask_gateway(desk, order, buyer)


def check_gateway(desk: Desk) -> None:
    """Something may be bought here now, and billing is bound; raises Refused."""
    check_may_sell(desk)
    if not _is_bound():
        bind_if_new(desk, desk.pays_at_once().get_account())


@use_case
def _is_bound() -> bool:
    return find_lease(session()) is not None


@use_case
def _ensure_member(user_id: int, now: datetime) -> int:
    return add_member(session(), user_id, now)


@use_case
def place_order(desk: Desk, member_id: int, buyer: Buyer, wish: Wish) -> Order:
    """The order, its first receivable, and the hold that waits for it: one transaction. The same token gives the same order."""
    token = hash_token(wish.token)
    known = store.find_order_by_token(session(), token)
    if known is not None:
        if known.member_id != member_id:
            raise Refused(_("This checkout was begun by somebody else. Please open the page again."))
        return known
    now, product = desk.now(), get_product(session(), wish.product)
    _refuse_product(product)
    _refuse_second(member_id, product)
    product, terms = _terms_for(session(), product, member_id)
    coupon = _find_coupon(session(), wish.coupon, product, now)
    refuse_currency(desk, wish.gateway, terms)
    order, _is_new = insert_order(
        desk, member_id, buyer, wish, product, terms, coupon=coupon, replaces_id=None
    )
    _take_uses(order, coupon, now)
    receivable = _owe_first(desk, order, now)
    record(
        order,
        "ordered",
        receivable.gross_minor,
        now,
        ip=buyer.ip[:45],
        **circumstances(session(), buyer.email, buyer.agent, wish.accepted, now),
    )
    follow(order, now=now, by=f"order:{order.uuid}")
    if receivable.collect_minor == 0 and not _keeps_card(order):
        settle_without_gateway(desk, order, receivable, now)
    return store.find_order(session(), order.id) or order


def insert_order(
    desk: Desk,
    member_id: int,
    buyer: Buyer,
    wish: Wish,
    product: Product,
    terms: Terms,
    *,
    coupon: Coupon | None,
    replaces_id: int | None,
) -> tuple[Order, bool]:
    """(the order of this checkout, whether it is new), its terms frozen. Needs a transaction."""
    known, now = store.find_order_by_token(session(), hash_token(wish.token)), desk.now()
    if known is not None:
        return known, False
    order_id = store.add_order(
        session(),
        {
            "uuid": str(uuid.uuid4()), "token": hash_token(wish.token), "member_id": member_id, "product_id": product.id,
            "level_id": product.grant_id if product.grant is Grant.LEVEL else None,
            "bundle_id": product.grant_id if product.grant is Grant.BUNDLE else None,
            "gateway": wish.gateway, "status": SubscriptionState.PENDING, "terms": terms_to_json(terms),
            "coupon": coupon_to_json(coupon) if coupon else None, "coupon_id": coupon.id if coupon else None,
            "currency": terms.currency, "zone": str(get_site(session(), desk.tables).zone), "anchor_at": now, "anchor_cycle": 0,
            "wake_at": now + _FIRST_LOOK, "affiliate_id": wish.affiliate_id[:100], "subaffiliate_id": wish.subaffiliate_id[:100],
            "ip": buyer.ip[:45], "ordered_at": now, "replaces_id": replaces_id,
        },
    )  # fmt: skip
    order = store.find_order(session(), order_id)
    assert order is not None  # noqa: S101  it was inserted a line ago
    return order, True


def _refuse_product(product: Product) -> None:
    if product.is_archived:
        raise Refused(_("This product is not sold any more."))


def _refuse_second(member_id: int, product: Product) -> None:
    """Nobody pays twice for the same thing: one membership, each bundle once."""
    held = list_paying(member_id, product.grant, product.grant_id)
    if held and product.grant is Grant.LEVEL:
        raise Refused(_("You have a membership already. You can change it in your account."))
    if held:
        raise Refused(_("You have this already."))


def list_paying(member_id: int, grant: Grant, grant_id: int) -> list[Order]:
    """The member's orders that pay for the membership (whichever it is), or for one bundle. Needs a transaction."""
    orders = store.list_orders_for(session(), member_id, grant, grant_id)
    return [one for one in orders if one.status in PAYING and one.status is not SubscriptionState.PENDING]


def _find_coupon(reader: Session, code: str, product: Product, now: datetime) -> Coupon | None:
    """The coupon that a buyer has typed; raises Refused with a sentence for him."""
    if not code.strip():
        return None
    coupon = find_coupon(reader, fold_code(code))
    if coupon is None:
        raise Refused(_("There is no such coupon."))
    refuse_coupon(coupon, product.id, product.terms.currency, now)
    return coupon


def _terms_for(reader: Session, product: Product, member_id: int | None) -> tuple[Product, Terms]:
    """What this member buys: one trial each; the second time it is the alternate product, or the same without its trial."""
    terms = product.terms
    if terms.trial_days is None or member_id is None or not store_trials.has_had_trial(reader, member_id):
        return product, terms
    if product.alternate_product_id is not None:
        other = get_product(reader, product.alternate_product_id)
        return other, other.terms
    return product, replace(terms, trial_days=None, trial_price_minor=None)


def _take_uses(order: Order, coupon: Coupon | None, now: datetime) -> None:
    """The coupon's use and the member's one trial, taken in the order's transaction; the last one goes to one buyer."""
    if coupon is not None and not claim_coupon_use(session(), coupon.id):
        raise Refused(_("this coupon has been used up"))
    if order.has_trial and not store_trials.claim_trial(session(), order.member_id, order.id, now):
        raise Refused(_("You have had your trial already."))


def _owe_first(desk: Desk, order: Order, now: datetime) -> Receivable:
    price = order.price_of(0)
    smallest, step = collectable(desk, order)
    if 0 < price.gross_minor < smallest:
        raise Refused(_("The first payment is below what the payment gateway collects."))
    credit = store_ledger.compute_credit(session(), order.member_id, order.currency)
    credit = credit_for(price.gross_minor, credit, smallest=smallest, step=step)
    _anchor, _cycle, until_at = order.first_period(now)
    receivable = store.add_receivable(
        session(),
        {
            "order_id": order.id, "member_id": order.member_id, "cycle": 0, "net_minor": price.net_minor,
            "tax_minor": price.tax_minor, "gross_minor": price.gross_minor, "credit_minor": credit,
            "currency": price.currency, "tax_ppm": price.tax_ppm, "country": price.country, "from_at": now,
            "until_at": until_at, "due_at": now, "made_at": now,
        },
    )  # fmt: skip
    reserve(receivable, now)
    return receivable


def _keeps_card(order: Order) -> bool:
    """Whether a card must be kept although nothing is paid now: a later payment will want it."""
    return order.gateway != "manual" and order.terms.renews and order.price_of(1).gross_minor > 0


def _first_price(terms: Terms, coupon: Coupon | None) -> int:
    gross = terms.price_minor if terms.trial_days is None else terms.trial_price_minor or 0
    if coupon is None:
        return gross
    return gross - discount(coupon, gross, terms.currency, cycle=0)


# --- asking the gateway ---------------------------------------------------------------------------------------------


def ask_gateway(desk: Desk, order: Order, buyer: Buyer) -> Begun:
    """The client secret by which the browser pays, or keeps a card. Nothing can be paid before its id is committed."""
    gateway = desk.pays_at_once()
    receivable = _due_of(order.id)
    if receivable is None:
        return Begun(order.uuid, "none")

    def ask(customer_id: str) -> tuple[str, str]:
        if receivable.collect_minor == 0:
            return "setup", _setup_secret(desk, order, customer_id)
        return "payment", payment_secret(desk, order, receivable, customer_id)

    mode, secret = as_customer(desk, order.member_id, buyer, ask)
    return Begun(order.uuid, mode, secret, gateway.publishable_key, gateway.script_url)


def as_customer(desk: Desk, member_id: int, buyer: Buyer, ask: Callable[[str], T]) -> T:
    """Ask in the member's name at the gateway; once more under a new one where it has forgotten him."""
    customer_id = ensure_customer(desk, member_id, buyer)
    try:
        return ask(customer_id)
    except CustomerGone:
        forget_customer(member_id, customer_id)
        return ask(ensure_customer(desk, member_id, buyer))


@use_case
def forget_customer(member_id: int, customer_id: str) -> None:
    """The gateway has forgotten this member: the next call makes him known again, under new keys."""
    store_cards.forget_customer(session(), customer_id)
    store.renumber_intents(session(), member_id)


def ensure_customer(desk: Desk, member_id: int, buyer: Buyer) -> str:
    """Who the member is at the gateway; made on the first payment. The key is made of names that are never reused."""
    gateway = desk.pays_at_once()
    account = _account_name()
    with reading() as reader:
        known = store_cards.find_customer(reader, member_id, account)
    if known is not None:
        return known
    metadata = {"gatepost": desk.installation, "user": str(buyer.user_id)}
    made = gateway.make_customer(desk.key("customer", str(uuid.uuid4())), buyer.email, buyer.name, metadata)
    return _add_customer(member_id, account, made, desk.now())


@use_case
def _account_name() -> str:
    lease = find_lease(session())
    return str(lease.account) if lease is not None else ""


@use_case
def _add_customer(member_id: int, account: str, gateway_id: str, now: datetime) -> str:
    return store_cards.add_customer(session(), member_id, account, gateway_id, now)


def payment_secret(desk: Desk, order: Order, receivable: Receivable, customer_id: str) -> str:
    """The client secret of the receivable's one intent, set to keep the card where the order renews. The lock is held."""
    gateway, keeps = desk.pays_at_once(), order.terms.renews
    if receivable.intent_id is not None:
        intent = gateway.read_intent(receivable.intent_id)
    else:
        _note_asked(receivable.id)
        intent = find_or_make_intent(desk, order, _fresh(receivable), customer_id)
        if not _bind(receivable.id, intent.id):
            raise Refused(_("This payment is being worked on already. Please open the page again."))
    if keeps and not intent.keeps_card:
        intent = gateway.keep_card(intent.id, keeps=True)
    return intent.client_secret


@use_case
def _note_asked(receivable_id: int) -> None:
    receivable = store.find_receivable(session(), receivable_id)
    if receivable is not None and receivable.intent_asked_at is None:
        store.set_receivable(session(), receivable_id, intent_asked_at=get_server_time(session()))


@use_case
def _fresh(receivable: Receivable) -> Receivable:
    return store.find_receivable(session(), receivable.id) or receivable


@use_case
def _bind(receivable_id: int, intent_id: str) -> bool:
    receivable = store.find_receivable(session(), receivable_id)
    return receivable is not None and store.claim_intent(session(), receivable, intent_id)


def _setup_secret(desk: Desk, order: Order, customer_id: str) -> str:
    gateway = desk.pays_at_once()
    if order.setup_id is not None:
        return gateway.read_setup(order.setup_id).client_secret
    metadata = {"gatepost": desk.installation, "for": order.uuid}
    setup = gateway.make_setup(desk.key("setup", order.uuid), customer_id, metadata)
    _note_setup(order.id, setup.id)
    return setup.client_secret


@use_case
def _note_setup(order_id: int, setup_id: str) -> None:
    store.set_order(session(), order_id, setup_id=setup_id)


@use_case
def _due_of(order_id: int) -> Receivable | None:
    return store.find_due_receivable(session(), order_id)


def give_up_others(desk: Desk, member_id: int, wish: Wish) -> None:
    """Two tabs must not buy twice: other unpaid checkouts of the member for the same thing end first, at the gateway, too."""
    for order in _pending_others(member_id, wish):
        give_up(desk, order)


@use_case
def _pending_others(member_id: int, wish: Wish) -> list[Order]:
    product, token = get_product(session(), wish.product), hash_token(wish.token)
    mine = store.list_orders_for(session(), member_id, product.grant, product.grant_id)
    return [order for order in mine if order.status is SubscriptionState.PENDING and order.token != token]


def give_up(desk: Desk, order: Order) -> None:
    """End an unpaid checkout, once its intent has been canceled; one that turns out to be paid is booked. The lock is held."""
    receivable = _due_of(order.id)
    if receivable is not None and receivable.intent_id is not None:
        intent = desk.pays_at_once().cancel_intent(receivable.intent_id)
        if book_intent(desk, receivable.id, intent, now=desk.now()) is Outcome.OPEN:
            raise Refused(_("Your earlier payment is still being worked on. Please wait a moment."))
    _end_unpaid(desk, order.id)


@use_case
def _end_unpaid(desk: Desk, order_id: int) -> None:
    order = store.find_order(session(), order_id)
    if order is not None and order.status is SubscriptionState.PENDING:
        end_order(desk, order, "abandoned", now=desk.now(), by="billing")


# --- finishing ------------------------------------------------------------------------------------------------------


def finish(desk: Desk, token: str) -> Order:
    """The browser is back: ask the gateway by id, book what it says, give the order as it stands.

    Raises Refused for a token that names no checkout. A gateway that does not answer leaves all as it was: the schedule
    asks again.
    """
    return finish_hearing(desk, token).order


def finish_hearing(desk: Desk, token: str) -> Finished:
    """As `finish`, together with what the gateway said."""
    order = find_by_token(token)
    if order is None:
        raise Refused(_("This checkout is not known here. Please open the page again."))
    said = None
    if order.status is SubscriptionState.PENDING and order.gateway != "manual":
        with member_locked(order.member_id, desk.patience_seconds):
            said = ask_about(desk, order)
    return Finished(find_by_token(token) or order, said)


def ask_about(desk: Desk, order: Order) -> Intent | Setup | None:
    """Read what this order waits for, book it, and give what was read. The lock is held."""
    setup = hear_setup(desk, order.id)[1] if order.setup_id is not None else None
    receivable = _due_of(order.id)
    if receivable is None or receivable.intent_id is None:
        return setup
    try:
        intent = desk.pays_at_once().read_intent(receivable.intent_id)
        book_intent(desk, receivable.id, intent, now=desk.now())
    except (NotExecuted, Unanswered, Foreign):
        return None
    return intent


@use_case
def find_by_token(token: str) -> Order | None:
    """The order of one checkout."""
    return store.find_order_by_token(session(), hash_token(token))


def hash_token(token: str) -> str:
    """What of a checkout's token is stored: whoever reads the database cannot take a checkout over."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
