"""Letters about money that has moved: the welcome, receipts, a recovery, a refund."""

from __future__ import annotations

from sidecar.i18n import _
from sidecar.mail.facts import Facts, Letter, Purchase
from sidecar.mail.letters.sentences import account_link, rows_of_order, rows_of_payment, what_comes_next
from sidecar.mail.words import Wording


def welcome(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """The first payment has been made, or nothing was to be paid: the thing is the member's."""
    return Letter(
        subject=_("Welcome: {product}").format(product=purchase.product),
        paragraphs=(
            _("Thank you! “{product}” is open to you now.").format(product=purchase.product),
            how_it_was_paid(facts, purchase, say),
            what_comes_next(purchase, say),
        ),
        rows=rows_of_payment(facts, purchase, say),
        link=account_link(facts, _("My account")),
    )


def receipt(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """A renewal has been paid, by whatever means."""
    return Letter(
        subject=_("Receipt: {product}").format(product=purchase.product),
        paragraphs=(how_it_was_paid(facts, purchase, say), what_comes_next(purchase, say)),
        rows=rows_of_payment(facts, purchase, say),
        link=account_link(facts, _("My account")),
    )


def recovered(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """An overdue payment has been made in the end."""
    return Letter(
        subject=_("All is well again: {product}").format(product=purchase.product),
        paragraphs=(
            _("What was overdue for “{product}” is settled. You have full access, as before.").format(
                product=purchase.product
            ),
            how_it_was_paid(facts, purchase, say),
            what_comes_next(purchase, say),
        ),
        rows=rows_of_payment(facts, purchase, say),
        link=account_link(facts, _("My account")),
    )


def refunded(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """Money has gone back."""
    amount = say.amount(facts.happening.amount_minor or 0, purchase.currency)
    sentence = _("We have refunded {amount} for “{product}”.")
    return Letter(
        subject=_("Refund: {amount} for {product}").format(amount=amount, product=purchase.product),
        paragraphs=(
            sentence.format(amount=amount, product=purchase.product),
            _(
                "The money goes back the way it came; on a card statement it can take some days until it shows."
            ),
        ),
        rows=rows_of_order(purchase, (_("Refunded"), amount)),
        link=account_link(facts, _("My account")),
    )


def how_it_was_paid(facts: Facts, purchase: Purchase, say: Wording) -> str:
    """By what the receivable was settled: see `Source` in billing/rules.py."""
    happening = facts.happening
    if not happening.amount_minor:
        return _("There is nothing to pay this time.")
    sentences = {
        "credit": _("It was paid from your credit with us: {amount}."),
        "waived": _("You do not have to pay for this period: {amount} is waived."),
    }
    if happening.source in sentences:
        amount = say.amount(happening.amount_minor, purchase.currency)
        return sentences[happening.source].format(amount=amount)
    credit_minor = purchase.receipt.credit_minor if purchase.receipt else 0
    amount = say.amount(happening.amount_minor - credit_minor, purchase.currency)
    return _("We have received your payment of {amount}.").format(amount=amount)
