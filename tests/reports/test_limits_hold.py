"""Whatever people and owners have written anywhere: the fields keep to their limits, the files can be made."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sidecar.billing.policies import Policy, PolicyKind
from sidecar.catalog.rules import ProductKind, Terms
from sidecar.reports.facts import Dispute, Entry, Evidence, Payment, Person, Purchase, Seller, Use
from sidecar.reports.limits import (
    ALL_CHARACTERS,
    ALL_PAGES,
    FIELD_CHARACTERS,
    FILE_BYTES,
    count_characters,
    estimate_pages,
)
from sidecar.reports.making import make, make_parts
from sidecar.reports.reasons import REASONS

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
TERMS = Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month")


@st.composite
def evidences(draw):
    """A member of some months with many entries, and texts as bad as they come."""
    words, long = (
        st.text(max_size=60),
        st.text(max_size=200).map(lambda text: text * draw(st.integers(1, 60))),
    )
    views, mails = draw(st.integers(0, 25)), draw(st.integers(0, 25))
    texts = {
        name: draw(words) for name in ("name", "email", "login", "product", "agent", "url", "subject", "site")
    }
    paid = tuple(
        Payment("o", texts["product"], month, AT + timedelta(days=30 * month), 1900, "EUR", "gateway", f"ch_{month}", AT,
                None, "schedule", "visa", "4242", "f1", "192.0.2.1", dispute="open" if month == 12 else "")
        for month in range(12, -1, -1)
    )  # fmt: skip
    entries = tuple(
        Entry(
            AT + timedelta(minutes=minute), "viewed", "192.0.2.1", f"post:{minute % 3}", {"url": texts["url"]}
        )
        for minute in range(views)
    )
    sent = tuple(
        Entry(AT, "sent", body={"to": texts["email"], "subject": texts["subject"]}) for _ in range(mails)
    )
    return Evidence(
        Seller(texts["site"], "https://club.test"),
        Person(texts["name"], texts["email"], texts["login"], AT, AT),
        Purchase(
            "o", texts["product"], draw(long), texts["product"], TERMS, AT, AT, "192.0.2.1", texts["agent"]
        ),
        Use(AT, views * 10, AT, AT, 1, entries),
        AT + timedelta(days=400),
        Dispute("du_1", "ch_12", draw(st.sampled_from(REASONS)), "10.4", "open", 1900, "EUR", paid[0].at),
        paid[0],
        paid,
        mails=sent,
        mail_count=mails * 3,
        accepted=tuple(Policy(kind, "https://club.test/terms/", draw(long)) for kind in PolicyKind),
        accepted_at=AT,
        titles={0: draw(long), 1: draw(words)},
    )


def texts_in(value):
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value
    return [text for part in parts for text in texts_in(part)]


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(evidences(), st.sampled_from(["en", "fr"]))
def test_fields_and_files_keep_to_what_banks_take(evidence, language):
    made = make(evidence, language)
    texts = texts_in(made.fields)
    assert all(0 < count_characters(text) <= FIELD_CHARACTERS for text in texts)
    assert sum(map(count_characters, texts)) <= ALL_CHARACTERS
    assert made.pages + estimate_pages(texts) <= ALL_PAGES
    assert len(made.pdf) <= FILE_BYTES
    assert sum(map(len, make_parts(evidence, language).values())) <= FILE_BYTES
