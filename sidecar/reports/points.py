"""The first page, point by point: one sentence or two for each thing that a bank wants to know. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sidecar.i18n import _, ngettext
from sidecar.pages.forms.checkout import policy_names
from sidecar.reports.document import Fact
from sidecar.reports.facts import Evidence, Payment, Refund
from sidecar.reports.reasons import Point, points_for, reason_of
from sidecar.reports.words import Wording, card, origin, times

_NEAR = timedelta(days=45)


def first_page(evidence: Evidence, wording: Wording) -> tuple[Fact, ...]:
    """What there is to say, in the order in which the dispute's reason wants to hear it."""
    reason = evidence.dispute.reason if evidence.dispute else ""
    said = [(point, _SAY[point](evidence, wording)) for point in points_for(reason)]
    return tuple(Fact(_labels()[point], text) for point, text in said if text)


def _labels() -> dict[Point, str]:
    return {
        Point.BUYER: _("Customer"),
        Point.BOUGHT: _("Purchase"),
        Point.ACCEPTED: _("Terms accepted"),
        Point.PAID: _("This payment"),
        Point.USED: _("Use after the payment"),
        Point.EARLIER: _("Earlier payments"),
        Point.MAILS: _("E-mails"),
        Point.CANCELED: _("Cancellation"),
        Point.REFUNDED: _("Refunds"),
        Point.TWICE: _("The other payment"),
    }


def _buyer(evidence: Evidence, wording: Wording) -> str:
    person = evidence.person
    if not person.email and not person.name:
        return _("The customer's account was deleted since; the books and the log remain.")
    words = _("{name}, {email}, account “{login}”").format(
        name=person.name, email=person.email, login=person.login
    )
    if person.member_since is None:
        return f"{words}."
    since = _("customer since {day}").format(day=wording.day(person.member_since))
    return f"{words}; {since}."


def _bought(evidence: Evidence, wording: Wording) -> str:
    bought = evidence.purchase
    sentence = _("{product} ({terms}), ordered on {at}").format(
        product=bought.product, terms=wording.terms(bought.terms), at=wording.at(bought.ordered_at)
    )
    if bought.ip:
        sentence = _("{sentence} from the IP address {ip}").format(sentence=sentence, ip=bought.ip)
    gives = _("It gives access to “{gives}” on {site}, a digital service used on the website.").format(
        gives=bought.gives, site=evidence.seller.url
    )
    return f"{sentence}. {gives}"


def accepted_words(evidence: Evidence, wording: Wording) -> str:
    """What the buyer has accepted and when; '' where nothing is known of it."""
    if not evidence.accepted:
        return ""
    names = ", ".join(policy_names()[one.kind] for one in evidence.accepted)
    sentence = _("Before paying, the customer ticked a box to accept: {names} ({at}).")
    return sentence.format(names=names, at=wording.at(evidence.accepted_at))


def _paid(evidence: Evidence, wording: Wording) -> str:
    paid = evidence.payment
    if paid is None:
        return _("Nothing was paid for this order.")
    return payment_words(paid, wording)


def payment_words(paid: Payment, wording: Wording) -> str:
    """What was paid, when, by what and for what."""
    parts = [wording.money(paid.amount_minor, paid.currency), wording.at(paid.at)]
    parts += [text for text in (card(paid), origin(paid.origin)) if text]
    if paid.until_at is not None:
        span = _("for {start} to {end}").format(
            start=wording.day(paid.from_at), end=wording.day(paid.until_at)
        )
        parts.append(span)
    text = ", ".join(parts)
    charge = _("Charge {charge}").format(charge=paid.charge_id)
    return f"{text}. {charge}." if paid.charge_id else f"{text}."


def used_words(evidence: Evidence, wording: Wording) -> str:
    """How often the service was used since the payment; '' where it was not."""
    use = evidence.use
    if not use.count:
        return ""
    sentence = _(
        "Signed in, the customer read pages {times} since the payment, first on {first}, last on {last}."
    )
    return sentence.format(
        times=times(use.count), first=wording.at(use.first_at), last=wording.at(use.last_at)
    )


def _earlier(evidence: Evidence, wording: Wording) -> str:
    found = evidence.undisputed
    if not found:
        return ""
    oldest = found[-1]
    same = [
        one for one in found if evidence.payment and one.fingerprint == evidence.payment.fingerprint != ""
    ]
    sentence = _("The customer paid here {times} before, undisputed, since {day}")
    words = sentence.format(times=times(len(found)), day=wording.day(oldest.at))
    if not same:
        return f"{words}."
    always, often = _("always with this very card"), _("{times} with this very card")
    with_it = always if len(same) == len(found) else often.format(times=times(len(same)))
    return f"{words}; {with_it}."


def _mails(evidence: Evidence, wording: Wording) -> str:
    back = {one.body.get("mail") for one in evidence.mails if one.name == "bounced"}
    sent = [one for one in evidence.mails if one.name == "sent" and one.body.get("mail") not in back]
    if not sent:
        return ""
    address = next((str(one.body["to"]) for one in sent if one.body.get("to")), "")
    sentence = ngettext(
        "{count} e-mail about the membership was handed to the mail server for {address}, the last on {at}.",
        "{count} e-mails about the membership were handed to the mail server for {address}, the last on {at}.",
        len(sent),
    )
    return sentence.format(count=len(sent), address=address, at=wording.at(sent[0].at))


def canceled_words(evidence: Evidence, wording: Wording) -> str:
    """Whether, when and by whom it was canceled, and what lay on which side of the payment."""
    found, paid = evidence.cancellation, evidence.payment
    if found is None:
        if not evidence.purchase.terms.renews:
            return ""
        return _("The subscription was not canceled: the log holds no cancellation up to {at}.").format(
            at=wording.at(evidence.made_at)
        )
    who = {
        "member": _("by the customer"), "seller": _("by the seller"), "billing": _("by the payment system"),
    }[found.by]  # fmt: skip
    words = _("Canceled on {at} {who}").format(at=wording.at(found.at), who=who)
    if found.until is not None:
        words = _("{sentence}, to the end of what was paid ({day})").format(
            sentence=words, day=wording.day(found.until)
        )
    if paid is not None and found.at > paid.at:
        after = _("That was after this payment.")
        return f"{words}. {after}"
    return f"{words}."


def refunded_words(evidence: Evidence, wording: Wording) -> str:
    """What of this payment was given back."""
    paid = evidence.payment
    given = refunds_of(evidence)
    if not given:
        return _("No refund was given for this payment.") if paid and paid.charge_id else ""
    return " ".join(
        _("{amount} was given back on {at} ({status}).").format(
            amount=wording.money(one.amount_minor, one.currency), at=wording.at(one.at), status=one.status
        )
        for one in given
    )


def refunds_of(evidence: Evidence) -> list[Refund]:
    """Those of the payment in question that did not fail."""
    charge = evidence.payment.charge_id if evidence.payment else ""
    return [one for one in evidence.refunds if one.charge_id == charge and one.status != "failed" and charge]


def other_payment(evidence: Evidence) -> Payment | None:
    """The payment that a cardholder may take for the same: by card, near in time, of the same sum before others."""
    paid = evidence.payment
    if paid is None:
        return None
    near = [
        one
        for one in evidence.paid
        if one.charge_id and one.charge_id != paid.charge_id and abs(one.at - paid.at) <= _NEAR
    ]
    return min(
        near, key=lambda one: (one.amount_minor != paid.amount_minor, abs(one.at - paid.at)), default=None
    )


def twice_words(evidence: Evidence, wording: Wording) -> str:
    """What the two payments were for, where the dispute is about that."""
    if evidence.dispute is None or reason_of(evidence.dispute.reason) != "duplicate":
        return ""
    paid, other = evidence.payment, other_payment(evidence)
    if paid is None:
        return ""
    if other is None:
        return _("There is no other payment of this customer near it in time: it was made once.")
    sentence = _(
        "Two separate payments. The disputed one: {product}, {paid} The other one: {other_product}, {other}"
    )
    return sentence.format(
        product=paid.product, paid=payment_words(paid, wording), other_product=other.product,
        other=payment_words(other, wording),
    )  # fmt: skip


_SAY: dict[Point, Callable[[Evidence, Wording], str]] = {
    Point.BUYER: _buyer,
    Point.BOUGHT: _bought,
    Point.ACCEPTED: accepted_words,
    Point.PAID: _paid,
    Point.USED: used_words,
    Point.EARLIER: _earlier,
    Point.MAILS: _mails,
    Point.CANCELED: canceled_words,
    Point.REFUNDED: refunded_words,
    Point.TWICE: twice_words,
}
