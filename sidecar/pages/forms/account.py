"""My Account: what a member has, what comes next, and what he can do about it. Pure: values in, elements out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from shortcodes.facts import Status
from shortcodes.tags.statuses import status_name
from sidecar.billing.account import Account, Holding
from sidecar.billing.rules import Card
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant
from sidecar.i18n import _
from sidecar.pages.forms.elements import NOTHING, Element, button, hidden, join, link, paragraph
from sidecar.pages.forms.frame import CARD, Frame, without_script
from sidecar.pages.forms.words import Words

WANT, OF = "gatepost_want", "gatepost_of"
"""The parameters of a page's address that name what a member wants to do, and with what."""
WANTED = "gatepost-wanted"
"""The id of what is spoken of, on the page."""


@dataclass(frozen=True)
class Given:
    """A level or bundle that no order of the member pays for: given by hand, imported, or over."""

    name: str
    status: Status
    expires_at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """What the address of the page says that the member wants to do, and with which level or bundle. It is done by nobody but
    him, with the buttons that are there anyway."""

    act: str = ""
    grant: Grant | None = None
    grant_id: int = 0

    def means(self, one: Holding) -> bool:
        """Whether this is what it speaks of."""
        is_level = self.grant is Grant.LEVEL and one.grant is Grant.LEVEL
        return is_level or (self.grant is one.grant and self.grant_id == one.grant_id)


@dataclass(frozen=True)
class View:
    """My Account for one member. `said`: what has just been done (a key of `said_in_words`), or ''. `sale_url`: the page by
    which the owner wants to change the mind of who cancels, '' for none. `change`: the way to another level, where it is wanted."""

    account: Account
    given: tuple[Given, ...]
    frame: Frame
    said: str = ""
    wanted: Wanted = Wanted()
    offers_url: str | None = None
    sale_url: str = ""
    change: Element = NOTHING


def account_view(view: View, invoices: Element = NOTHING, profile: Element = NOTHING) -> Element:
    """Everything on one page."""
    return Element('<div class="gatepost-account">{}{}{}{}</div>').format(
        paragraph(said_in_words().get(view.said, ""), kind="done"), holdings_view(view), invoices, profile
    )


def holdings_view(view: View) -> Element:
    """What he has, and what can be done about it."""
    holdings = [_holding(one, view) for one in view.account.holdings]
    shown = [*holdings, *(_given(one, view.frame.words) for one in view.given)]
    return join(
        view.change,
        join(*shown) if shown else _nothing(view.offers_url),
        without_script() if holdings else NOTHING,
    )


def cancel_view(view: View) -> Element:
    """On the page where the owner wants to change his mind: what he came to cancel, and the button that does it."""
    shown = [one for one in view.account.holdings if view.wanted.means(one) and one.can_cancel]
    if not shown:
        return NOTHING
    frame, words = view.frame, view.frame.words
    return join(
        *(
            frame.form(
                "myaccount",
                paragraph(_cancel_question(one, words)),
                paragraph("", hidden("order", one.order), button("cancel", _("Cancel now"))),
                pay="",
                save="",
            )
            for one in shown
        )
    )


def said_in_words() -> dict[str, str]:
    """What has just been done → the sentence about it. Nothing else of the page's address is ever printed."""
    return {
        "paid": _("Thank you, your payment has arrived."),
        "kept": _("Your new card is kept; the next payment is made with it."),
        "cancel": _("Your cancellation is noted."),
        "keep": _("Your cancellation is taken back."),
        "pause": _("Your subscription is paused."),
        "resume": _("Your subscription goes on."),
        "profile": _("Your details are saved."),
        "email": _("Your e-mail address is changed."),
    }


def _nothing(offers_url: str | None) -> Element:
    more = join(Element(" "), link(offers_url, _("See what is on offer"))) if offers_url else NOTHING
    return paragraph(_("You have no membership yet."), more)


def _given(one: Given, words: Words) -> Element:
    until = _until(words, one.expires_at) if one.expires_at is not None else ""
    return _block(one.name, paragraph(f"{status_name(one.status, words.language)}."), paragraph(until))


def _block(name: str, *content: Element, mark: Element = NOTHING) -> Element:
    return Element('<div class="gatepost-holding"{}><h3>{}</h3>{}</div>').format(mark, name, join(*content))


def _holding(one: Holding, view: View) -> Element:
    """While something is overdue, paying it is the one thing to do with a card."""
    frame, is_wanted = view.frame, view.wanted.means(one)
    return _block(
        one.product,
        paragraph(_wanted_in_words(one, view.wanted) if is_wanted else "", kind="notice"),
        paragraph(one.gives if one.gives != one.product else ""),
        paragraph(_state(one, frame.words), kind="overdue" if one.is_overdue else ""),
        paragraph(_next(one, frame.words)),
        paragraph(_card(one.card) if one.unit is not None and one.gateway != "manual" else ""),
        _acts(one, view),
        mark=Element(' id="{}"').format(Element(WANTED)) if is_wanted else NOTHING,
    )


def _wanted_in_words(one: Holding, wanted: Wanted) -> str:
    if wanted.act == "cancel" and one.can_cancel:
        return _("You want to cancel {product}: the button is below.").format(product=one.product)
    if wanted.act == "pause" and one.can_pause:
        return _("You want to pause {product}: the button is below.").format(product=one.product)
    return ""


def _state(one: Holding, words: Words) -> str:
    if one.status is SubscriptionState.OVERDUE:
        return _overdue(one, words)
    if one.status is SubscriptionState.PAUSED:
        return _("Paused: nothing is collected, and what had opened stays open.")
    if one.status is SubscriptionState.PENDING_CANCEL:
        sentence = _("Canceled. You have access until {date}.")
        return sentence.format(date=words.day(one.paid_until_at)) if one.paid_until_at else _("Canceled.")
    if one.renews:
        return f"{status_name('active', words.language)}."
    return _until(words, one.paid_until_at)


def _overdue(one: Holding, words: Words) -> str:
    amount = words.money(one.overdue_minor, one.currency)
    if one.retry_at is None:
        return _("Your payment of {amount} did not go through.").format(amount=amount)
    sentence = _("Your payment of {amount} did not go through. Please pay it before {date}.")
    return sentence.format(amount=amount, date=words.day(one.retry_at))


def _until(words: Words, ends_at: datetime | None) -> str:
    if ends_at is None:
        return _("You have access without an end.")
    return _("You have access until {date}.").format(date=words.day(ends_at))


def _next(one: Holding, words: Words) -> str:
    if not one.renews or one.is_overdue or one.next_due_at is None or one.status is SubscriptionState.PAUSED:
        return ""
    sentence = _("Next payment: {amount} on {date}.")
    price = words.price(one.amount_minor, one.currency, one.every, one.unit)
    due = words.day(one.next_due_at)
    return f"{price[:1].upper()}{price[1:]}. " + sentence.format(
        amount=words.money(one.amount_minor, one.currency), date=due
    )


def _card(card: Card | None) -> str:
    if card is None:
        return _("No card is kept.")
    sentence = _("Card: {brand} ending in {last4}, valid until {month}/{year}.")
    brand = card.brand.replace("_", " ").title()
    return sentence.format(brand=brand, last4=card.last4, month=f"{card.exp_month:02}", year=card.exp_year)


def _acts(one: Holding, view: View) -> Element:
    """The form with everything that can be done with one order; nothing where nothing can."""
    frame = view.frame
    cards = _card_buttons(one, frame, owes_nothing=view.account.overdue is None)
    buttons = [each for each in (*cards, *_other_buttons(one, view)) if each]
    if not buttons:
        return NOTHING
    pay = _pay_words(one, frame.words) if one.is_overdue else _("Pay now")
    return frame.form(
        "myaccount",
        CARD,
        paragraph("", hidden("order", one.order), Element(" ").join(buttons)),
        pay=pay,
        save=_("Save card"),
    )


def _pay_words(one: Holding, words: Words) -> str:
    return _("Pay {amount}").format(amount=words.money(one.overdue_minor, one.currency))


def _card_buttons(one: Holding, frame: Frame, *, owes_nothing: bool) -> list[Element]:
    if not frame.script_url or one.gateway == "manual":
        return []
    if one.is_overdue:
        amount = frame.words.money(one.overdue_minor, one.currency)
        return [button("pay", _("Pay {amount} now with a new card").format(amount=amount), is_main=True)]
    if owes_nothing and one.renews:
        return [button("card_begin", _("Change card") if one.card else _("Add a card"))]
    return []


def _other_buttons(one: Holding, view: View) -> list[Element]:
    return [
        button("pause", _("Pause")) if one.can_pause else NOTHING,
        button("resume", _("Resume")) if one.can_resume else NOTHING,
        button("keep", _("Take the cancellation back")) if one.can_keep else NOTHING,
        _cancel(one, view) if one.can_cancel else NOTHING,
    ]


def _cancel(one: Holding, view: View) -> Element:
    """The button that cancels, or the way over the owner's page, where it stands again."""
    if not view.sale_url:
        return button("cancel", _("Cancel"), confirm=_cancel_question(one, view.frame.words))
    of = "level" if one.grant is Grant.LEVEL else f"bundle-{one.grant_id}"
    return link(
        f"{view.sale_url}{'&' if '?' in view.sale_url else '?'}{urlencode({WANT: 'cancel', OF: of})}",
        _("Cancel"),
    )


def _cancel_question(one: Holding, words: Words) -> str:
    if one.status is SubscriptionState.ACTIVE and one.paid_until_at is not None:
        sentence = _("Cancel {product}? You keep access until {date}.")
        return sentence.format(product=one.product, date=words.day(one.paid_until_at))
    return _("Cancel {product} now? Access ends at once.").format(product=one.product)
