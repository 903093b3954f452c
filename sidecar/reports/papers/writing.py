"""An invoice in words: what stands where, as plain text, in the language of the context. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_percent

from sidecar.billing.invoicing.rules import Kind
from sidecar.i18n import _
from sidecar.pages.forms.words import Words
from sidecar.reports.papers.facts import Paper

Pair = tuple[str, str]


@dataclass(frozen=True)
class Written:
    """`facts`: what stands beside the title; `heads`, `cells`: the one line of the sale; `totals`: the last one is what counts.
    `sentences`: how it was paid, what it takes back."""

    language: str
    title: str
    name: str
    seller: tuple[str, ...]
    to: str
    buyer: tuple[str, ...]
    facts: tuple[Pair, ...]
    heads: tuple[str, ...]
    cells: tuple[str, ...]
    totals: tuple[Pair, ...]
    sentences: tuple[str, ...]
    footer: str


def write(paper: Paper) -> Written:
    """Everything that stands on the paper."""
    say = Words(paper.language, paper.zone)
    money = {
        name: say.money(getattr(paper, f"{name}_minor"), paper.currency) for name in ("net", "tax", "gross")
    }
    return Written(
        language=paper.language,
        title=_("Credit note") if paper.kind is Kind.CREDIT_NOTE else _("Invoice"),
        name=paper.name,
        seller=(*paper.seller, paper.seller_tax_id) if paper.seller_tax_id else paper.seller,
        to=_("Billed to"),
        buyer=(*paper.buyer, paper.buyer_tax_id) if paper.buyer_tax_id else paper.buyer,
        facts=_facts(paper),
        heads=(_("Description"), _("Period"), _("Amount")),
        cells=(paper.description, _period(paper, say), money["net"] if paper.tax_ppm else money["gross"]),
        totals=_totals(paper, money),
        sentences=tuple(sentence for sentence in (_taken_back(paper), _paid(paper, say)) if sentence),
        footer=paper.footer,
    )


def _facts(paper: Paper) -> tuple[Pair, ...]:
    number = _("Number"), paper.name
    return (number, (_("Date"), day_words(paper.issued_on, paper.language)), (_("Order"), paper.order))


def day_words(day: date, language: str) -> str:
    """
    >>> day_words(date(2026, 6, 1), "fr")
    '1 juin 2026'
    """
    return format_date(day, format="long", locale=language)


def _period(paper: Paper, say: Words) -> str:
    if paper.until_at is None:
        return say.day(paper.from_at)
    return f"{say.day(paper.from_at)} – {say.day(paper.until_at)}"


def _totals(paper: Paper, money: dict[str, str]) -> tuple[Pair, ...]:
    """Where no tax is due there is one sum; why none is due is for the owner's footer to say."""
    total = _("Total"), money["gross"]
    if not paper.tax_ppm:
        return (total,)
    rate = format_percent(Decimal(paper.tax_ppm).scaleb(-6), "#,##0.##%", locale=paper.language)
    place = f" ({paper.tax_country})" if paper.tax_country else ""
    return (_("Net"), money["net"]), (_("Tax {rate}").format(rate=rate) + place, money["tax"]), total


def _taken_back(paper: Paper) -> str:
    if paper.takes_back is None:
        return ""
    name, day = paper.takes_back[0], day_words(paper.takes_back[1], paper.language)
    if paper.kind is Kind.CREDIT_NOTE:
        return _("This credit note takes back invoice {name} of {date}, or a part of it.").format(
            name=name, date=day
        )
    sentence = _("The refund of credit note {name} of {date} has failed; this invoice takes it back.")
    return sentence.format(name=name, date=day)


def _paid(paper: Paper, say: Words) -> str:
    if paper.kind is Kind.CREDIT_NOTE:
        return _credited(paper)
    if paper.takes_back is not None:
        return ""
    if paper.paid_by == "credit":
        return _("Paid from your credit with us.")
    words = {
        "gateway": _("Paid by card, {card}.").format(card=_card(paper))
        if paper.card_last4
        else _("Paid by card."),
        "manual": _("Paid."),
    }[paper.paid_by]
    if not paper.credit_minor:
        return words
    credit = say.money(paper.credit_minor, paper.currency)
    return f"{words} " + _("Your credit has paid {amount} of it.").format(amount=credit)


def _credited(paper: Paper) -> str:
    if paper.paid_by == "credit":
        return _("The sum is your credit with us and pays for what you buy next.")
    if paper.card_last4:
        return _("The money goes back to your card, {card}.").format(card=_card(paper))
    return _("The money goes back the way it came.")


def _card(paper: Paper) -> str:
    return f"{paper.card_brand.replace('_', ' ').title()} •••• {paper.card_last4}"
