"""The evidence in the fields of Stripe's dispute object, each within its limits (`limits`). Pure.

Fields that take files (`receipt`, `service_documentation`, `uncategorized_file` and others) want the id of an upload, so none of
them is here; the report itself goes into `uncategorized_file`.
"""

from __future__ import annotations

from typing import Any

from sidecar.billing.policies import PolicyKind
from sidecar.i18n import _
from sidecar.reports.compelling import choose_earlier, may_answer_so
from sidecar.reports.facts import Entry, Evidence, Payment
from sidecar.reports.limits import FIELD_CHARACTERS, cut_text, keep_lines
from sidecar.reports.points import (
    accepted_words,
    canceled_words,
    first_page,
    other_payment,
    payment_words,
    refunded_words,
    refunds_of,
    twice_words,
    used_words,
)
from sidecar.reports.reasons import reason_of
from sidecar.reports.words import Wording
from sidecar.reports.writing import log_words, page_of

_LINE_CHARACTERS = 250
_LOG_CHARACTERS, _TEXT_CHARACTERS, _SHORT_CHARACTERS = 9_000, 6_000, 3_000
"""Far below Stripe's own limits, since pages count too: three for the log, two for the text, one for each other."""


def fields_of(evidence: Evidence, wording: Wording) -> dict[str, Any]:
    """Field by name; what is not known or does not speak for the seller is left out."""
    person, bought, paid = evidence.person, evidence.purchase, evidence.payment
    found: dict[str, Any] = {
        "customer_name": cut_text(person.name, 500),
        "customer_email_address": cut_text(bought.email or person.email, 500),
        "billing_address": cut_text("\n".join(person.billing), 1000),
        "customer_purchase_ip": bought.ip,
        "product_description": _short(_product(evidence, wording)),
        "service_date": wording.day(paid.from_at if paid else bought.activated_at or bought.ordered_at),
        "access_activity_log": activity_log(evidence, wording)[0],
        "cancellation_policy_disclosure": _short(_disclosure(evidence, wording, PolicyKind.CANCELLATION)),
        "refund_policy_disclosure": _short(_disclosure(evidence, wording, PolicyKind.REFUND)),
        "cancellation_rebuttal": _short(_rebuttal(evidence, wording)),
        "refund_refusal_explanation": _short(_no_refund(evidence, wording)),
        "uncategorized_text": _text(evidence, wording),
        **_duplicate(evidence, wording),
    }
    found |= _enhanced(evidence, wording)
    return {name: value for name, value in found.items() if value}


def _short(text: str) -> str:
    return cut_text(text, _SHORT_CHARACTERS)


def _product(evidence: Evidence, wording: Wording) -> str:
    bought = evidence.purchase
    parts = [f"{bought.product}: {wording.terms(bought.terms)}.", bought.description]
    parts.append(
        _("Access to “{gives}” on {site}, a digital service used on the website.").format(
            gives=bought.gives, site=evidence.seller.url
        )
    )
    return " ".join(part for part in parts if part)


def activity_log(evidence: Evidence, wording: Wording) -> tuple[str, int]:
    """(the newest lines of use and log-ins that fit, how many were left out); the last line says so."""
    entries = sorted((*evidence.use.entries, *evidence.sign_ins), key=lambda one: one.at, reverse=True)
    lines = [cut_text(_line(evidence, one, wording), _LINE_CHARACTERS) for one in entries]
    kept, _rest = keep_lines(lines, min(_LOG_CHARACTERS, FIELD_CHARACTERS) - 500)
    left_out = evidence.use.count + evidence.sign_in_count - len(kept)
    if not kept:
        return "", 0
    end = [_("({count} older entries are left out.)").format(count=left_out)] if left_out > 0 else []
    first = [used_words(evidence, wording)] if evidence.use.count else []
    return "\n".join([*first, *kept, *end]), max(0, left_out)


def _line(evidence: Evidence, entry: Entry, wording: Wording) -> str:
    what = page_of(evidence, entry) if entry.name == "viewed" else entry.name.replace("_", " ")
    return f"{wording.at(entry.at)}  {entry.ip or '-'}  {what}"


def _disclosure(evidence: Evidence, wording: Wording, kind: PolicyKind) -> str:
    """How and when the buyer was shown the policy, and its words; '' where he was shown none."""
    policy = next((one for one in evidence.accepted if one.kind is kind), None)
    if policy is None:
        return ""
    shown = _("It is published at {url}.").format(url=policy.url)
    return " ".join(part for part in (accepted_words(evidence, wording), shown, policy.text) if part)


def _rebuttal(evidence: Evidence, wording: Wording) -> str:
    """Why the subscription was still running; '' where it was canceled before the payment."""
    found, paid = evidence.cancellation, evidence.payment
    if paid is None or not evidence.purchase.terms.renews or (found is not None and found.at <= paid.at):
        return ""
    return f"{canceled_words(evidence, wording)} {used_words(evidence, wording)}".strip()


def _no_refund(evidence: Evidence, wording: Wording) -> str:
    """Why nothing was given back; '' where something was."""
    if evidence.payment is None or refunds_of(evidence):
        return ""
    policy = next((one for one in evidence.accepted if one.kind is PolicyKind.REFUND), None)
    parts = [refunded_words(evidence, wording), used_words(evidence, wording)]
    if policy is not None:
        parts.append(_("The accepted refund policy says: {text}").format(text=policy.text or policy.url))
    return " ".join(part for part in parts if part)


def _text(evidence: Evidence, wording: Wording) -> str:
    """The first page as text, for whoever opens no file."""
    lines = [f"{fact.label}: {fact.text}" for fact in first_page(evidence, wording)]
    return cut_text("\n".join([*lines, log_words(evidence)]), _TEXT_CHARACTERS)


def _duplicate(evidence: Evidence, wording: Wording) -> dict[str, str]:
    if evidence.dispute is None or reason_of(evidence.dispute.reason) != "duplicate":
        return {}
    other = other_payment(evidence)
    found = {"duplicate_charge_explanation": _short(twice_words(evidence, wording))}
    return found | ({"duplicate_charge_id": other.charge_id} if other is not None else {})


# --- Visa -----------------------------------------------------------------------------------------------------------


def _enhanced(evidence: Evidence, wording: Wording) -> dict[str, Any]:
    """For Visa's Compelling Evidence 3.0, where this dispute is one of that kind and two payments qualify.

    Nothing is said of Visa's and Mastercard's compliance cases: answering one costs a fee that only the owner can accept.
    """
    dispute, paid = evidence.dispute, evidence.payment
    if dispute is None or paid is None or not may_answer_so(dispute, paid):
        return {}
    chosen, login = choose_earlier(dispute, paid, evidence.earlier), evidence.person.login
    if chosen is None or not login:
        return {}
    same = {"customer_account_id": cut_text(login, 200)}
    disputed = {
        **same, "customer_purchase_ip": paid.ip, "merchandise_or_services": "services",
        "product_description": _short(_product(evidence, wording)),
    }  # fmt: skip
    earlier = [
        {
            **same,
            "charge": one.charge_id,
            "customer_purchase_ip": one.ip,
            "product_description": _of(one, wording),
        }
        for one in chosen
    ]
    answer = {"disputed_transaction": disputed, "prior_undisputed_transactions": earlier}
    return {"enhanced_evidence": {"visa_compelling_evidence_3": answer}}


def _of(payment: Payment, wording: Wording) -> str:
    return cut_text(f"{payment.product}: {payment_words(payment, wording)}", 500)
