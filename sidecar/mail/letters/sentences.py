"""Sentences and rows that several letters share."""

from __future__ import annotations

from sidecar.i18n import _, ngettext
from sidecar.mail.facts import Facts, Purchase
from sidecar.mail.words import Wording, card_name

Row = tuple[str, str]


def what_comes_next(purchase: Purchase, say: Wording) -> str:
    """When the next payment is due and how much it is, or that there is none."""
    if purchase.next_at is None:
        return _no_more_payments(purchase, say)
    day, amount = say.day(purchase.next_at), say.amount(purchase.next_minor, purchase.currency)
    if purchase.next_minor == 0:
        return _("It renews on {date}; there is nothing to pay then.").format(date=day)
    if purchase.is_in_trial:
        sentence = _("Your trial lasts until {date}. Then the first payment is due: {amount}.")
        return sentence.format(date=day, amount=amount)
    if purchase.payments_left is not None:
        sentence = ngettext(
            "One payment is left: {amount}, due on {date}.",
            "{count} payments are left. The next one, {amount}, is due on {date}.",
            purchase.payments_left,
        )
        return sentence.format(count=purchase.payments_left, amount=amount, date=day)
    return _("The next payment, {amount}, is due on {date}.").format(amount=amount, date=day)


def _no_more_payments(purchase: Purchase, say: Wording) -> str:
    if purchase.access_until is None:
        return _("There is nothing more to pay.")
    sentence = _("There is nothing more to pay. Your access lasts until {date}.")
    return sentence.format(date=say.day(purchase.access_until))


def access_while_overdue(purchase: Purchase) -> str:
    """Whether what was bought stays open until the payment is made."""
    if purchase.keeps_access_overdue:
        return _("Meanwhile you keep your access.")
    return _("Until it is paid, your access is closed. It opens again the moment the payment succeeds.")


def rows_of_order(purchase: Purchase, *first: Row) -> tuple[Row, ...]:
    """`first`, then what was bought and the order's number."""
    return (*first, (_("Product"), purchase.product), (_("Order"), purchase.number))


def rows_of_payment(facts: Facts, purchase: Purchase, say: Wording) -> tuple[Row, ...]:
    """A receipt: the amount, the tax inside it, how it was paid, and for which time."""
    amount_minor, receipt = facts.happening.amount_minor or 0, purchase.receipt
    rows: list[Row] = [(_("Amount"), say.amount(amount_minor, purchase.currency))]
    if receipt is not None and receipt.tax_minor:
        label = _("Including {percent} % tax").format(percent=say.percent(receipt.tax_ppm))
        rows.append((label, say.amount(receipt.tax_minor, purchase.currency)))
    if receipt is not None and receipt.credit_minor:
        rows.append((_("Paid from your credit"), say.amount(receipt.credit_minor, purchase.currency)))
    if facts.happening.source == "gateway" and purchase.card is not None:
        rows.append((_("Card"), card_name(purchase.card)))
    if receipt is not None and receipt.until_at is not None:
        rows.append((_("Period"), f"{say.day(receipt.from_at)} – {say.day(receipt.until_at)}"))
    if receipt is not None and receipt.invoice:
        sentence = _("{number}, in your account")
        rows.append((_("Invoice"), sentence.format(number=receipt.invoice)))
    return rows_of_order(purchase, *rows)


def account_link(facts: Facts, label: str) -> Row:
    """The link to My Account."""
    return label, facts.account_url


def back_link(facts: Facts, label: str) -> Row:
    """The link to the checkout, for who has nothing any more."""
    return label, facts.checkout_url
