"""The checkout: what is bought, what it costs, and who buys it. Pure: values in, elements out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shortcodes.places import write_url
from sidecar.billing.policies import Policy, PolicyKind, mark_of
from sidecar.catalog.rules import ProductKind, Terms
from sidecar.i18n import _
from sidecar.pages.forms.elements import NOTHING, Element, button, field, hidden, join, link, paragraph
from sidecar.pages.forms.frame import CARD, CARD_INLINE, Frame, without_script
from sidecar.pages.forms.parts import FieldPlan, Plan
from sidecar.pages.messages import Names


@dataclass(frozen=True)
class Offer:
    """What is for sale to this viewer. `first_minor`: what is paid now, in minor units of the terms' currency; `gives`: the
    name of what it opens."""

    name: str
    description: str
    reference: str
    terms: Terms
    first_minor: int
    gives: str = ""

    @property
    def is_free(self) -> bool:
        """Whether nothing is ever paid."""
        return self.terms.kind is ProductKind.FREE


@dataclass(frozen=True)
class Replacing:
    """The order that a checkout takes the place of. `credit_minor`: the unused part of what was paid for it, in minor units of
    the terms' currency; `leftover_minor`: what of that exceeds the new price, and stays the member's."""

    order: str
    product: str
    credit_minor: int
    leftover_minor: int


@dataclass(frozen=True)
class Checkout:
    """One checkout on one page.

    `token`: names it, so that what is sent twice buys once. `buyer`: what WordPress calls him, None for a visitor.
    `policies`: what is to be accepted. `coupon`: the one that the address brings, `is_gift`: that it speaks of a gift.
    `replacing`: what the member changes from.
    """

    offer: Offer
    token: str
    buyer: Names | None
    login_url: str = ""
    policies: tuple[Policy, ...] = ()
    coupon: str = ""
    is_gift: bool = False
    replacing: Replacing | None = None

    @property
    def takes_coupon(self) -> bool:
        """A change of membership takes none, and what is free needs none."""
        return not self.offer.is_free and self.replacing is None

    @property
    def main(self) -> str:
        """What its button says."""
        if self.replacing is not None and not self.offer.first_minor:
            return _("Change now")
        return _("Get it for free") if self.offer.is_free else _("Continue to payment")

    @property
    def opening(self) -> str:
        """A coupon is tried as if it had been typed: so it is counted among those that are guessed."""
        return "quote" if self.coupon and self.takes_coupon else ""

    @property
    def hidden(self) -> Element:
        """What names it when it is sent."""
        change = hidden("change", self.replacing.order) if self.replacing is not None else NOTHING
        return join(hidden("product", self.offer.reference), hidden("checkout", self.token), change)


def checkout_form(checkout: Checkout, frame: Frame) -> Element:
    """The whole form, as the bare tag prints it."""
    buyer, policies = checkout.buyer, checkout.policies
    content = join(
        _visitor(checkout.login_url) if buyer is None else _member(buyer.login),
        _acceptance(policies) if policies else NOTHING,
        CARD,
        paragraph("", checkout.hidden, button("begin", checkout.main, is_main=True)),
        _coupon(checkout.coupon) if checkout.takes_coupon else NOTHING,
        without_script(),
        Element('<div role="status"></div><div role="alert"></div></form>'),
    )
    return join(_what(checkout, frame), _notes(checkout, frame), _begin(checkout, frame), content)


def checkout_plan(checkout: Checkout, frame: Frame, more_fields: Mapping[str, FieldPlan]) -> Plan:
    """The same in parts. `more_fields`: by which a buyer may say more of himself."""
    offer, buyer = checkout.offer, checkout.buyer
    needs: dict[str, Element] = {}
    sections = {"accountInfo"} if buyer is None else set()
    if not offer.is_free:
        needs["ccNumber"] = CARD
        sections |= {"billingInfo", "coupon"} if checkout.takes_coupon else {"billingInfo"}
    return Plan(
        begin=join(_notes(checkout, frame), _to_pay_now(checkout, frame), _begin(checkout, frame)),
        step="begin",
        main=checkout.main,
        fields={**_who(buyer), **_coupon_field(checkout), **more_fields},
        data=_data(checkout, frame),
        figures={}
        if offer.is_free
        else {"totalPrice": "total", "discount": "discount", "couponCode": "coupon"},
        needs=needs,
        accept=_box(checkout.policies) if checkout.policies else NOTHING,
        marks={} if offer.is_free else {"ccNumber": CARD_INLINE},
        acts={"submit": "begin", "applyCoupon": "quote"} if checkout.takes_coupon else {"submit": "begin"},
        sections=frozenset(sections),
        hidden=checkout.hidden,
    )


def _begin(checkout: Checkout, frame: Frame) -> Element:
    return frame.begin("checkout", pay=_("Pay now"), save=_("Save card and start"), opening=checkout.opening)


def _notes(checkout: Checkout, frame: Frame) -> Element:
    """What somebody should know before."""
    words = _("Nothing can be bought as a gift here yet: what you buy is for yourself.")
    gift = paragraph(words, kind="notice") if checkout.is_gift else NOTHING
    return join(gift, _change_in_words(checkout, frame))


def _change_in_words(checkout: Checkout, frame: Frame) -> Element:
    old, currency = checkout.replacing, checkout.offer.terms.currency
    if old is None:
        return NOTHING
    sentence = _(
        "You change from {product}: the unused part of what you paid for it, {amount}, is set against the price."
    )
    words = [sentence.format(product=old.product, amount=frame.words.money(old.credit_minor, currency))]
    if old.leftover_minor:
        left = _("What is left of it, {amount}, is kept for your next payments.")
        words.append(left.format(amount=frame.words.money(old.leftover_minor, currency)))
    return paragraph(" ".join(words), kind="notice")


def _to_pay_now(checkout: Checkout, frame: Frame) -> Element:
    """Of a change, whose sum no author of a page can know of; the bare form says it anyway."""
    if checkout.replacing is None:
        return NOTHING
    amount = frame.words.money(checkout.offer.first_minor, checkout.offer.terms.currency)
    return paragraph(_("To pay now: {amount}.").format(amount=amount), kind="now")


def _who(buyer: Names | None) -> dict[str, FieldPlan]:
    """Who is signed in is shown what he is called, and changes it in his account. Without a password of his own choice he gets
    a link to choose one by mail."""
    known, is_known = buyer or Names(), buyer is not None
    fields = {
        "email": FieldPlan("email", _("E-mail address"), "email", known.email, "email"),
        "firstName": FieldPlan("first_name", _("First name"), "text", known.first_name, "given-name"),
        "lastName": FieldPlan("last_name", _("Last name"), "text", known.last_name, "family-name"),
    }
    if is_known:
        fields["username"] = FieldPlan("login", _("User name"), "text", known.login)
        return {name: replace(plan, is_fixed=True) for name, plan in fields.items()}
    needed = {name: replace(plan, is_needed=True) for name, plan in fields.items()}
    return {**needed, "password": FieldPlan("password", _("Password"), "password", "", "new-password")}


def _coupon_field(checkout: Checkout) -> dict[str, FieldPlan]:
    if checkout.offer.is_free:
        return {}
    return {"couponCode": FieldPlan("coupon", _("Coupon"), "text", checkout.coupon, "off", is_required=False)}


def _data(checkout: Checkout, frame: Frame) -> dict[str, str | Element]:
    """What it is about; sums are those without a coupon until one is applied."""
    offer, buyer = checkout.offer, checkout.buyer or Names()
    words, terms = frame.words, offer.terms
    return {
        "productName": offer.name,
        "accessName": offer.gives,
        "productDescription": offer.description,
        "productPrice": words.money(terms.price_minor, terms.currency),
        "productPriceDescription": words.terms(terms),
        "discount": words.money(0, terms.currency),
        "totalPrice": words.money(offer.first_minor, terms.currency),
        "couponCode": "",
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "email": buyer.email,
        "username": buyer.login,
    }


def refusal(sentence: str, url: str | None, label: str) -> Element:
    """What stands in the place of a checkout that this viewer cannot use."""
    more = join(Element(" "), link(url, label)) if url else Element("")
    return paragraph(sentence, more, kind="notice")


def _what(checkout: Checkout, frame: Frame) -> Element:
    offer = checkout.offer
    name = Element("<strong>{}</strong>").format(offer.name)
    words, terms = frame.words, offer.terms
    now = _("To pay now: {amount}.").format(amount=words.money(offer.first_minor, terms.currency))
    return join(
        paragraph("", name, kind="product"),
        paragraph(offer.description, kind="description"),
        paragraph(f"{words.terms(terms)}.", kind="price"),
        paragraph(now if terms.renews or checkout.replacing is not None else "", kind="now"),
    )


def _member(name: str) -> Element:
    return paragraph(_("You are signed in as {name}.").format(name=name))


def _visitor(login_url: str) -> Element:
    """Whoever is no user yet becomes one. The password goes to WordPress and no further."""
    fields = join(
        field("email", _("E-mail address"), kind="email", autocomplete="email"),
        field("first_name", _("First name"), autocomplete="given-name"),
        field("last_name", _("Last name"), autocomplete="family-name"),
        field("password", _("Password"), kind="password", autocomplete="new-password", minlength="8"),
    )
    has_account = join(Element(" "), link(login_url, _("Log in"))) if login_url else Element("")
    return join(
        paragraph(_("You have an account already?"), has_account) if login_url else Element(""),
        Element("<fieldset data-gatepost-details>{}</fieldset>").format(fields),
    )


def _acceptance(policies: tuple[Policy, ...]) -> Element:
    return Element("<p>{}</p>").format(_box(policies))


def _box(policies: tuple[Policy, ...]) -> Element:
    """Nothing is ticked beforehand. The box carries the mark of what is shown, so that what is sent says what was read."""
    names = policy_names()
    links = [
        Element('<a href="{}" target="_blank" rel="noopener">{}</a>').format(
            Element(write_url(policy.url) or ""), names[policy.kind]
        )
        for policy in policies
    ]
    return Element(
        '<label><input type="checkbox" name="accept" value="{}" data-gatepost-details> {} {}</label>'
    ).format(mark_of(policies), _("I have read and accept:"), Element(", ").join(links))


def policy_names() -> dict[PolicyKind, str]:
    """What the owner's policies are called."""
    return {
        PolicyKind.TERMS: _("terms of sale"),
        PolicyKind.REFUND: _("refund policy"),
        PolicyKind.CANCELLATION: _("cancellation policy"),
    }


def _coupon(code: str) -> Element:
    """After the button that buys: the first button of a form is the one that the Enter key presses."""
    return Element(
        "<fieldset data-gatepost-details><details{}><summary>{}</summary><p><label>{}"
        ' <input type="text" name="coupon" value="{}" maxlength="100" autocomplete="off"></label> {}</p></details></fieldset>'
    ).format(
        Element(" open") if code else NOTHING,
        _("I have a coupon"),
        _("Coupon"),
        code,
        button("quote", _("Apply")),
    )
