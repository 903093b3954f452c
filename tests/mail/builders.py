"""Facts of mails as values: Alice has a monthly subscription, and her site is in Paris."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sidecar.mail.facts import CardOnFile, Declared, Facts, Happening, Purchase, Receipt

PARIS = ZoneInfo("Europe/Paris")
RENEWS_AT = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
BEGAN_AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
VISA = CardOnFile("visa", "4242", 2026, 8)


def a_purchase(**fields: Any) -> Purchase:
    """€19 a month, paid until July 15th."""
    defaults: dict[str, Any] = {
        "number": "1a2b3c4d", "product": "Apprentice, monthly", "currency": "EUR", "next_at": RENEWS_AT, "next_minor": 1900,
        "access_until": RENEWS_AT, "card": VISA, "receipt": Receipt(317, 200_000, BEGAN_AT, RENEWS_AT),
    }  # fmt: skip
    return Purchase(**{**defaults, **fields})


def some_facts(purchase: Purchase | None = None, **happening: Any) -> Facts:
    """What has happened: €19 were paid by card, unless `happening` says otherwise."""
    defaults: dict[str, Any] = {"amount_minor": 1900, "source": "gateway", "cycle": 0}
    return Facts(
        site_name="Alder & Ash",
        zone=PARIS,
        home_url="https://club.test/",
        account_url="https://club.test/my-account/",
        checkout_url="https://club.test/join/?rid=monthly",
        admin_url="https://club.test/wp-admin/site-health.php",
        happening=Happening(**{**defaults, **happening}),
        name="Alice",
        purchase=purchase or a_purchase(),
        declared=Declared(False, BEGAN_AT, "alice@example.test", ()),
    )


MOMENTS: dict[str, dict[str, Any]] = {
    "welcome": {},
    "receipt": {"cycle": 1},
    "recovered": {"cycle": 1},
    "refunded": {},
    "payment_failed": {"act": "retry", "at": RENEWS_AT, "decline": "insufficient_funds"},
    "retry_failed": {"act": "retry", "at": RENEWS_AT, "decline": "do_not_honor"},
    "authentication_needed": {
        "act": "wait_for_member",
        "at": RENEWS_AT,
        "decline": "authentication_required",
    },
    "renewal_notice": {"at": RENEWS_AT},
    "trial_ending": {"at": RENEWS_AT},
    "card_expiring": {"last4": "4242"},
    "order_changed": {"what": "date", "at": RENEWS_AT},
    "canceled": {"reason": "asked", "until": RENEWS_AT},
    "expired": {"reason": "plan_end"},
    "declared": {},
    "alarm": {"sentence": "Billing is paused: the clock is wrong."},
    "log_seal": {"seal": "7 " + "ab" * 32 + " 2026-06-15T12:00:00+00:00"},
}
"""What has happened, for a mail of each kind."""
