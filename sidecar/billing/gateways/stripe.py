"""Stripe, through its official library. Stripe's words (customer, intent, charge) live here and nowhere above.

What the library would repeat by itself is switched off: whether a call may be sent again is billing's decision. Answers
are told apart as the contract in `gateway.py` demands; sources: Stripe's API reference on errors, idempotent requests and
PaymentIntents, read at the version that the library pins.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import quote
from urllib.request import getproxies

import requests
import stripe

from sidecar.billing.gateways import stripe_currencies
from sidecar.billing.gateways.gateway import (
    Account,
    BadWebhook,
    CardFacts,
    CardGone,
    ChargeFacts,
    CustomerGone,
    DisputeFacts,
    Intent,
    IntentWish,
    NotExecuted,
    Notice,
    RefundFacts,
    Setup,
    Unanswered,
)
from sidecar.billing.gateways.stripe_currencies import to_stripe
from sidecar.billing.gateways.stripe_shapes import (
    card_of,
    charge_of,
    dispute_of,
    intent_of,
    notice_of,
    refund_of,
    setup_of,
)
from sidecar.i18n import _

T = TypeVar("T")
SCRIPT_URL = "https://js.stripe.com/v3/"
CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
_PAGE = 100
_CONNECTIONS = 64
_CHARGE = ["latest_charge"]
_WRONG_STATE = {"payment_intent_unexpected_state", "setup_intent_unexpected_state"}
_NEVER_SENT = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
)


class StripeGateway:
    """One account in one mode. Safe to use from many threads."""

    name = "stripe"

    def __init__(
        self,
        secret_key: str,
        publishable_key: str,
        webhook_secret: str = "",
        *,
        api_url: str = "",
        script_url: str = "",
        pace: Callable[[str], None] = lambda _endpoint: None,
    ) -> None:
        self.publishable_key, self.script_url = publishable_key, script_url or SCRIPT_URL
        self.is_live = secret_key.startswith(("sk_live_", "rk_live_"))
        self._webhook_secret, self._pace = webhook_secret, pace
        self._stripe = stripe.StripeClient(
            secret_key,
            max_network_retries=0,
            base_addresses={"api": api_url} if api_url else None,
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS), session=_session()),
        )

    def smallest_minor(self, currency: str) -> int | None:
        """The smallest sum that it collects; None for a currency it does not take."""
        return stripe_currencies.smallest_minor(currency)

    def step_minor(self, currency: str) -> int:
        """It collects multiples of this only: the last of three decimals is 0."""
        return stripe_currencies.step_minor(currency)

    # --- calls -----------------------------------------------------------------------------------------------------

    def _send(self, endpoint: str, method: str, path: str, **asked: Any) -> stripe.StripeResponse:
        """Wait for a turn of `endpoint`, then call. Raises what the library raises.

        The answer is taken as it is: making the library's objects of it costs a millisecond, and only plain values are read.
        """
        self._pace(endpoint)
        return self._stripe.raw_request(method, f"/v1/{path}", **asked)  # type: ignore[no-any-return]

    def _get(self, endpoint: str, path: str, **asked: Any) -> dict[str, Any]:
        return _values(_told_apart(partial(self._send, endpoint, "get", path, **asked)))

    def _post(
        self,
        endpoint: str,
        path: str,
        asked: Mapping[str, Any],
        key: str | None = None,
        declined: type[Exception] | None = None,
    ) -> dict[str, Any]:
        """`key`: idempotency key. `declined`: raised where the card was declined, or the object's state forbids the step."""
        call = partial(self._send, endpoint, "post", path, idempotency_key=key, **asked)
        return _values(_told_apart(call, declined))

    def _pages(self, endpoint: str, path: str, **asked: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, page after page; a page is asked for when it is wanted."""
        after: dict[str, str] = {}
        while True:
            page = self._get(endpoint, path, limit=_PAGE, **asked, **after)
            yield from page["data"]
            if not page["has_more"] or not page["data"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}

    # --- who -------------------------------------------------------------------------------------------------------

    def get_account(self) -> Account:
        """Whose money this is, and what time it is there (the answer's Date header)."""
        answer = _told_apart(partial(self._send, "account", "get", "account"))
        date = answer.headers.get("Date")
        clock = parsedate_to_datetime(date).timestamp() if date else None
        return Account(str(_values(answer)["id"]), self.is_live, clock)

    def make_customer(self, key: str, email: str, name: str, metadata: Mapping[str, str]) -> str:
        """The customer's id; the same key gives the same customer for a day."""
        asked = {"email": email, "name": name, "metadata": dict(metadata)}
        return str(self._post("customers", "customers", asked, key)["id"])

    # --- intents ---------------------------------------------------------------------------------------------------

    def make_intent(self, key: str, wish: IntentWish) -> Intent:
        """Unconfirmed, for a card."""
        asked = {
            "amount": to_stripe(wish.amount_minor, wish.currency), "currency": wish.currency.lower(),
            "customer": wish.customer_id,
            "metadata": dict(wish.metadata), "description": wish.description,
            "payment_method_types": ["card"],
        }  # fmt: skip
        return intent_of(self._post("payment_intents", "payment_intents", asked, key))

    def read_intent(self, intent_id: str) -> Intent:
        """As it is now."""
        path = f"payment_intents/{_id(intent_id)}"
        return intent_of(self._get("payment_intents/read", path, expand=_CHARGE))

    def confirm_intent(self, key: str, intent_id: str, card_id: str) -> Intent:
        """Charge a kept card without its holder. A decline comes back as the intent with its failed charge."""
        return self._move(intent_id, "confirm", {"payment_method": card_id, "off_session": True}, key)

    def cancel_intent(self, intent_id: str) -> Intent:
        """Make sure that it never collects. One that has succeeded or is processing comes back as it is."""
        return self._move(intent_id, "cancel", {"cancellation_reason": "abandoned"})

    def keep_card(self, intent_id: str, *, keeps: bool) -> Intent:
        """Stripe refuses to charge off-session what is to keep a new card, and only '' takes that back."""
        return self._move(intent_id, "update", {"setup_future_usage": "off_session" if keeps else ""})

    def _move(self, intent_id: str, step: str, asked: Mapping[str, Any], key: str | None = None) -> Intent:
        """A confirmation or cancellation: declined, or refused for the state that the intent is in, is an answer, too."""
        path = f"payment_intents/{_id(intent_id)}" + (f"/{step}" if step != "update" else "")
        try:
            return intent_of(
                self._post(f"payment_intents/{step}", path, {**asked, "expand": _CHARGE}, key, _Declined)
            )
        except _Declined:
            return self._read_after(intent_id)

    def _read_after(self, intent_id: str) -> Intent:
        """A read that is refused says nothing of what came of the step before it."""
        try:
            return self.read_intent(intent_id)
        except NotExecuted as error:
            raise Unanswered(str(error)) from error

    def list_intents(self, since_s: float, customer_id: str = "") -> Iterator[Intent]:
        """Newest first, page by page."""
        asked: dict[str, Any] = {"created": {"gte": int(since_s)}, "expand": ["data.latest_charge"]}
        if customer_id:
            asked["customer"] = customer_id
        return map(intent_of, self._pages("payment_intents/list", "payment_intents", **asked))

    # --- cards -----------------------------------------------------------------------------------------------------

    def make_setup(self, key: str, customer_id: str, metadata: Mapping[str, str]) -> Setup:
        """For a card that is to be kept and charged later."""
        asked: Any = {
            "customer": customer_id, "usage": "off_session", "payment_method_types": ["card"], "metadata": dict(metadata),
        }  # fmt: skip
        self._pace("setup_intents")
        # By the library's own method: `raw_request` keeps a parameter of the name `usage` to itself.
        create = partial(self._stripe.v1.setup_intents.create, asked, {"idempotency_key": key})
        return setup_of(_told_apart(create).to_dict())

    def read_setup(self, setup_id: str) -> Setup:
        """As it is now, with its card."""
        path = f"setup_intents/{_id(setup_id)}"
        return setup_of(self._get("setup_intents/read", path, expand=["payment_method"]))

    def cancel_setup(self, setup_id: str) -> Setup:
        """Make sure that no more cards are tried by it. One that is done comes back as it is."""
        with suppress(_Declined):
            path = f"setup_intents/{_id(setup_id)}/cancel"
            self._post("setup_intents/cancel", path, {}, declined=_Declined)
        return self.read_setup(setup_id)

    def read_card(self, card_id: str) -> CardFacts:
        """A kept card."""
        return card_of(self._get("payment_methods", f"payment_methods/{_id(card_id)}"))

    # --- back ------------------------------------------------------------------------------------------------------

    def make_refund(
        self, key: str, charge_id: str, amount_minor: int, currency: str, metadata: Mapping[str, str]
    ) -> RefundFacts:
        """Give money back."""
        amount = to_stripe(amount_minor, currency)
        asked = {"charge": charge_id, "amount": amount, "metadata": dict(metadata)}
        return refund_of(self._post("refunds", "refunds", asked, key))

    def list_refunds(self, charge_id: str) -> list[RefundFacts]:
        """Of one charge."""
        return [refund_of(one) for one in self._pages("refunds/list", "refunds", charge=charge_id)]

    def read_dispute(self, dispute_id: str) -> DisputeFacts:
        """As it is now."""
        return dispute_of(self._get("disputes", f"disputes/{_id(dispute_id)}"))

    def list_disputes(self, since_s: float) -> Iterator[DisputeFacts]:
        """Newest first."""
        return map(dispute_of, self._pages("disputes/list", "disputes", created={"gte": int(since_s)}))

    def read_charge(self, charge_id: str) -> tuple[str, ChargeFacts]:
        """(its intent, the charge)."""
        found = self._get("charges", f"charges/{_id(charge_id)}")
        return str(found.get("payment_intent") or ""), charge_of(found)

    # --- webhooks --------------------------------------------------------------------------------------------------

    def check_webhook(self, body: bytes, signature: str) -> Notice:
        """The event, if Stripe signed it within the last five minutes. Without a secret nothing is believed."""
        if not self._webhook_secret:
            raise BadWebhook(_("There is no webhook secret, so no webhook can be trusted."))
        try:
            text = body.decode("utf-8")
            stripe.WebhookSignature.verify_header(text, signature, self._webhook_secret, 300)
            return notice_of(json.loads(text))
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadWebhook(_("The webhook's signature is wrong, or it is no event.")) from error

    def list_notices(self, since_s: float) -> Iterator[Notice]:
        """Every event since, delivered or not, newest first."""
        return map(notice_of, self._pages("events", "events", created={"gte": int(since_s)}))


def _session() -> requests.Session:
    """One for all threads. Proxies are read from the environment once, not at each call."""
    session = requests.Session()
    session.proxies.update(getproxies())
    session.trust_env = False
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=_CONNECTIONS))
    session.mount("http://127.0.0.1", requests.adapters.HTTPAdapter(pool_maxsize=_CONNECTIONS))
    return session


class _Declined(Exception):
    """The card was declined, or the intent is in a state that forbids the step: read it."""


def _values(answer: stripe.StripeResponse) -> dict[str, Any]:
    return cast("dict[str, Any]", answer.data)


def _id(name: str) -> str:
    """An id within a path."""
    return quote(name, safe="")


def _told_apart(call: Callable[[], T], declined: type[Exception] | None = None) -> T:
    """Make the call; every error becomes one of the contract's three outcomes."""
    try:
        return call()
    except stripe.CardError as error:
        raise (declined or Unanswered)(_words(error)) from error
    except (stripe.IdempotencyError, stripe.APIConnectionError) as error:
        if isinstance(error, stripe.APIConnectionError) and _never_left(error):
            raise NotExecuted(_words(error), is_passing=True) from error
        raise Unanswered(_words(error)) from error
    except stripe.RateLimitError as error:
        raise NotExecuted(_words(error), is_passing=True) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise NotExecuted(_words(error), is_passing=True) from error
    except stripe.InvalidRequestError as error:
        if error.param == "customer" and error.code == "resource_missing":
            raise CustomerGone(_words(error), is_passing=False) from error
        if error.param == "payment_method":
            raise CardGone(_words(error), is_passing=False) from error
        if declined is not None and error.code in _WRONG_STATE:
            raise declined from error
        raise NotExecuted(_words(error), is_passing=False) from error
    except stripe.StripeError as error:
        raise Unanswered(_words(error)) from error


def _never_left(error: stripe.APIConnectionError) -> bool:
    """Whether no byte of the request can have arrived: the connection was never made."""
    cause = error.__cause__
    if isinstance(cause, _NEVER_SENT):
        return True
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return type(reason).__name__ in {
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
    } or isinstance(getattr(reason, "__cause__", None), ssl.SSLCertVerificationError)


def _words(error: stripe.StripeError) -> str:
    """For logs and alarms: never a key, and short."""
    code = f" {error.code}" if error.code else ""
    said = (error.user_message or "").splitlines()
    return f"{type(error).__name__} {error.http_status or '-'}{code}: {said[0] if said else ''}"[:300]
