"""The schedule: every job runs at its pace, and none holds up another."""

import sqlalchemy as sa

from jobs.schedule import SCHEDULE, Due, Job, Lane, jobs_of, run_all, run_one
from sidecar.billing.models import heartbeats
from sidecar.db import transaction
from sidecar.i18n import _
from sidecar.outbox import outbox
from tests.house import DAY, NOW


def a_job(name, done, every_seconds=1.0):
    """One that writes its name down."""

    def run(_service):
        done.append(name)
        return 1

    return Job(name, run, every_seconds)


def a_daily_job(done, fails=False):
    """One that runs once a day over all processes."""

    def run(_service):
        done.append(fails)
        if fails:
            raise ZeroDivisionError("not today")
        return 1

    return Job("daily", run, 1.0, at_most_every_seconds=86400.0)


def a_broken_job(done):
    def run(_service):
        done.append("broken")
        raise ZeroDivisionError("nobody thought of this")

    return Job("broken", run, 1.0)


def test_every_job_runs_and_says_how_much_it_did(house):
    house.member(house.level(), expires_at=NOW - DAY)
    did = run_all(house.service)
    assert list(did) == [job.name for job in SCHEDULE]
    assert did["end_access"] == 1
    assert min(did.values()) >= 0


def test_what_a_job_writes_to_the_owner_is_in_the_sites_language(house):
    house.option("WPLANG", "fr_FR")
    said = []
    run_all(house.service, (Job("speaks", lambda _service: said.append(_("Settings")) or 1, 1.0),))
    assert said == ["Réglages"]
    assert _("Settings") == "Settings"


def test_a_job_that_fails_is_reported_and_logged_and_the_others_run(house, caplog):
    house.member(house.level(), expires_at=NOW - DAY)
    unreadable = {
        "id": "1" * 32, "seq_at": NOW, "kind": "site_change", "payload": "{", "due_at": NOW, "attempts": 0
    }  # fmt: skip
    with transaction() as session:
        session.execute(sa.insert(outbox).values(unreadable))
    did = run_all(house.service)
    assert (did["deliver_changes"], did["end_access"]) == (-1, 1)
    (record,) = [record for record in caplog.records if record.name == "jobs.schedule"]
    assert (record.getMessage(), record.exc_info is not None) == ("the job deliver_changes failed", True)


def test_a_failure_nobody_thought_of_is_minus_one(house, caplog):
    assert run_one(house.service, a_broken_job([])) == -1
    assert "nobody thought of this" in caplog.text


def test_each_job_runs_at_its_own_pace(house):
    done, seconds = [], [1000.0]
    due = Due((a_job("quick", done, 1.0), a_job("slow", done, 60.0)), lambda: seconds[0])
    for at in (0, 0.5, 1, 1.5, 2, 59, 60, 61):
        seconds[0] = 1000.0 + at
        due.run(house.service)
    assert done.count("slow") == 2
    assert done.count("quick") == 6


def test_a_job_that_fails_keeps_its_pace_and_the_next_one_runs(house):
    done, seconds = [], [0.0]
    due = Due((a_broken_job(done), a_job("after", done)), lambda: seconds[0])
    due.run(house.service)
    due.run(house.service)
    assert done == ["broken", "after"]
    seconds[0] = 1.0
    due.run(house.service)
    assert done == ["broken", "after"] * 2


def test_a_new_process_runs_everything_at_once(house):
    house.member(house.level(), expires_at=NOW - DAY)
    Due().run(house.service)
    assert "status_changed" in {event.name for event in house.events()}


def test_a_daily_job_runs_once_a_day_over_all_processes(house):
    done = []
    daily = a_daily_job(done)
    assert [run_one(house.service, daily) for _ in range(3)] == [1, 0, 0]
    with transaction() as session:
        session.execute(sa.update(heartbeats).values(at_s=heartbeats.c.at_s - 86401))
    assert run_one(house.service, daily) == 1
    assert len(done) == 2


def test_a_daily_job_that_failed_is_tried_again_at_the_next_chance(house, caplog):
    done = []
    assert [run_one(house.service, a_daily_job(done, fails=True)) for _ in range(2)] == [-1, -1]
    assert run_one(house.service, a_daily_job(done)) == 1
    assert done == [True, True, False]
    assert "not today" in caplog.text


def test_serve_never_charges_and_what_may_wait_for_the_gateway_has_a_lane_of_its_own():
    house, gateway = ({job.name for job in jobs_of(lane)} for lane in (Lane.HOUSE, Lane.GATEWAY))
    assert "charge" not in house | gateway
    assert "process_webhooks" in gateway
    assert house & gateway == set()
    assert len(jobs_of(*Lane)) == len(SCHEDULE)
