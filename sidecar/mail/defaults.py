"""The letters in code once more, as text with SmartTags: what an owner begins with who wants to change one. Pure.

The sentences are the letters' own, with tags where values stand; a test renders both and compares them.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sidecar.i18n import _, speaking


@dataclass(frozen=True)
class MailText:
    """What an owner writes: a subject with tags and no markup, a body in HTML with tags."""

    subject: str
    body: str


def default_text(kind: str, language: str) -> MailText:
    """Of a kind of mail to members. Raises KeyError for another."""
    with speaking(language):
        return _TEXTS[kind]()


def _tag(name: str) -> str:
    return f"[MM_Mail_Data name='{name}']"


def _if(has: str, then: str, otherwise: str = "") -> str:
    rest = f"[MM_Else]{otherwise}" if otherwise else ""
    return f"[MM_Mail_Decision has='{has}']{then}{rest}[/MM_Mail_Decision]"


def _say(sentence: str, **names: str) -> str:
    """A sentence of the letters, with tags in place of its values; `names`: placeholder → name of MM_Mail_Data."""
    tags = {placeholder: _tag(name) for placeholder, name in names.items()}
    return html.escape(sentence, quote=False).format(product=_tag("product"), **tags)


def _button(label: str, link: str) -> str:
    return f'<a class="button" href="{_tag(link)}">{label}</a>'


def _letter(subject: str, *paragraphs: str, button: str) -> MailText:
    hello = _if("firstName", _say(_("Hello {name},"), name="firstName"), _("Hello,"))
    blocks = [
        f"<p>{hello}</p>",
        *(f"<p>{text}</p>" for text in paragraphs),
        "[MM_Mail_Details]",
        f"<p>{button}</p>",
    ]
    return MailText(html.unescape(subject), "\n\n".join(blocks) + "\n")


def _my_account() -> str:
    return _button(_("My account"), "accountLink")


# --- money that has moved ---------------------------------------------------------------------------------------------


def _welcome() -> MailText:
    opening = _say(_("Thank you! “{product}” is open to you now."))
    return _letter(
        _say(_("Welcome: {product}")), opening, _tag("howPaid"), _tag("whatIsNext"), button=_my_account()
    )


def _receipt() -> MailText:
    return _letter(_say(_("Receipt: {product}")), _tag("howPaid"), _tag("whatIsNext"), button=_my_account())


def _recovered() -> MailText:
    opening = _say(_("What was overdue for “{product}” is settled. You have full access, as before."))
    subject = _say(_("All is well again: {product}"))
    return _letter(subject, opening, _tag("howPaid"), _tag("whatIsNext"), button=_my_account())


def _refunded() -> MailText:
    return _letter(
        _say(_("Refund: {amount} for {product}"), amount="amount"),
        _say(_("We have refunded {amount} for “{product}”."), amount="amount"),
        _say(_("The money goes back the way it came; on a card statement it can take some days until it shows.")),
        button=_my_account(),
    )  # fmt: skip


# --- a payment that did not go through --------------------------------------------------------------------------------


def _payment_failed() -> MailText:
    subject = _say(_("Your payment did not go through: {product}"))
    return _failure(subject, _("Your payment of {amount} did not go through."))


def _retry_failed() -> MailText:
    subject = _say(_("Your payment is still open: {product}"))
    return _failure(subject, _("We tried again, and your payment of {amount} did not go through."))


def _failure(subject: str, opening: str) -> MailText:
    again = _say(
        _("We will try again on {date}. You need not wait: if you add another card in your account, it is charged at once."),
        date="retryDate",
    )  # fmt: skip
    by = _say(
        _("Please add another card in your account by {date}; it is charged at once. Otherwise the subscription ends."),
        date="deadline",
    )  # fmt: skip
    now = _say(_("Please add another card in your account; it is charged at once."))
    return _letter(
        subject,
        f"{_say(opening, amount='amount')} {_tag('reason')}",
        _if("retryDate", again, _if("deadline", by, now)),
        _access_meanwhile(),
        button=_button(_("Update my card"), "accountLink"),
    )


def _authentication_needed() -> MailText:
    by = _say(
        _("Please do so in your account by {date}. It takes a minute. Otherwise the subscription ends."), date="deadline"
    )  # fmt: skip
    return _letter(
        _say(_("Please confirm your payment: {product}")),
        _say(_("Your bank wants you to confirm the payment of {amount} yourself, before it pays."), amount="amount"),
        _if("deadline", by, _say(_("Please do so in your account. It takes a minute."))),
        _access_meanwhile(),
        button=_button(_("Confirm the payment"), "accountLink"),
    )  # fmt: skip


def _access_meanwhile() -> str:
    closed = _("Until it is paid, your access is closed. It opens again the moment the payment succeeds.")
    return _if("keepsAccess", _say(_("Meanwhile you keep your access.")), _say(closed))


# --- what is to come --------------------------------------------------------------------------------------------------


def _renewal_notice() -> MailText:
    subject = _say(_("“{product}” renews on {date}"), date="date")
    return _announcement(subject, _say(_("“{product}” renews on {date}."), date="date"))


def _trial_ending() -> MailText:
    subject = _say(_("Your trial of “{product}” ends on {date}"), date="date")
    return _announcement(subject, _say(_("Your trial of “{product}” ends on {date}."), date="date"))


def _announcement(subject: str, opening: str) -> MailText:
    charge = _say(
        _("On that day, we will charge {amount} to your card {card}."), amount="amount", card="cardName"
    )
    due = _say(_("On that day, {amount} is due."), amount="amount")
    goes_on = _say(
        _(
            "To continue, you need not do anything. If you do not want to continue, cancel in your account before that day."
        )
    )
    way_out = _say(_("If you do not want to continue, cancel in your account before that day."))
    return _letter(
        subject,
        f"{opening} {_if('cardName', charge, due)}",
        _if("cardName", goes_on, way_out),
        button=_my_account(),
    )


def _card_expiring() -> MailText:
    known = _say(_("Your card {card} is valid until {month}."), card="cardName", month="cardExpires")
    request = _("Please add a new one in your account, so that “{product}” continues without a gap.")
    return _letter(
        _say(_("Your card expires soon: {product}")),
        _if("cardName", known, _say(_("Your card expires soon."))),
        _tag("whatIsNext"),
        _say(request),
        button=_button(_("Update my card"), "accountLink"),
    )


def _order_changed() -> MailText:
    moved = _say(_("The next payment for “{product}” has a new date."))
    other = _say(_("Your order has been changed: “{product}”."))
    return _letter(
        _say(_("Changed: {product}")), _if("date", moved, other), _tag("whatIsNext"), button=_my_account()
    )


# --- an end -----------------------------------------------------------------------------------------------------------


def _canceled() -> MailText:
    asked = _say(_("“{product}” is canceled, as requested. Nothing more will be charged for it."))
    until = _say(
        _("You keep full access until {date}. If you change your mind before that day, you can continue in your account."),
        date="accessUntil",
    )  # fmt: skip
    back = _button(_("Come back"), "checkoutLink")
    leave = _button(_tag("siteName"), "homeLink")
    return _letter(
        _if("accessUntil", _say(_("Canceled: {product}")), _say(_("Ended: {product}"))),
        _if("accessUntil", asked, _tag("reason")),
        _if("accessUntil", until, _say(_("Nothing more will be charged for it."))),
        button=_if("accessUntil", _my_account(), _if("mayReturn", back, leave)),
    )


def _expired() -> MailText:
    sentence = _("Your access to “{product}” has ended: the paid period is over.")
    return _letter(
        _say(_("Ended: {product}")),
        _say(sentence),
        _say(_("Nothing more will be charged for it. If you would like to continue, you can get it again.")),
        button=_button(_("Get it again"), "checkoutLink"),
    )


_TEXTS: Mapping[str, Callable[[], MailText]] = {
    "welcome": _welcome,
    "receipt": _receipt,
    "recovered": _recovered,
    "refunded": _refunded,
    "payment_failed": _payment_failed,
    "retry_failed": _retry_failed,
    "authentication_needed": _authentication_needed,
    "renewal_notice": _renewal_notice,
    "trial_ending": _trial_ending,
    "card_expiring": _card_expiring,
    "order_changed": _order_changed,
    "canceled": _canceled,
    "expired": _expired,
}
