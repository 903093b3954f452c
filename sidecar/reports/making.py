"""The evidence for one purchase as files: HTML for people, PDF for banks, the fields for the gateway."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sidecar.i18n import _, speaking
from sidecar.reports.facts import Evidence
from sidecar.reports.fields import fields_of
from sidecar.reports.html import render_html
from sidecar.reports.limits import (
    ALL_CHARACTERS,
    ALL_PAGES,
    FILE_BYTES,
    FILE_PAGES,
    count_characters,
    estimate_pages,
)
from sidecar.reports.parts import split
from sidecar.reports.pdf import Pdf
from sidecar.reports.reasons import reason_of
from sidecar.reports.words import Wording
from sidecar.reports.writing import ROWS, log_words, write

_FEWEST_ROWS = 4


@dataclass(frozen=True)
class Made:
    """`pages`: of the PDF. `warnings`: what the owner should know before he sends it; it is not in the report."""

    evidence: Evidence
    html: str
    pdf: bytes
    pages: int
    fields: dict[str, Any]
    warnings: tuple[str, ...]

    def to_json(self, files: Mapping[str, str]) -> str:
        """`evidence` goes to Stripe as it is; `files` names what is to be uploaded for which field."""
        dispute, paid = self.evidence.dispute, self.evidence.payment
        content = {
            "order": self.evidence.purchase.order,
            "charge": paid.charge_id if paid else None,
            "dispute": dispute.id if dispute else None,
            "reason": dispute.reason if dispute else None,
            "due_at": dispute.due_at.isoformat() if dispute and dispute.due_at else None,
            "made_at": self.evidence.made_at.isoformat(),
            "evidence": self.fields,
            "files": dict(files),
            "pages": self.pages + estimate_pages(_texts(self.fields)),
            "warnings": list(self.warnings),
        }
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def make(evidence: Evidence, language: str = "en") -> Made:
    """The report in a language; its tables show fewer rows until the PDF has at most `FILE_PAGES` pages and is small enough."""
    wording = Wording(language)
    with speaking(language):
        rows = ROWS
        while True:
            document = write(evidence, wording, rows)
            pdf, pages = Pdf(document, evidence.made_at).render()
            if (pages <= FILE_PAGES and len(pdf) <= FILE_BYTES) or rows <= _FEWEST_ROWS:
                break
            rows //= 2
        fields = fields_of(evidence, wording)
        warnings = warnings_of(evidence, wording, fields, pages, len(pdf))
        return Made(evidence, render_html(document), pdf, pages, fields, warnings)


def make_parts(evidence: Evidence, language: str = "en") -> dict[str, bytes]:
    """A PDF for each of Stripe's fields that take one; together they keep to the same limits as the one report."""
    wording = Wording(language)
    with speaking(language):
        rows = ROWS
        while True:
            documents = split(evidence, wording, rows)
            made = {field: Pdf(document, evidence.made_at).render() for field, document in documents.items()}
            pages, size = (
                sum(count for _file, count in made.values()),
                sum(len(file) for file, _count in made.values()),
            )
            if (pages <= FILE_PAGES and size <= FILE_BYTES) or rows <= _FEWEST_ROWS:
                return {field: file for field, (file, _count) in made.items()}
            rows //= 2


def warnings_of(
    evidence: Evidence, wording: Wording, fields: dict[str, Any], pages: int, size: int
) -> tuple[str, ...]:
    """What speaks against the seller, is missing, or is too much. For the owner alone."""
    dispute, paid, texts = evidence.dispute, evidence.payment, _texts(fields)
    reason = reason_of(dispute.reason) if dispute else ""
    canceled = evidence.cancellation
    holds = {
        _("No dispute over this order is known: this is what one would be answered with."): dispute is None,
        _("The time for an answer ended on {at}.").format(
            at=wording.at(dispute.due_at if dispute else None)
        ): bool(dispute and dispute.due_at and dispute.due_at < evidence.made_at),
        _("The dispute is closed ({status}); nothing more is taken.").format(
            status=dispute.status if dispute else ""
        ): bool(dispute and dispute.status in {"won", "lost", "closed"}),
        _("Visa or Mastercard answers this one for a fee, which only you can accept."): bool(
            dispute and dispute.reason == "noncompliant"
        ),
        _("The subscription was canceled before this payment: think of giving the money back."): bool(
            canceled and paid and canceled.at <= paid.at
        ),
        _("No page was read since the payment: nothing shows that the service was used."): bool(
            paid and not evidence.use.count
        ),
        _("Nothing shows that terms were accepted: see [policies] in the configuration."): not evidence.accepted,
        _("The IP address of the purchase is not known."): not evidence.purchase.ip,
        _("There is no other payment that could be meant: ask the customer which two he sees."): reason == "duplicate"
        and "duplicate_charge_id" not in fields,
        log_words(evidence): any(entry.is_whole is False for entry in evidence.quoted),
        _("This is more than banks take ({pages} pages, {characters} characters, {bytes} bytes).").format(
            pages=pages + estimate_pages(texts), characters=sum(map(count_characters, texts)), bytes=size
        ): pages + estimate_pages(texts) > ALL_PAGES
        or sum(map(count_characters, texts)) > ALL_CHARACTERS
        or size > FILE_BYTES,
    }  # fmt: skip
    return tuple(sentence for sentence, is_so in holds.items() if is_so)


def _texts(fields: dict[str, Any]) -> list[str]:
    """Every text in the fields, nested ones, too."""
    found: list[str] = []
    for value in fields.values():
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            found += _texts(value)
        elif isinstance(value, list):
            found += [text for one in value for text in _texts(one)]
    return found
