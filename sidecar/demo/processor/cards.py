"""Card numbers and what Stripe's test cards do. Any other valid number behaves like 4242 4242 4242 4242."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from sidecar.demo.processor.refusals import ApiError


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`decline`: the code of every charge; `setup_fails`: the card cannot be kept, either."""

    decline: str = ""
    setup_fails: bool = False
    authenticate: Literal["never", "unless_set_up", "always"] = "never"
    disputed: bool = False


def _declining(code: str) -> Behaviour:
    return Behaviour(decline=code, setup_fails=True)


USUAL = Behaviour()
TEST_CARDS = {
    "4000000000000002": _declining("generic_decline"),
    "4000000000009995": _declining("insufficient_funds"),
    "4000000000009987": _declining("lost_card"),
    "4000000000009979": _declining("stolen_card"),
    "4000000000000069": _declining("expired_card"),
    "4000000000000127": _declining("incorrect_cvc"),
    "4000000000000119": _declining("processing_error"),
    "4000000000000341": Behaviour(decline="generic_decline"),
    "4000002500003155": Behaviour(authenticate="unless_set_up"),
    "4000002760003184": Behaviour(authenticate="always"),
    "4000008260003178": Behaviour(decline="insufficient_funds", authenticate="unless_set_up"),
    "4000000000000259": Behaviour(disputed=True),
}
TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedLostCard": "4000000000009987",
    "pm_card_visa_chargeDeclinedStolenCard": "4000000000009979",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "pm_card_createDispute": "4000000000000259",
}


def behaviour_of(number: str) -> Behaviour:
    """What the bank behind this number does."""
    return TEST_CARDS.get(number, USUAL)


def fingerprint_of(number: str) -> str:
    """The same for the same number, in every account and ledger of this processor."""
    return hashlib.sha256(f"fingerprint {number}".encode()).hexdigest()[:16]


def brand_of(number: str) -> str:
    """
    >>> brand_of("4242424242424242"), brand_of("2223003122003222"), brand_of("6200000000000005")
    ('visa', 'mastercard', 'unionpay')
    """
    two, four = int(number[:2]), int(number[:4])
    if number[0] == "4":
        return "visa"
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return "mastercard"
    if two in {34, 37}:
        return "amex"
    return {"35": "jcb", "30": "diners", "36": "diners", "38": "diners", "62": "unionpay"}.get(
        number[:2], "discover"
    )


def checked_number(number: str) -> str:
    """Digits only; a number that cannot be one is a card error, as at Stripe."""
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isdecimal() or not digits.isascii() or not 12 <= len(digits) <= 19 or not _luhn(digits):
        raise wrong_card("incorrect_number", "Your card number is incorrect.", "number")
    return digits


def wrong_card(code: str, message: str, param: str) -> ApiError:
    """Seen before any bank was asked."""
    return ApiError(402, "card_error", message, code=code, param=param)


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
