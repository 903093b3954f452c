"""The report cut into the files that Stripe's dispute object asks for, one for each of its fields. Pure."""

from __future__ import annotations

from dataclasses import replace

from sidecar.billing.policies import PolicyKind
from sidecar.i18n import _
from sidecar.reports.document import Document, Section
from sidecar.reports.facts import Evidence, Payment
from sidecar.reports.points import other_payment
from sidecar.reports.reasons import reason_of
from sidecar.reports.words import Wording, card, origin
from sidecar.reports.writing import (
    checkout_section,
    mails_section,
    payments_section,
    policy_sections,
    sign_ins_section,
    use_section,
    write,
)


def split(evidence: Evidence, wording: Wording, rows: int) -> dict[str, Document]:
    """Document by field; what there is nothing for is left out. The first page goes into `uncategorized_file`.

    Fields as in the API reference of `disputes/update`, looked up on 2026-11-26.
    """
    whole = write(evidence, wording, rows)
    parts: dict[str, tuple[str, tuple[Section | None, ...]]] = {
        "receipt": (_("Receipt"), (_receipt(evidence, evidence.payment, wording),)),
        "service_documentation": (
            _("Use of the service"), (use_section(evidence, wording, rows), sign_ins_section(evidence, wording, rows)),
        ),
        "customer_communication": (_("E-mails to the customer"), (mails_section(evidence, wording, rows),)),
        "refund_policy": (_("Refund policy"), policy_sections(evidence, wording, rows, PolicyKind.REFUND)),
        "cancellation_policy": (
            _("Cancellation policy"), policy_sections(evidence, wording, rows, PolicyKind.CANCELLATION),
        ),
        "duplicate_charge_documentation": (_("Receipt of the other payment"), (_other(evidence, wording),)),
    }  # fmt: skip
    first = (checkout_section(evidence, wording), payments_section(evidence, wording, rows))
    terms = policy_sections(evidence, wording, rows, PolicyKind.TERMS)
    found = {"uncategorized_file": replace(whole, sections=_there((*first, *terms)))}
    for field, (title, sections) in parts.items():
        if _there(sections):
            found[field] = replace(whole, title=title, lead="", facts=(), sections=_there(sections))
    return found


def _there(sections: tuple[Section | None, ...]) -> tuple[Section, ...]:
    return tuple(section for section in sections if section is not None)


def _receipt(evidence: Evidence, paid: Payment | None, wording: Wording) -> Section | None:
    if paid is None:
        return None
    known = (
        (_("Product"), paid.product),
        (_("Paid on"), wording.at(paid.at)),
        (_("Amount"), wording.money(paid.amount_minor, paid.currency)),
        (_("Card"), card(paid)),
        (_("How"), origin(paid.origin)),
        (_("Period"), f"{wording.day(paid.from_at)} - {wording.day(paid.until_at)}" if paid.until_at else ""),
        (_("Charge"), paid.charge_id),
        (_("Order"), paid.order),
        (_("Customer"), ", ".join(text for text in (evidence.person.name, evidence.person.email) if text)),
    )
    lines = tuple(_("{label}: {text}").format(label=label, text=text) for label, text in known if text)
    return Section(paid.product, lines)


def _other(evidence: Evidence, wording: Wording) -> Section | None:
    """Of the payment that the disputed one is taken for, where the dispute is about that."""
    if evidence.dispute is None or reason_of(evidence.dispute.reason) != "duplicate":
        return None
    return _receipt(evidence, other_payment(evidence), wording)
