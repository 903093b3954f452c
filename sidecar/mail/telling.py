"""What a mail tells of, by the names that its owner's text may use (`shortcodes/tags/mail.py`). Pure.

Everything is said as the letters in code say it: the sentences are theirs, the details are the rows of the letter itself.
"""

from __future__ import annotations

from dataclasses import replace

from shortcodes.tags.mail import DETAILS
from sidecar.i18n import speaking
from sidecar.mail.facts import Facts, Purchase
from sidecar.mail.layout import details_table, safe_url
from sidecar.mail.letters.ended import UNFRIENDLY, why_it_ended
from sidecar.mail.letters.paid import how_it_was_paid
from sidecar.mail.letters.sentences import what_comes_next
from sidecar.mail.rendering import write
from sidecar.mail.words import Wording, card_name, greeted_name, reason_of_decline

Values = dict[str, str]
_PAID = ("welcome", "receipt", "recovered")
_DECLINED = ("payment_failed", "retry_failed")
_ANNOUNCED = ("renewal_notice", "trial_ending")
_WITHOUT_NEXT = (*_DECLINED, "authentication_needed", "canceled", "expired")
"""What comes next is another matter there, or nothing."""


def told_by(kind: str, facts: Facts, language: str) -> Values:
    """Name → text, '' for what this mail does not tell of. Raises KeyError for a kind that is no mail to a member."""
    if facts.purchase is None:
        raise KeyError(f"a mail of kind {kind} tells of an order")
    say = Wording(language, facts.zone)
    with speaking(language):
        return {
            **_names(facts, facts.purchase),
            **_money(kind, facts, facts.purchase, say),
            **_next(kind, facts, facts.purchase, say),
            **_trouble(kind, facts, say),
            **_end(kind, facts, facts.purchase, say),
            **_card(facts, facts.purchase, say),
            DETAILS: str(details_table(write(kind, facts, language).rows)),
        }


def _names(facts: Facts, purchase: Purchase) -> Values:
    return {
        "firstName": greeted_name(facts.name), "siteName": facts.site_name, "product": purchase.product,
        "orderNumber": purchase.number, "accountLink": safe_url(facts.account_url),
        "checkoutLink": safe_url(facts.checkout_url), "homeLink": safe_url(facts.home_url),
    }  # fmt: skip


def _money(kind: str, facts: Facts, purchase: Purchase, say: Wording) -> Values:
    minor = facts.happening.amount_minor
    if minor is None and kind in _ANNOUNCED:
        minor = purchase.next_minor
    return {
        "amount": "" if minor is None else say.amount(minor, purchase.currency),
        "howPaid": how_it_was_paid(facts, purchase, say) if kind in _PAID else "",
    }


def _next(kind: str, facts: Facts, purchase: Purchase, say: Wording) -> Values:
    at = facts.happening.at
    moved = kind == "order_changed" and facts.happening.what == "date"
    if moved and at is not None:
        purchase = replace(purchase, next_at=at)
    day = say.day(purchase.next_at) if purchase.next_at is not None else ""
    announced = at or purchase.next_at if kind in _ANNOUNCED else at if moved else None
    values = {"date": "" if announced is None else say.day(announced)}
    if kind in _WITHOUT_NEXT:
        return values
    return {
        **values,
        "whatIsNext": what_comes_next(purchase, say),
        "nextPaymentDate": day,
        "nextPaymentAmount": say.amount(purchase.next_minor, purchase.currency) if day else "",
    }


def _trouble(kind: str, facts: Facts, say: Wording) -> Values:
    if kind not in (*_DECLINED, "authentication_needed"):
        return {}
    happening = facts.happening
    day = "" if happening.at is None else say.day(happening.at)
    tries_again = happening.act == "retry" and kind in _DECLINED
    return {
        "reason": reason_of_decline(happening.decline) if kind in _DECLINED else "",
        "retryDate": day if tries_again else "",
        "deadline": "" if tries_again else day,
    }


def _end(kind: str, facts: Facts, purchase: Purchase, say: Wording) -> Values:
    happening = facts.happening
    values = {
        "keepsAccess": "true" if purchase.keeps_access_overdue else "",
        "paidUntil": "" if purchase.access_until is None else say.day(purchase.access_until),
    }
    if kind == "expired":
        return {**values, "mayReturn": "true"}
    if kind != "canceled":
        return values
    if happening.until is not None:
        return {**values, "accessUntil": say.day(happening.until)}
    reason = happening.reason or ""
    sentence = why_it_ended(reason).format(product=purchase.product)
    return {**values, "reason": sentence, "mayReturn": "" if reason in UNFRIENDLY else "true"}


def _card(facts: Facts, purchase: Purchase, say: Wording) -> Values:
    card = purchase.card
    if card is None or facts.happening.decline == "no_card":
        return {}
    return {"cardName": card_name(card), "cardExpires": say.month(card.exp_year, card.exp_month)}
