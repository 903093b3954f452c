"""The steps of a checkout: ask the price, begin, finish. A visitor becomes a user on the way, made by the bridge.

One checkout has one token: what its page drew by lot, together with what is bought and by whom. So the same click sent twice
is one order, and another coupon or another buyer is another one. The browser holds the token, the database its hash.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any

from sidecar.billing import store
from sidecar.billing.guard import check_may_sell
from sidecar.billing.locking import Busy
from sidecar.billing.ordering import (
    Begun,
    Buyer,
    Finished,
    Quote,
    Wish,
    begin,
    find_by_token,
    finish_hearing,
    quote,
)
from sidecar.billing.policies import mark_of, read_policies
from sidecar.billing.rules import Order
from sidecar.billing.switching import change_product
from sidecar.catalog.coupons import fold_code
from sidecar.catalog.rules import Product, ProductKind
from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.pages.facts import read_names
from sidecar.pages.forms.showing import find_product_for_sale
from sidecar.pages.forms.words import Words
from sidecar.web.posted.account import is_order_name
from sidecar.web.posted.addresses import is_email
from sidecar.web.posted.declines import decline_in_words
from sidecar.web.posted.details import Details, keep_details, read_details
from sidecar.web.posted.messages import FormAnswer, Submit, an_error, sentence
from sidecar.web.posted.outcome import Look, Outcome, look_at
from sidecar.web.posted.tries import count_origin, may_ask_gateway, take_back

_GUESS, _GUESSES = "guess", 30
"""So many wrong coupons an address may type in an hour."""
_DRAWN = re.compile(r"[0-9a-f]{32,128}")
_OF_NEW_USER = "new-"
"""Begins the token of a checkout whose buyer was made in it; only such a one may be signed in when it is paid."""


# --- quote ----------------------------------------------------------------------------------------------------------


def quote_price(submit: Submit) -> FormAnswer:
    """What is to be paid now with the coupon that was typed."""
    product, coupon = _product(submit), submit.field("coupon")
    plain = _quote(submit, product, "")
    reduced = _quote_with(submit, product, coupon)
    if isinstance(reduced, FormAnswer):
        return reduced
    amount = _money(submit, reduced.first_minor, reduced.currency)
    figures = {
        "total": amount, "discount": _money(submit, reduced.discount_minor, reduced.currency),
        "coupon": fold_code(coupon) if coupon else "",
    }  # fmt: skip
    if not reduced.discount_minor:
        words = _("To pay now: {amount}.").format(amount=amount)
    else:
        before = _money(submit, plain.first_minor, plain.currency)
        words = _("To pay now: {amount} instead of {before}.").format(amount=amount, before=before)
    return FormAnswer(message=words, data={"figures": figures})


def _quote(submit: Submit, product: Product, coupon: str) -> Quote:
    return quote(product.name, coupon, _buyer_id(submit), submit.desk.now())


def _quote_with(submit: Submit, product: Product, coupon: str) -> Quote | FormAnswer:
    """The quote with what was typed as coupon, or what is wrong with it; said above, too, as its field may be folded away.

    A wrong one counts as a guess of the address, by whichever step it comes; more guesses than that are not even looked at.
    """
    if not coupon:
        return _quote(submit, product, "")
    count_origin(_GUESS, submit.origin, _GUESSES)
    try:
        quoted = _quote(submit, product, coupon)
    except Refused as error:
        words = sentence(str(error))
        return an_error(words, {"coupon": words})
    take_back(_GUESS, submit.origin)
    return quoted


# --- begin ----------------------------------------------------------------------------------------------------------


def begin_order(submit: Submit) -> FormAnswer:
    """The order of this checkout, and by what the browser pays it; for a visitor first the user that he becomes."""
    product, coupon = _product(submit), submit.field("coupon")
    _refuse_unpayable(submit, product)
    _quote(submit, product, "")
    quoted = _quote_with(submit, product, coupon)
    if isinstance(quoted, FormAnswer):
        return quoted
    details, wrong = read_details(submit), _not_accepted(submit)
    errors = {**({"accept": wrong} if wrong else {}), **details.errors}
    if errors:
        return an_error("", errors)
    if _buyer_id(submit) is None:
        return _become_user(submit)
    return _begin(submit, product, coupon, details)


def _not_accepted(submit: Submit) -> str:
    """What is said to who has not accepted what the page showed, or was shown what holds no more; '' if all is well."""
    shown, accepted = mark_of(read_policies(submit.desk.settings.policies)), submit.field("accept")
    if accepted == shown:
        return ""
    if not accepted or not shown:
        return _("Please accept the terms to go on.") if shown else ""
    return _("The terms have changed meanwhile. Please open the page again and read them.")


def _become_user(submit: Submit) -> FormAnswer:
    """Nobody is made a user for what he could not buy anyway."""
    errors = _wrong_fields(submit)
    if errors:
        return an_error("", errors)
    check_may_sell(submit.desk)
    user = {name: submit.field(name) for name in ("email", "first_name", "last_name")}
    return FormAnswer(state="need_user", data={"user": {**user, "login": ""}})


def _wrong_fields(submit: Submit) -> dict[str, str]:
    errors = {}
    if not is_email(submit.field("email", 100)):
        errors["email"] = _("Please enter a valid e-mail address.")
    if not submit.field("first_name", 100):
        errors["first_name"] = _("Please enter your first name.")
    if not submit.field("last_name", 100):
        errors["last_name"] = _("Please enter your last name.")
    return errors


def _begin(submit: Submit, product: Product, coupon: str, details: Details) -> FormAnswer:
    """What is free asks no gateway for anything. Who has an order is a member, who can say more of himself."""
    token = _token(submit, product, coupon)
    gateway = "manual" if product.terms.kind is ProductKind.FREE else "stripe"
    accepted = read_policies(submit.desk.settings.policies)
    wish = Wish(product.name, token, coupon, gateway, submit.asked.affid, submit.asked.sid, accepted)
    buyer, old = _buyer(submit), submit.field("change")
    begun = _change(submit, buyer, wish, old) if old else begin(submit.desk, buyer, wish)
    keep_details(submit, buyer.user_id, details)
    data: dict[str, Any] = {"mode": begun.mode, "order": token}
    if begun.client_secret:
        data |= {"client_secret": begun.client_secret, "publishable_key": begun.publishable_key}
    return FormAnswer(message=_due_in_words(submit, token), data=data)


def _change(submit: Submit, buyer: Buyer, wish: Wish, old: str) -> Begun:
    """In the place of another order of the sender's own."""
    if submit.user_id is None or not is_order_name(old):
        raise NotFound(_("There is no such order."))
    by = f"user:{submit.user_id}"
    return change_product(submit.desk, buyer, old, wish.product, wish.token, by=by, accepted=wish.accepted)


def _token(submit: Submit, product: Product, coupon: str) -> str:
    """What the page drew by lot, bound to what is bought and by whom; where a page drew nothing, a new one."""
    drawn = submit.field("checkout")
    lot = drawn if _DRAWN.fullmatch(drawn) else secrets.token_hex(32)
    parts = (lot, str(_buyer_id(submit)), product.reference, fold_code(coupon), submit.field("change"))
    token = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return token if submit.user_id is not None else f"{_OF_NEW_USER}{token}"


def _buyer(submit: Submit) -> Buyer:
    """As WordPress's tables know him, whatever the form says."""
    user_id = _buyer_id(submit) or 0
    with reading() as reader:
        names = read_names(reader, submit.desk.tables, user_id)
    if not names.email:
        raise NotFound(_("WordPress has no user {name}.").format(name=user_id))
    name = f"{names.first_name} {names.last_name}".strip() or names.login
    return Buyer(user_id, names.email, name, submit.ip, submit.asked.agent)


def _due_in_words(submit: Submit, token: str) -> str:
    """What this order has to pay now, credit and coupon taken off."""
    order = find_by_token(token)
    with reading() as reader:
        due = store.find_due_receivable(reader, order.id) if order is not None else None
    if due is None:
        return ""
    amount = _money(submit, due.collect_minor, due.currency)
    return _("To pay now: {amount}.").format(amount=amount)


# --- finish ---------------------------------------------------------------------------------------------------------


def finish_order(submit: Submit) -> FormAnswer:
    """The browser is back from the gateway: what came of it. It may come more than once."""
    token = submit.field("order")
    order = find_by_token(token)
    if order is None or not _may_finish(submit, order):
        return an_error(_("This checkout is not known here. Please open the page again."))
    finished = _finish(submit, order, token)
    return _after(submit, finished.order, token, look_at(finished))


def _finish(submit: Submit, order: Order, token: str) -> Finished:
    """As our own tables have it, where the gateway was asked a moment ago or somebody else is working on it now."""
    if not may_ask_gateway(submit.order_name()):
        return Finished(order)
    try:
        return finish_hearing(submit.desk, token)
    except Busy:
        return Finished(find_by_token(token) or order)


def _may_finish(submit: Submit, order: Order) -> bool:
    """Its buyer, or a visitor who holds its token: he may have been signed out on the way back from his bank."""
    return submit.user_id is None or _user_of(order) == submit.user_id


def _after(submit: Submit, order: Order, token: str, look: Look) -> FormAnswer:
    if look.outcome is Outcome.PAID:
        return _thanks(submit, order, token)
    if look.outcome is Outcome.PROCESSING:
        return FormAnswer(
            state="processing",
            message=_("Your payment is being processed. You need not stay on this page."),
        )
    if look.outcome is Outcome.OVER:
        words = _("This checkout is over and nothing was paid by it. Please open the page again.")
        return an_error(words, data={"begin_again": True})
    if look.outcome is Outcome.DECLINED:
        return an_error(decline_in_words(look.decline), data=_again(submit, token, look))
    return an_error(_("Nothing was paid yet. Please try again."), data=_again(submit, token, look))


def _thanks(submit: Submit, order: Order, token: str) -> FormAnswer:
    """Who became a user in this very checkout is signed in, now that it is paid."""
    is_new = submit.user_id is None and token.startswith(_OF_NEW_USER)
    words = _("Thank you! Everything is ready for you.")
    return FormAnswer(
        message=_("Thank you! You are signed in now, and everything is ready for you.") if is_new else words,
        redirect=submit.core_url("confirmation"),
        sign_in=_user_of(order) if is_new else None,
    )


def _again(submit: Submit, token: str, look: Look) -> dict[str, Any]:
    """The same order may be tried again, with this card or another."""
    if not look.client_secret:
        return {}
    key = submit.desk.pays_at_once().publishable_key
    return {
        "mode": look.mode, "client_secret": look.client_secret, "publishable_key": key, "order": token,
    }  # fmt: skip


# --- what they share ------------------------------------------------------------------------------------------------


def _product(submit: Submit) -> Product:
    with reading() as reader:
        product = find_product_for_sale(reader, submit.field("product"))
    if product is None:
        raise Refused(_("There is nothing for sale under this address."))
    return product


def _refuse_unpayable(submit: Submit, product: Product) -> None:
    if submit.desk.gateway is None and product.terms.kind is not ProductKind.FREE:
        raise Refused(_("Nothing can be bought here at the moment. Please come back later."))


def _buyer_id(submit: Submit) -> int | None:
    return submit.user_id or submit.asked.created_user


def _user_of(order: Order) -> int:
    with reading() as reader:
        return store.get_user_id(reader, order.member_id)


def _money(submit: Submit, minor: int, currency: str) -> str:
    return Words(submit.language, submit.knowledge.site.zone).money(minor, currency)


CHECKOUT_STEPS = {"quote": quote_price, "begin": begin_order, "finish": finish_order}
