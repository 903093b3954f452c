"""Webhooks with what became of them, jobs with their last run, and what waits to be delivered."""

import csv
import io
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from jobs.schedule import SCHEDULE, Job, Lane, run_one
from sidecar import outbox
from sidecar.billing.models import webhooks
from sidecar.db import reading, transaction
from sidecar.job_runs import list_runs
from sidecar.web.dashboard import work
from tests.dashboard.screens import Desk, an_administrator
from tests.house import DAY, NOW, House


@pytest.fixture
def owner(house: House) -> Desk:
    return Desk(house, an_administrator(house))


def told(number, *, minutes_ago=0, payload=None, **values):
    """A webhook has come."""
    kept = payload or json.dumps({"data": {"object": {"id": f"pi_{number}"}}})
    row = {
        "id": f"evt_{number:03}", "gateway": "stripe", "type": "payment_intent.succeeded", "payload": kept,
        "received_at": NOW - timedelta(minutes=minutes_ago), "due_at": NOW, "tries": 0, **values,
    }  # fmt: skip
    with transaction() as session:
        session.execute(sa.insert(webhooks).values(row))


def test_webhooks_are_listed_with_object_state_and_error_and_narrowed_by_state(owner):
    told(1, done_at=NOW, outcome="booked", tries=1)
    told(2, tries=3, error="no such charge")
    told(3)
    told(4, payload="{", tries=1, error="cannot be read")
    text = owner.text("/webhooks")
    for part in (
        "pi_1 done booked",
        "pi_2 failed no such charge 3 tries",
        "pi_3 waits",
        "– failed cannot be read",
    ):
        assert part in text
    assert "2 webhooks could not be understood" in text
    failed = owner.text("/webhooks?state=failed")
    assert ("pi_2" in failed, "pi_1" in failed, "pi_3" in failed) == (True, False, False)
    assert "None in this state" not in failed


def test_pages_of_webhooks_meet_without_gap_or_repetition_even_at_the_same_moment(owner, monkeypatch):
    monkeypatch.setattr(work, "PAGE", 4)
    monkeypatch.setattr(work, "PIECE", 3)
    for number in range(10):
        told(number, minutes_ago=number // 5)
    seen, path = [], "/webhooks"
    for _page in range(3):
        page = owner.get(path).get_data(as_text=True)
        seen += [f"evt_{n:03}" for n in range(10) if f"<code>evt_{n:03}</code>" in page]
        path = page.rpartition('href="/office')[2].partition('"')[0].replace("&amp;", "&")
    assert sorted(seen) == [f"evt_{n:03}" for n in range(10)]

    text = owner.get("/webhooks.csv").get_data(as_text=True).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sorted(row["id"] for row in rows) == sorted(seen)
    assert rows[0]["state"] == "waits"


@pytest.mark.parametrize("place", ["soon", "soon~evt", "2026-01-01T00:00:00~evt", "2026-01-01T00:00:00Z~évt"])
def test_a_made_up_place_in_the_list_is_refused(owner, place):
    assert owner.get("/webhooks", query_string={"before": place}).status_code == 409


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_every_job_is_named_in_words(house):
    with house.app.test_request_context():
        assert set(work.job_words()) == {job.name for job in SCHEDULE}


def test_what_may_be_asked_for_asks_neither_gateway_nor_site(house):
    """A site with few PHP workers would wait for itself."""
    asked_for = {job.name for job in SCHEDULE if job.may_be_asked_for}
    assert asked_for.isdisjoint({job.name for job in SCHEDULE if job.lane is Lane.GATEWAY})
    assert asked_for.isdisjoint({"charge", "deliver_changes", "deliver_mails", "announce", "catch_up"})


def test_a_job_is_run_on_demand_and_what_came_of_it_is_shown(owner, house):
    house.member(house.level("Gold"), expires_at=NOW - DAY)
    assert owner.post("/jobs/end_access/run").status_code == 303
    text = owner.text("/jobs")
    assert "Ends access whose time is over end_access 1 minute" in text
    assert "1 thing done" in text
    assert f"ran a job by hand {owner.by} job:end_access" in owner.text("/log")


def test_a_job_that_moves_money_or_is_none_is_not_run_by_hand(owner):
    for name, status in (("charge", 409), ("deliver_mails", 409), ("emperor", 404)):
        assert owner.post(f"/jobs/{name}/run").status_code == status


def test_a_failure_is_kept_by_its_kind_until_the_next_run(house):
    fails = [True]

    def run(_service):
        if fails[0]:
            raise ZeroDivisionError("alice@example.test owes nothing")
        return 2

    job = Job("shaky", run, 1.0)
    run_one(house.service, job, is_asked_for=True)
    with reading() as reader:
        assert list_runs(reader)["shaky"].error == "ZeroDivisionError"
    fails[0] = False
    run_one(house.service, job, is_asked_for=True)
    with reading() as reader:
        after = list_runs(reader)["shaky"]
    assert (after.error, after.done) == ("", 2)


def test_what_could_not_be_delivered_is_listed_with_its_error_and_tried_again_on_demand(owner, house):
    with transaction() as session:
        for user in (1, 2):
            outbox.add(session, "mail", {"kind": "paid", "user": user}, NOW)
        (first, _second) = outbox.claim_due(session, "mail", NOW)
        outbox.set_failed(session, first, "connection refused", NOW)
        waits_until = NOW + outbox.next_pause(0)
    text = owner.text("/jobs")
    assert "Mails: 2 (1 failed before)" in text
    assert "Mail paid" in text
    assert "1 try connection refused" in text
    assert owner.post("/jobs/parcels/retry", parcel=first.id).status_code == 303
    with reading() as reader:
        due = dict(reader.execute(sa.select(outbox.outbox.c.id, outbox.outbox.c.due_at)).all())
    assert waits_until > NOW
    assert due[first.id] == NOW
    assert f"had a delivery tried again {owner.by}" in owner.text("/log")


def test_nothing_that_waits_is_said_so(owner):
    with transaction() as session:
        session.execute(sa.delete(outbox.outbox))
    assert "Nothing waits" in owner.text("/jobs")
