"""The pure part of reports: limits, reasons, Visa's rule, the other payment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.reports.compelling import choose_earlier, may_answer_so
from sidecar.reports.facts import Dispute, Payment
from sidecar.reports.limits import count_characters, cut_text, keep_lines
from sidecar.reports.reasons import REASONS, Point, points_for

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
PAID = Payment(
    "order", "Gold", 9, AT, 1900, "EUR", "gateway", "ch_now", AT, None, brand="visa", last4="4242", fingerprint="f1", ip="1.2.3.4"
)  # fmt: skip
DISPUTE = Dispute("du_1", "ch_now", "fraudulent", "10.4", "open", 1900, "EUR", AT + timedelta(days=5))


def earlier(days, **changes):
    at = AT - timedelta(days=days)
    return replace(PAID, charge_id=f"ch_{days}", at=at, **changes)


# --- limits ---------------------------------------------------------------------------------------------------------


@given(st.text(), st.integers(0, 50))
def test_a_text_is_cut_to_its_limit_and_begins_as_it_did(text, most):
    cut = cut_text(text, most)
    assert count_characters(cut) <= most
    assert text == cut if count_characters(text) <= most else text.startswith(cut.removesuffix("…"))


@pytest.mark.parametrize("whole", ["e\u0301", "👩🏽‍🌾", "❤️", "👍🏽", "न\u093f", "x\u0301\u0302\u0303"])
@pytest.mark.parametrize("most", range(1, 14))
def test_nothing_is_cut_in_the_midst_of_a_character(whole, most):
    cut = cut_text("ab" + whole * 5, most).removesuffix("…").removeprefix("ab"[: max(0, most - 1)])
    assert cut == whole * (len(cut) // len(whole)), (whole, most, cut)


@given(st.lists(st.text(max_size=30)), st.integers(0, 100))
def test_the_first_lines_are_kept_and_the_others_counted(lines, most):
    kept, missing = keep_lines(lines, most)
    assert kept == lines[: len(kept)]
    assert len(kept) + missing == len(lines)
    assert sum(count_characters(line) + 1 for line in kept) <= most


# --- reasons --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [*REASONS, "debit_not_authorized", "noncompliant", "of tomorrow", ""])
def test_every_reason_hears_everything_once_and_who_it_was_first(reason):
    points = points_for(reason)
    assert points[0] is Point.BUYER
    assert len(points) == len(set(points))
    assert set(Point) - {Point.TWICE} <= set(points)


@pytest.mark.parametrize(
    ("reason", "first"),
    [
        ("fraudulent", Point.EARLIER),
        ("unrecognized", Point.BOUGHT),
        ("product_not_received", Point.USED),
        ("product_unacceptable", Point.BOUGHT),
        ("subscription_canceled", Point.CANCELED),
        ("duplicate", Point.TWICE),
        ("credit_not_processed", Point.REFUNDED),
        ("general", Point.BOUGHT),
    ],
)
def test_what_a_reason_asks_for_comes_first(reason, first):
    assert points_for(reason)[1] is first


def test_only_a_dispute_over_two_payments_hears_of_the_other_one():
    assert [reason for reason in REASONS if Point.TWICE in points_for(reason)] == ["duplicate"]


# --- Visa -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dispute", "paid", "fits"),
    [
        (DISPUTE, PAID, True),
        (replace(DISPUTE, network_reason=""), PAID, True),
        (replace(DISPUTE, network_reason="13.1"), PAID, False),
        (replace(DISPUTE, network_reason="", reason="duplicate"), PAID, False),
        (DISPUTE, replace(PAID, brand="mastercard"), False),
        (None, PAID, False),
        (DISPUTE, None, False),
    ],
)
def test_visas_evidence_is_for_visas_fraud_alone(dispute, paid, fits):
    assert may_answer_so(dispute, paid) is fits


def test_the_two_newest_that_qualify_are_chosen():
    chosen = choose_earlier(DISPUTE, PAID, [earlier(days) for days in (300, 30, 150, 200, 90)])
    assert [one.charge_id for one in chosen] == ["ch_150", "ch_200"]


@pytest.mark.parametrize(
    ("days", "fits"), [(119, False), (120, True), (359, True), (360, False), (400, False)]
)
def test_the_days_count_to_the_payment_and_to_the_dispute(days, fits):
    """The dispute came five days after the payment: 359 days before that one are 364 before the dispute."""
    assert (choose_earlier(DISPUTE, PAID, [earlier(130), earlier(days)]) is not None) is fits


@pytest.mark.parametrize(
    "changes",
    [
        {"ip": "9.9.9.9"},
        {"ip": ""},
        {"fingerprint": "f2"},
        {"dispute": "won"},
        {"dispute": "inquiry"},
        {"returned_minor": 1},
        {"charge_id": ""},
        {"amount_minor": 0},
    ],
)
def test_what_differs_was_questioned_or_given_back_does_not_count(changes):
    other = replace(earlier(150), **changes)
    assert choose_earlier(DISPUTE, PAID, [earlier(130), other]) is None
    assert choose_earlier(DISPUTE, PAID, [earlier(130), other, earlier(151)]) is not None


def test_a_payment_without_address_or_card_is_like_no_other():
    two = [earlier(130), earlier(150)]
    assert choose_earlier(DISPUTE, replace(PAID, ip=""), [replace(one, ip="") for one in two]) is None
    nameless = [replace(one, fingerprint="") for one in two]
    assert choose_earlier(DISPUTE, replace(PAID, fingerprint=""), nameless) is None
