"""The judge shares no code with what it judges, and sees each lie that is planted."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.crash.judge import Evidence, judge

CHECKOUT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 10, 12)
DUE, UNTIL = datetime(2026, 3, 3, 9), datetime(2026, 4, 3, 9)
CREATED = 1772528400  # 2026-03-03 09:00 UTC


def test_the_judge_imports_nothing_of_ours():
    code = "import sys, tests.crash.judge; print([name for name in sys.modules if name.split('.')[0] in {'sidecar', 'jobs', 'shortcodes'}])"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


def evidence(**changes):
    """One member, one order, its second cycle paid by card; `changes` are made to rows named `table` or `table_1`."""
    tables = {name: [dict(row) for row in rows] for name, rows in _TABLES.items()}
    books = json.loads(json.dumps(_BOOKS))
    events = json.loads(json.dumps(_EVENTS))
    for name, change in changes.items():
        target = tables if name in tables else books
        if change is None:
            target[name] = []
        elif isinstance(change, list):
            target[name] = target[name] + change
        else:
            target[name][-1].update(change)
    return Evidence(tables, events, books, [], NOW)


def receivable(number, cycle, due, until):
    return {
        "id": number, "uuid": f"receivable-{number}", "order_id": 1, "member_id": 1, "cycle": cycle, "status": "settled",
        "net_minor": 1583, "tax_minor": 317, "gross_minor": 1900, "currency": "EUR", "from_at": due, "until_at": until, "due_at": due, "made_at": due,
        "intent_id": f"pi_{number}", "intent_number": 1,
    }  # fmt: skip


def attempt(number, origin):
    return {
        "id": number, "receivable_id": number, "order_id": 1, "number": 1, "origin": origin, "status": "succeeded",
        "is_open": None, "charge_id": f"ch_{number}", "card_id": 1, "decline": None, "intent_id": f"pi_{number}", "started_at": datetime(2026, number + 1, 3, 9),
        "finished_at": datetime(2026, number + 1, 3, 9),
    }  # fmt: skip


def settlement(number):
    return {
        "id": number, "receivable_id": number, "source": "gateway", "charge_id": f"ch_{number}", "attempt_id": number,
        "amount_minor": 1900, "currency": "EUR",
    }  # fmt: skip


def invoice(row, **changes):
    return {
        "id": row, "series": "2JFB0", "kind": "invoice", "number": row, "receivable_id": row, "credits_id": None,
        "cause": f"settle:receivable-{row}", "net_minor": 1583, "tax_minor": 317, "gross_minor": 1900, "currency": "EUR",
        **changes,
    }  # fmt: skip


def a_refund(status):
    return [{"uuid": "r", "gateway_id": "re_1", "charge_id": "ch_2", "order_id": 1, "status": status}]


def a_note(number, gross):
    return invoice(
        9, kind="credit_note", number=number, receivable_id=2, credits_id=2, cause="refund:r", gross_minor=gross,
        net_minor=gross, tax_minor=0,
    )  # fmt: skip


def parcel(kind, cycle):
    payload = {"kind": kind, "order": 1, "member": 1, "data": {"cycle": cycle}}
    return {"kind": "mail", "payload": json.dumps(payload)}


def action(name):
    return {"kind": "site_change", "payload": json.dumps({"kind": "action", "name": name, "order": 1})}


def intent(number, cycle):
    metadata = {
        "gatepost": "us", "receivable": f"receivable-{number}", "order": "an-order", "cycle": str(cycle), "intent": "1",
    }  # fmt: skip
    return {"id": f"pi_{number}", "status": "succeeded", "metadata": metadata, "created": CREATED}


def charge(number, **changes):
    return {
        "id": f"ch_{number}", "payment_intent": f"pi_{number}", "status": "succeeded", "amount": 1900, "currency": "eur",
        "created": CREATED, **changes,
    }  # fmt: skip


_PAID = [receivable(1, 0, datetime(2026, 2, 3, 9), DUE), receivable(2, 1, DUE, UNTIL)]
_TABLES = {
    "orders": [{
        "id": 1, "uuid": "an-order", "member_id": 1, "level_id": 2, "bundle_id": None, "gateway": "stripe", "status": "active",
        "next_due_at": UNTIL, "wake_at": UNTIL, "paid_until_at": UNTIL, "anchor_cycle": 0, "ended_at": None, "ended_for": None,
        "held": None, "first_failed_at": None, "faults": 0, "card_id": 1,
    }],
    "receivables": _PAID,
    "attempts": [attempt(1, "browser"), attempt(2, "schedule")],
    "settlements": [settlement(1), settlement(2)],
    "surpluses": [], "refunds": [], "disputes": [], "alarms": [], "levels": [{"id": 2, "is_free": 0}],
    "ledger": [
        {"posting": "a", "account": "gateway", "amount_minor": 3800, "currency": "EUR", "member_id": 1},
        {"posting": "a", "account": "revenue", "amount_minor": -3800, "currency": "EUR", "member_id": 1},
    ],
    "members": [{"id": 1}],
    "entitlements": [{
        "member_id": 1, "slot": "level", "level_id": 2, "bundle_id": None, "status": "active", "expires_at": None,
        "is_complimentary": 0,
    }],
    "cards": [{"id": 1, "fingerprint": "f"}],
    "outbox": [
        action("mm_payment_received"), action("mm_payment_rebill"), parcel("welcome", 0), parcel("receipt", 1),
    ],
    "installation": [{"uuid": "us"}],
    "invoices": [invoice(1), invoice(2)],
    "invoice_series": [{"code": "2JFB0", "invoices": 2, "credit_notes": 0}],
}  # fmt: skip
_BOOKS = {
    "payment_intents": [intent(1, 0), intent(2, 1)], "charges": [charge(1), charge(2)], "refunds": [], "disputes": [],
}  # fmt: skip
_EVENTS = [
    {"name": "paid_first", "subject": "order:an-order", "body": {"cycle": 0}},
    {"name": "paid_renewal", "subject": "order:an-order", "body": {"cycle": 1}},
]


def test_an_honest_month_is_acquitted():
    assert judge(evidence()) == []


LIES = {
    "a settlement is missing": ({"settlements": None}, "has 0 settlements"),
    "a settlement was written twice": ({"settlements": [settlement(2)]}, "has 2 settlements"),
    "the charge failed": ({"charges": {"status": "failed"}}, "0 successes"),
    "paid by hand and by card": ({"settlements": {"source": "manual", "charge_id": None}}, "1 successes"),
    "one cycle paid by two charges": (
        {"payment_intents": [{**intent(2, 1), "id": "pi_9"}], "charges": [charge(9)]}, "DOUBLE CHARGE",
    ),
    "one cycle paid under two names": (
        {"payment_intents": [{**intent(9, 1), "id": "pi_9"}], "charges": [charge(9)]}, "DOUBLE CHARGE",
    ),
    "another sum was charged": ({"charges": {"amount": 2000}}, "the processor 2000"),
    "charged a day early": ({"charges": {"created": CREATED - 86_400}}, "before it was due"),
    "another intent has collected it": ({"receivables": {"intent_id": "pi_7"}}, "is bound to pi_7"),
    "the ledger does not balance": ({"ledger": {"amount_minor": -3700}}, "out of balance"),
    "surplus was kept": (
        {"surpluses": [{"charge_id": "ch_5", "reason": "closed"}]}, "was not given back",
    ),
    "a refund was made twice": (
        {"refunds": [{"id": f"re_{n}", "uuid": f"{n}", "charge_id": "ch_2", "charge": "ch_2", "amount": 900, "currency": "eur", "status": "succeeded", "gateway_id": f"re_{n}",
                      "metadata": {"refund": "r"}, "order_id": 1} for n in (1, 2)]}, "was made 2 times",
    ),
    "access without money": ({"receivables": {"until_at": datetime(2026, 3, 9)}}, "nothing pays for it"),
    "money without access": ({"entitlements": {"status": "overdue"}}, "is paid until"),
    "a due order that nobody looks at": (
        {"orders": {"next_due_at": datetime(2026, 3, 9), "wake_at": None}}, "wakes at None",
    ),
    "a due order that waits for no reason": (
        {"orders": {"next_due_at": datetime(2026, 3, 9), "wake_at": datetime(2026, 3, 11)}}, "nobody can see why",
    ),
    "an attempt that nobody asks about": ({"attempts": {"status": "unknown", "is_open": 1}}, "is unknown"),
    "a receipt was not queued": ({"outbox": {"kind": "other"}}, "0 mails of its payment"),
    "a receipt was queued twice": ({"outbox": [parcel("receipt", 1)]}, "2 mails of its payment"),
    "a notice was queued twice": (
        {"outbox": [parcel("card_expiring", 2), parcel("card_expiring", 2)]}, "2 mails say",
    ),
    "other plugins were told twice": ({"outbox": [action("mm_payment_rebill")]}, "3 actions for 2 payments"),
    "other plugins were told of a decline that was none": (
        {"outbox": [action("mm_payment_rebill_declined")]}, "1 actions for 0 declined renewals",
    ),
    "an order ended in silence": (
        {"orders": {"status": "canceled", "ended_at": NOW, "ended_for": "unpaid"}}, "0 mails of its end",
    ),
}  # fmt: skip


PAPER_LIES = {
    "a number was left out": ({"invoices": [invoice(3, number=4)]}, "there are [1, 2, 4]"),
    "a number was given twice": ({"invoices": [invoice(3, number=2)]}, "there are [1, 2, 2]"),
    "a payment was not invoiced": ({"invoices": {"receivable_id": 1}}, "has 0 invoices and wants 1"),
    "a payment was invoiced twice": ({"invoices": [invoice(3, receivable_id=2)]}, "has 2 invoices and wants 1"),
    "what was waived was invoiced": ({"settlements": {"source": "waived"}}, "has 1 invoices and wants 0"),
    "another sum was invoiced": ({"invoices": {"gross_minor": 1800}}, "is invoiced with 1800"),
    "more was credited than invoiced": ({"invoices": [a_note(1, -2000)]}, "more is credited than was invoiced"),
    "a refund was not credited": ({"refunds": a_refund("succeeded")}, "has no credit note"),
    "a refund that failed stays credited": (
        {"refunds": a_refund("failed"), "invoices": [a_note(1, -900)]}, "its credit note stands",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lie", "sentence"), PAPER_LIES.values(), ids=PAPER_LIES.keys())
def test_a_lie_about_invoices_is_seen(lie, sentence):
    found = evidence(**{name: change for name, change in lie.items() if name != "refunds"})
    found.tables["refunds"] = lie.get("refunds", [])
    assert any(sentence in finding for finding in judge(found))


@pytest.mark.parametrize(("lie", "sentence"), LIES.values(), ids=LIES.keys())
def test_a_lie_is_seen(lie, sentence):
    changes = dict(lie)
    if "refunds" in changes:
        found = evidence()
        found.tables["refunds"], found.books["refunds"] = changes["refunds"], changes["refunds"]
    else:
        found = evidence(**changes)
    assert any(sentence in finding for finding in judge(found))
