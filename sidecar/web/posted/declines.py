"""Why a payment failed, in words for who pays. Pure."""

from __future__ import annotations

from sidecar.billing.overdue import Advice, Decline, advice_of
from sidecar.i18n import _

_EXPIRED = frozenset({"expired_card", "invalid_expiry_month", "invalid_expiry_year"})
_CVC = frozenset({"incorrect_cvc", "invalid_cvc"})
_NUMBER = frozenset({"incorrect_number", "invalid_number"})
_FUNDS = frozenset({"insufficient_funds", "withdrawal_count_limit_exceeded", "card_velocity_exceeded"})


def decline_in_words(decline: Decline | None) -> str:
    """What to do about it. A stolen or suspected card is not told apart: whoever holds it may not be its owner."""
    words = set() if decline is None else {decline.code, decline.decline_code}
    for known, sentence in _sentences():
        if known & words:
            return sentence
    if decline is not None and advice_of(decline) is Advice.AUTHENTICATE:
        return _(
            "Your bank has not confirmed this payment. Please try again and confirm it, or use another card."
        )
    return _("Your card was declined. Please use another card, or ask your bank.")


def _sentences() -> tuple[tuple[frozenset[str], str], ...]:
    return (
        (
            _FUNDS,
            _("There is not enough money on this card, or its limit is reached. Please use another card."),
        ),
        (_EXPIRED, _("This card has expired. Please use another card.")),
        (_CVC, _("The security code of the card is wrong. Please try again.")),
        (_NUMBER, _("The number of the card is wrong. Please try again.")),
    )
