"""Letters about what is to come: a renewal, the end of a trial, a card that expires, a new date."""

from __future__ import annotations

from dataclasses import replace

from sidecar.i18n import _
from sidecar.mail.facts import Facts, Letter, Purchase
from sidecar.mail.letters.sentences import account_link, rows_of_order, what_comes_next
from sidecar.mail.words import Wording, card_name


def renewal_notice(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """A renewal is near."""
    subject = _("“{product}” renews on {date}")
    return _announcement(facts, purchase, say, subject, _("“{product}” renews on {date}."))


def trial_ending(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """The first full payment is near."""
    subject, opening = (
        _("Your trial of “{product}” ends on {date}"),
        _("Your trial of “{product}” ends on {date}."),
    )
    return _announcement(facts, purchase, say, subject, opening)


def card_expiring(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """The card that pays will have expired when the next payment is due, or soon."""
    opening = _("Your card expires soon.")
    rows = []
    if purchase.card is not None:
        month = say.month(purchase.card.exp_year, purchase.card.exp_month)
        opening = _("Your card {card} is valid until {month}.").format(
            card=card_name(purchase.card), month=month
        )
        rows = [(_("Card"), card_name(purchase.card)), (_("Valid until"), month)]
    request = _("Please add a new one in your account, so that “{product}” continues without a gap.")
    return Letter(
        subject=_("Your card expires soon: {product}").format(product=purchase.product),
        paragraphs=(opening, what_comes_next(purchase, say), request.format(product=purchase.product)),
        rows=rows_of_order(purchase, *rows),
        link=account_link(facts, _("Update my card")),
    )


def order_changed(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """Date or product have changed; the letter says how things stand now."""
    is_date = facts.happening.what == "date" and facts.happening.at is not None
    opening = (
        _("The next payment for “{product}” has a new date.")
        if is_date
        else _("Your order has been changed: “{product}”.")
    )
    now = replace(purchase, next_at=facts.happening.at) if is_date else purchase
    return Letter(
        subject=_("Changed: {product}").format(product=purchase.product),
        paragraphs=(opening.format(product=purchase.product), what_comes_next(now, say)),
        rows=rows_of_order(purchase),
        link=account_link(facts, _("My account")),
    )


def _announcement(facts: Facts, purchase: Purchase, say: Wording, subject: str, opening: str) -> Letter:
    """`subject` and `opening` name {product} and {date}."""
    happening, at = facts.happening, facts.happening.at or purchase.next_at
    day = say.day(at) if at is not None else ""
    minor = purchase.next_minor if happening.amount_minor is None else happening.amount_minor
    amount = say.amount(minor, purchase.currency)
    opening = opening.format(product=purchase.product, date=day)
    return Letter(
        subject=subject.format(product=purchase.product, date=day),
        paragraphs=(f"{opening} {_how_it_will_be_paid(purchase, amount)}", _ways_out(purchase)),
        rows=rows_of_order(purchase, (_("Amount"), amount)),
        link=account_link(facts, _("My account")),
    )


def _how_it_will_be_paid(purchase: Purchase, amount: str) -> str:
    if purchase.card is None:
        return _("On that day, {amount} is due.").format(amount=amount)
    sentence = _("On that day, we will charge {amount} to your card {card}.")
    return sentence.format(amount=amount, card=card_name(purchase.card))


def _ways_out(purchase: Purchase) -> str:
    if purchase.card is None:
        return _("If you do not want to continue, cancel in your account before that day.")
    return _(
        "To continue, you need not do anything. If you do not want to continue, cancel in your account before that day."
    )
