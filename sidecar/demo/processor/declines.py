"""Why a bank says no: Stripe's decline codes, with what the network says beside them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Decline:
    """`advice_code`: what the issuer advises; the `network_` codes are the card network's own."""

    decline_code: str
    advice_code: str | None = None
    network_decline_code: str | None = None
    network_advice_code: str | None = None

    @property
    def code(self) -> str:
        """The error's `code`: most declines are `card_declined`."""
        return OWN_CODES.get(self.decline_code, "card_declined")

    @property
    def message(self) -> str:
        """What a cardholder may read."""
        return MESSAGES.get(self.decline_code, "Your card was declined.")

    @property
    def forbids_another_try(self) -> bool:
        """Visa's and Mastercard's "do not try again"; Mastercard's 03 and 21 say it as network advice."""
        return self.advice_code == "do_not_try_again" or self.network_advice_code in {"03", "21"}


OWN_CODES = {
    "authentication_required": "authentication_required",
    "authentication_not_handled": "authentication_required",
    "expired_card": "expired_card",
    "incorrect_cvc": "incorrect_cvc",
    "invalid_cvc": "incorrect_cvc",
    "incorrect_number": "incorrect_number",
    "processing_error": "processing_error",
}
MESSAGES = {
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "authentication_not_handled": "This payment required an authentication action to complete, but "
    "`error_on_requires_action` was set.",
    "card_not_supported": "Your card does not support this type of purchase.",
    "card_velocity_exceeded": "Your card was declined for making repeated attempts too frequently or exceeding its "
    "amount limit.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "incorrect_number": "Your card number is incorrect.",
    "insufficient_funds": "Your card has insufficient funds.",
    "invalid_cvc": "Your card's security code is invalid.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
}

NEVER, LATER, DATA = "do_not_try_again", "try_again_later", "confirm_card_data"
_TABLE: dict[str, tuple[str | None, str | None]] = {
    "approve_with_id": (LATER, None),
    "authentication_not_handled": (None, None),
    "authentication_required": (None, "1A"),
    "call_issuer": (LATER, "01"),
    "card_not_supported": (NEVER, "57"),
    "card_velocity_exceeded": (LATER, "61"),
    "currency_not_supported": (None, None),
    "do_not_honor": (LATER, "05"),
    "do_not_try_again": (NEVER, None),
    "duplicate_transaction": (None, "94"),
    "expired_card": (DATA, "54"),
    "fraudulent": (NEVER, "59"),
    "generic_decline": (LATER, "05"),
    "incorrect_cvc": (DATA, "N7"),
    "incorrect_number": (DATA, "14"),
    "incorrect_pin": (LATER, "55"),
    "incorrect_zip": (DATA, None),
    "insufficient_funds": (LATER, "51"),
    "invalid_account": (NEVER, "46"),
    "invalid_amount": (None, "13"),
    "invalid_cvc": (DATA, "N7"),
    "invalid_expiry_month": (DATA, None),
    "invalid_expiry_year": (DATA, None),
    "issuer_not_available": (LATER, "91"),
    "lost_card": (NEVER, "41"),
    "merchant_blacklist": (NEVER, None),
    "new_account_information_available": (DATA, None),
    "no_action_taken": (LATER, "21"),
    "not_permitted": (LATER, "62"),
    "pickup_card": (NEVER, "04"),
    "pin_try_exceeded": (LATER, "75"),
    "processing_error": (LATER, "96"),
    "reenter_transaction": (LATER, "19"),
    "restricted_card": (NEVER, "62"),
    "revocation_of_all_authorizations": (NEVER, "R3"),
    "revocation_of_authorization": (NEVER, "R1"),
    "security_violation": (LATER, "63"),
    "service_not_allowed": (LATER, "57"),
    "stolen_card": (NEVER, "43"),
    "stop_payment_order": (NEVER, "R0"),
    "testmode_decline": (None, None),
    "transaction_not_allowed": (LATER, "57"),
    "try_again_later": (LATER, None),
    "withdrawal_count_limit_exceeded": (LATER, "65"),
}
DECLINES = {code: Decline(code, advice, network) for code, (advice, network) in _TABLE.items()}
MASTERCARD_ADVICE = {NEVER: "03", LATER: "02", DATA: "01"}


def decline_from(described: dict[str, Any]) -> Decline:
    """A decline as a test describes it: the code's usual advice, unless it says another. KeyError: no such code."""
    usual = DECLINES[described["decline_code"]]
    return replace(usual, **{name: described[name] for name in asdict(usual) if name in described})


def as_seen_by(decline: Decline, brand: str) -> Decline:
    """Mastercard sends its advice code with the decline; the others only through Stripe's `advice_code`."""
    if brand != "mastercard" or decline.network_advice_code or not decline.advice_code:
        return decline
    return replace(decline, network_advice_code=MASTERCARD_ADVICE[decline.advice_code])
