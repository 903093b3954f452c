"""The watchdog: who has beaten and beats no more is missed, once for each silence."""

import json
from threading import Event

import pytest
import sqlalchemy as sa

from jobs.watch import SERVE, TICK, WORKER, Watchdog, beat, own_name
from sidecar.app import _keep_watch
from sidecar.billing.models import heartbeats
from sidecar.billing.store_guard import list_alarms, list_heartbeats
from sidecar.db import reading, transaction
from sidecar.outbox import outbox


class Seconds:
    """A monotonic clock that stands still."""

    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def watchdog(seconds):
    """One that has been there for an hour."""
    dog = Watchdog(seconds)
    seconds.at += 3600
    return dog


def silent(name, for_seconds):
    """`name` has beaten once, so long ago."""
    beat(name)
    with transaction() as session:
        session.execute(
            sa.update(heartbeats)
            .where(heartbeats.c.name == name)
            .values(at_s=heartbeats.c.at_s - for_seconds)
        )


def alarms():
    with reading() as reader:
        return [one.sentence for one in list_alarms(reader)]


def mails():
    with reading() as reader:
        return [
            json.loads(text)
            for text in reader.scalars(sa.select(outbox.c.payload).where(outbox.c.kind == "mail"))
        ]


@pytest.mark.parametrize(
    ("name", "word"), [(TICK, "Cron"), ("worker:db1", "workers on db1"), ("serve:web1", "service on web1")]
)
def test_who_has_been_silent_for_a_quarter_of_an_hour_is_missed_once(house, watchdog, name, word):
    silent(name, 901)
    assert [watchdog.look(house.service) for _ in range(3)] == [[name]] * 3
    [sentence] = alarms()
    assert word in sentence
    assert [mail["kind"] for mail in mails()] == ["alarm"]


def test_who_beats_or_never_has_is_not_missed(house, watchdog):
    silent(TICK, 800)
    silent("job:catch_up", 90_000)
    silent("charge", 90_000)
    assert watchdog.look(house.service) == []
    assert alarms() == []


def test_an_alarm_is_closed_when_who_was_missed_is_back_and_the_next_silence_is_told_again(house, watchdog):
    silent(TICK, 901)
    watchdog.look(house.service)
    beat(TICK)
    assert watchdog.look(house.service) == []
    assert alarms() == []
    silent(TICK, 5000)
    watchdog.look(house.service)
    assert len(alarms()) == 1
    assert len(mails()) == 2


def test_another_alarm_stays_when_somebody_is_back(house, watchdog):
    silent(TICK, 901)
    silent("worker:db1", 901)
    watchdog.look(house.service)
    beat(TICK)
    assert watchdog.look(house.service) == ["worker:db1"]
    assert len(alarms()) == 1


def test_a_watchdog_that_has_just_begun_misses_nobody_since_the_machine_may_have_been_off(house, seconds):
    silent(TICK, 5000)
    dog = Watchdog(seconds)
    dog.look(house.service)
    assert alarms() == []
    seconds.at += 900
    dog.look(house.service)
    assert len(alarms()) == 1


def test_who_has_been_away_for_a_week_was_taken_away_on_purpose(house, watchdog):
    silent("worker:old", 901)
    watchdog.look(house.service)
    silent("worker:old", 8 * 86400)
    assert watchdog.look(house.service) == []
    assert alarms() == []


def test_a_heartbeat_has_the_machines_name():
    assert own_name(WORKER).startswith("worker:")
    assert own_name(SERVE) != own_name(WORKER)


def test_a_service_shows_itself_at_once_and_not_after_its_first_minute(house):
    stop = Event()
    stop.set()
    _keep_watch(house.app, stop)
    with reading() as reader:
        assert own_name(SERVE) in list_heartbeats(reader)
