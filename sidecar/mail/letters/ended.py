"""Letters about an end: asked for, for want of a payment, or by its date."""

from __future__ import annotations

from sidecar.i18n import _
from sidecar.mail.facts import Facts, Letter, Purchase
from sidecar.mail.letters.sentences import account_link, back_link, rows_of_order
from sidecar.mail.words import Wording

UNFRIENDLY = ("disputed", "user_deleted")
"""Ends after which nobody is invited to buy again."""


def canceled(facts: Facts, purchase: Purchase, say: Wording) -> Letter:
    """The order has ended; or it will, at the end of what is paid (`until`)."""
    if facts.happening.until is not None:
        return _will_end(facts, purchase, say.day(facts.happening.until))
    reason = facts.happening.reason or ""
    link = (facts.site_name, facts.home_url) if reason in UNFRIENDLY else back_link(facts, _("Come back"))
    return Letter(
        subject=_("Ended: {product}").format(product=purchase.product),
        paragraphs=(
            why_it_ended(reason).format(product=purchase.product),
            _("Nothing more will be charged for it."),
        ),
        rows=rows_of_order(purchase),
        link=link,
    )


def expired(facts: Facts, purchase: Purchase, say: Wording) -> Letter:  # noqa: ARG001  every letter takes the same
    """What was paid for has run its time."""
    sentence = _("Your access to “{product}” has ended: the paid period is over.")
    return Letter(
        subject=_("Ended: {product}").format(product=purchase.product),
        paragraphs=(
            sentence.format(product=purchase.product),
            _("Nothing more will be charged for it. If you would like to continue, you can get it again."),
        ),
        rows=rows_of_order(purchase),
        link=back_link(facts, _("Get it again")),
    )


def _will_end(facts: Facts, purchase: Purchase, day: str) -> Letter:
    return Letter(
        subject=_("Canceled: {product}").format(product=purchase.product),
        paragraphs=(
            _("“{product}” is canceled, as requested. Nothing more will be charged for it.").format(
                product=purchase.product
            ),
            _(
                "You keep full access until {date}. If you change your mind before that day, you can continue in your account."
            ).format(date=day),
        ),
        rows=rows_of_order(purchase, (_("Access until"), day)),
        link=account_link(facts, _("My account")),
    )


def why_it_ended(reason: str) -> str:
    """The sentence for a reason that billing ends an order for (`end_order`)."""
    sentences = {
        "asked": _("“{product}” has ended, as requested."),
        "period_end": _("“{product}” has ended: it was canceled, and the paid period is over."),
        "unpaid": _(
            "“{product}” has ended, because the payment did not go through, although we tried several times and wrote to you."
        ),
        "refunded": _("“{product}” has ended, because its payment was refunded."),
        "disputed": _("“{product}” has ended, because the bank reversed its payment."),
        "user_deleted": _("“{product}” has ended, because your account was removed."),
    }
    return sentences.get(reason, _("“{product}” has ended."))
