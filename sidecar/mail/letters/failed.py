"""Letters about a payment that did not go through: what the member can do, and until when."""

from __future__ import annotations

from sidecar.i18n import _
from sidecar.mail.facts import Facts, Letter, Purchase
from sidecar.mail.letters.sentences import access_while_overdue, account_link, rows_of_order
from sidecar.mail.words import Wording, card_name, reason_of_decline


def payment_failed(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """The first try at a renewal was declined."""
    subject = _("Your payment did not go through: {product}").format(product=purchase.product)
    return _failure(facts, purchase, say, subject, _("Your payment of {amount} did not go through."))


def retry_failed(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """A later try was declined, too."""
    subject = _("Your payment is still open: {product}").format(product=purchase.product)
    opening = _("We tried again, and your payment of {amount} did not go through.")
    return _failure(facts, purchase, say, subject, opening)


def authentication_needed(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """The bank wants the member to be there when it is paid."""
    amount = _amount(facts, purchase, say)
    subject = _("Please confirm your payment: {product}").format(product=purchase.product)
    opening = _("Your bank wants you to confirm the payment of {amount} yourself, before it pays.")
    return Letter(
        subject=subject,
        paragraphs=(opening.format(amount=amount), _confirm_by(facts, say), access_while_overdue(purchase)),
        rows=rows_of_order(purchase, (_("Amount"), amount)),
        link=account_link(facts, _("Confirm the payment")),
    )


def _failure(facts: Facts, purchase: Purchase, say: Wording, subject: str, opening: str) -> Letter:
    amount = _amount(facts, purchase, say)
    rows = [(_("Amount"), amount)]
    if purchase.card is not None and facts.happening.decline != "no_card":
        rows.append((_("Card"), card_name(purchase.card)))
    return Letter(
        subject=subject,
        paragraphs=(
            f"{opening.format(amount=amount)} {reason_of_decline(facts.happening.decline)}",
            _what_follows(facts, say),
            access_while_overdue(purchase),
        ),
        rows=rows_of_order(purchase, *rows),
        link=account_link(facts, _("Update my card")),
    )


def _what_follows(facts: Facts, say: Wording) -> str:
    """When it is tried again, or until when another card is waited for."""
    happening = facts.happening
    if happening.at is None:
        return _("Please add another card in your account; it is charged at once.")
    day = say.day(happening.at)
    if happening.act == "retry":
        sentence = _(
            "We will try again on {date}. You need not wait: if you add another card in your account, it is charged at once."
        )
        return sentence.format(date=day)
    sentence = _(
        "Please add another card in your account by {date}; it is charged at once. Otherwise the subscription ends."
    )
    return sentence.format(date=day)


def _confirm_by(facts: Facts, say: Wording) -> str:
    if facts.happening.at is None:
        return _("Please do so in your account. It takes a minute.")
    sentence = _(
        "Please do so in your account by {date}. It takes a minute. Otherwise the subscription ends."
    )
    return sentence.format(date=say.day(facts.happening.at))


def _amount(facts: Facts, purchase: Purchase, say: Wording) -> str:
    return say.amount(facts.happening.amount_minor or 0, purchase.currency)
