"""The report's document: the first page that says it all, then what proves it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sidecar.billing.policies import PolicyKind
from sidecar.i18n import _, ngettext
from sidecar.pages.forms.checkout import policy_names
from sidecar.reports.document import Document, Fact, Section, Table
from sidecar.reports.facts import Entry, Evidence
from sidecar.reports.gathering import post_of
from sidecar.reports.limits import cut_text
from sidecar.reports.points import first_page
from sidecar.reports.words import Wording, card, origin, reason

ROWS = 60
"""So many rows a table has at most; less when the document becomes too long."""
_POLICY_CHARACTERS, _CELL_CHARACTERS = 6_000, 160


def write(evidence: Evidence, wording: Wording, rows: int = ROWS) -> Document:
    """The whole document; `rows`: how many of the newest a table shows."""
    return Document(
        language=wording.language,
        title=_("Evidence for a disputed payment") if evidence.dispute else _("Evidence for a payment"),
        issuer=evidence.seller.name,
        address=evidence.seller.url,
        reference=_reference(evidence, wording),
        lead=_lead(evidence),
        facts=(*first_page(evidence, wording), Fact(_("Log"), log_words(evidence))),
        sections=tuple(
            section
            for section in (
                checkout_section(evidence, wording),
                payments_section(evidence, wording, rows),
                use_section(evidence, wording, rows),
                sign_ins_section(evidence, wording, rows),
                mails_section(evidence, wording, rows),
                *policy_sections(evidence, wording, rows),
            )
            if section is not None
        ),
        closing=_("Made on {at} from the seller's own records. All times are UTC.").format(
            at=wording.at(evidence.made_at)
        ),
    )


def _reference(evidence: Evidence, wording: Wording) -> tuple[Fact, ...]:
    dispute, paid = evidence.dispute, evidence.payment
    found = [Fact(_("Order"), evidence.purchase.order)]
    if paid is not None and paid.charge_id:
        found.append(Fact(_("Charge"), paid.charge_id))
        amount = f"{wording.money(paid.amount_minor, paid.currency)}, {wording.day(paid.at)}"
        found.append(Fact(_("Amount"), amount if not card(paid) else f"{amount}, {card(paid)}"))
    if dispute is not None:
        found.append(Fact(_("Dispute"), dispute.id))
        words = reason(dispute.reason)
        if dispute.network_reason:
            code = _("network code {code}").format(code=dispute.network_reason)
            words = f"{words} ({code})"
        found.append(Fact(_("Reason"), words))
        if dispute.due_at is not None:
            found.append(Fact(_("Answer due"), wording.at(dispute.due_at)))
    return tuple(found)


def _lead(evidence: Evidence) -> str:
    if evidence.dispute is None:
        return _("What the records say of this purchase, in short; the pages behind this one prove it.")
    return _(
        "The seller asks that the payment stand. The reasons in short; the pages behind this one prove them."
    )


def log_words(evidence: Evidence) -> str:
    """What the digests of all quoted entries say of them."""
    quoted = evidence.quoted
    whole = sum(entry.is_whole is True for entry in quoted)
    broken = sum(entry.is_whole is False for entry in quoted)
    erased = len(quoted) - whole - broken
    if broken:
        sentence = ngettext(
            "{count} of the log entries used here does not agree with the digest that was made when it was written.",
            "{count} of the log entries used here do not agree with the digests that were made when they were written.",
            broken,
        )
        return sentence.format(count=broken)
    words = ngettext(
        "The {count} log entry used here agrees with the SHA-256 digest that was made when it was written.",
        "All {count} log entries used here agree with the SHA-256 digests that were made when they were written.",
        whole,
    ).format(count=whole)
    if erased:
        words += " " + ngettext(
            "{count} more was erased on request.", "{count} more were erased on request.", erased
        ).format(count=erased)
    return words


def checkout_section(evidence: Evidence, wording: Wording) -> Section:
    """How the order came about."""
    bought = evidence.purchase
    known = (
        (_("Ordered on"), wording.at(bought.ordered_at)), (_("E-mail address given"), bought.email),
        (_("IP address"), bought.ip), (_("Browser"), bought.agent), (_("Access since"), wording.at(bought.activated_at)),
    )  # fmt: skip
    return Section(
        _("The checkout"), tuple(_("{label}: {text}").format(label=a, text=b) for a, b in known if b)
    )


def payments_section(evidence: Evidence, wording: Wording, rows: int) -> Section | None:
    """What was paid, tried and given back."""
    paid = [
        (one.at, (
            wording.at(one.at), wording.money(one.amount_minor, one.currency),
            _("paid") if not one.dispute else _("paid, disputed"), card(one) or one.source, origin(one.origin),
        ))
        for one in evidence.payments
    ]  # fmt: skip
    tried = [
        (one.at, (
            wording.at(one.at), wording.money(one.amount_minor, one.currency), _("not paid"), one.decline, origin(one.origin),
        ))
        for one in evidence.tries
    ]  # fmt: skip
    back = [
        (one.at, (wording.at(one.at), wording.money(one.amount_minor, one.currency), _("given back"), one.status, one.reason))
        for one in evidence.refunds
        if one.charge_id in {payment.charge_id for payment in evidence.payments}
    ]  # fmt: skip
    timeline = [row for _at, row in sorted([*paid, *tried, *back], key=lambda found: found[0], reverse=True)]
    heads = (_("When"), _("Amount"), _("What"), _("By"), _("How"))
    table = _table(heads, (27, 14, 14, 20, 25), timeline, rows, len(timeline))
    return Section(_("Payments and attempts of this order"), (), table) if timeline else None


def use_section(evidence: Evidence, wording: Wording, rows: int) -> Section | None:
    """What was read since the payment."""
    use = evidence.use
    if not use.entries:
        return None
    found = [(wording.at(one.at), page_of(evidence, one), one.ip) for one in use.entries]
    words = _("Read by the signed-in customer after {at}, newest first.").format(at=wording.at(use.since))
    table = _table((_("When"), _("Page"), _("IP address")), (27, 53, 20), found, rows, use.count)
    return Section(_("Pages read after the payment"), (words,), table)


def page_of(evidence: Evidence, entry: Entry) -> str:
    """The title of what was read, and its path."""
    title, url = evidence.titles.get(post_of(entry), ""), str(entry.body.get("url", ""))
    return f"{title} ({url})" if title and url else title or url


def sign_ins_section(evidence: Evidence, wording: Wording, rows: int) -> Section | None:
    """Who signed in from where."""
    if not evidence.sign_ins:
        return None
    names = {"signed_in": _("signed in"), "failed": _("wrong password"), "signed_out": _("signed out")}
    found = [(wording.at(one.at), names.get(one.name, one.name), one.ip) for one in evidence.sign_ins]
    table = _table((_("When"), _("What"), _("IP address")), (33, 37, 30), found, rows, evidence.sign_in_count)
    same = bool(evidence.purchase.ip) and sum(one.ip == evidence.purchase.ip for one in evidence.sign_ins)
    words = ngettext(
        "{count} of them came from the IP address of the purchase.",
        "{count} of them came from the IP address of the purchase.",
        same or 0,
    ).format(count=same)
    return Section(_("Log-ins since the purchase"), (words,) if same else (), table)


def mails_section(evidence: Evidence, wording: Wording, rows: int) -> Section | None:
    """What the customer was written."""
    if not evidence.mails:
        return None
    names = {
        "sent": _("handed to the mail server"),
        "failed": _("could not be sent"),
        "dropped": _("not sent"),
        "bounced": _("came back"),
    }
    found = [
        (wording.at(one.at), str(one.body.get("subject", "")), str(one.body.get("to", "")), names.get(one.name, one.name))
        for one in evidence.mails
    ]  # fmt: skip
    heads = (_("When"), _("Subject"), _("To"), _("What"))
    table = _table(heads, (25, 33, 22, 20), found, rows, evidence.mail_count)
    return Section(_("E-mails to the customer since the purchase"), (), table)


def policy_sections(
    evidence: Evidence, wording: Wording, rows: int, kind: PolicyKind | None = None
) -> tuple[Section, ...]:
    """The words that were accepted, as they stood then; of one kind alone, if it is given."""
    most = _POLICY_CHARACTERS * rows // ROWS
    at = wording.at(evidence.accepted_at)
    sections = []
    for one in [policy for policy in evidence.accepted if kind in {None, policy.kind}]:
        words = _("Accepted on {at}; shown at {url}. SHA-256 of this wording: {digest}.").format(
            at=at, url=one.url, digest=one.digest
        )
        text = cut_text(one.text, most, _("… (the rest is at the address above)"))
        title = _("Accepted: {policy}").format(policy=policy_names()[one.kind])
        sections.append(Section(title, (words,), None, text))
    return tuple(sections)


def _table(
    heads: tuple[str, ...], widths: tuple[int, ...], rows: Sequence[tuple[str, ...]], most: int, of_all: int
) -> Table:
    kept = tuple(tuple(cut_text(cell, _CELL_CHARACTERS) for cell in row) for row in rows[:most])
    missing = of_all - len(kept)
    words = ngettext("{count} older one is not shown.", "{count} older ones are not shown.", missing)
    return Table(heads, widths, kept, words.format(count=missing) if missing > 0 else "")
