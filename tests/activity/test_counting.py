"""Counts per day and type are exact at any moment; members with many addresses are found."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from jobs.activity import count_events
from sidecar.activity import counting, store_counts
from sidecar.activity.counting import count_sealed_events, list_travellers, read_counts
from sidecar.activity.models import event_counts, events
from sidecar.activity.partitions import sync_partitions
from sidecar.activity.rules import Event, EventType, event_id
from sidecar.activity.sealing import seal_rows
from sidecar.activity.store import add_events
from sidecar.db import reading, transaction
from tests.house import NOW

PARIS, KATHMANDU = ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Kathmandu")  # the second is 5:45 from UTC
DAY = timedelta(days=1)


def some_events(count, seed=1, start=NOW):
    chance = random.Random(seed)
    return [
        Event(event_id(f"{seed}-{n}", at), chance.choice(list(EventType)), "happened", at)
        for n in range(count)
        for at in [
            start + timedelta(seconds=chance.randrange(0, 20 * 86400), microseconds=chance.randrange(10**6))
        ]
    ]


def store(made):
    sync_partitions({event.month for event in made})
    with transaction() as session:
        add_events(session, made)


def seal(number, made):
    """As the sealer does it: in one transaction, and only what has no seal."""
    with transaction() as session:
        mine = events.c.id.in_([event.id for event in made]) & events.c.seal.is_(None)
        session.execute(sa.update(events).where(mine).values(seal=number))


def counted_by_hand(made, zone, first, last):
    numbers = Counter((event.at.astimezone(zone).date(), event.type) for event in made)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {day: {kind: numbers[day, kind] for kind in EventType} for day in days}


FIRST, LAST = date(2026, 6, 14), date(2026, 7, 6)


def counts(zone=PARIS, first=FIRST, last=LAST):
    with reading() as reader:
        return read_counts(reader, zone, first, last)


@pytest.mark.parametrize("zone", [PARIS, KATHMANDU, UTC])
def test_counts_are_exact_before_and_after_events_are_sealed_and_counted(house, zone):
    made = some_events(200)
    store(made)
    wanted = counted_by_hand(made, zone, FIRST, LAST)
    assert counts(zone) == wanted
    for number in range(1, 8):
        seal(number, made[number * 20 : number * 20 + 20])
        assert counts(zone) == wanted
        if number % 3 == 0:
            assert count_sealed_events(zone) == 60
            assert counts(zone) == wanted
    assert count_sealed_events(zone) == 20
    assert count_sealed_events(zone) == 0
    assert counts(zone) == wanted


def test_an_event_that_comes_again_is_not_counted_again(house):
    made = some_events(50)
    store(made)
    seal(1, made)
    count_sealed_events(PARIS)
    store(made)
    seal(2, made)
    count_sealed_events(PARIS)
    assert counts() == counted_by_hand(made, PARIS, FIRST, LAST)


def test_an_event_that_arrives_late_is_counted_on_its_own_day(house):
    store(on_time := some_events(10))
    seal(1, on_time)
    count_sealed_events(PARIS)
    store(late := some_events(10, seed=2, start=NOW))
    assert counts() == counted_by_hand([*on_time, *late], PARIS, FIRST, LAST)
    seal(2, late)
    count_sealed_events(PARIS)
    assert counts() == counted_by_hand([*on_time, *late], PARIS, FIRST, LAST)


def test_numbers_stay_when_their_events_are_dropped(house):
    store(made := some_events(30))
    seal(1, made)
    count_sealed_events(PARIS)
    wanted = counts()
    with transaction() as session:
        session.execute(sa.delete(events))
    assert counts() == wanted


def test_many_seals_are_counted_in_steps_and_a_step_that_dies_leaves_nothing(house, monkeypatch):
    made = some_events(45)
    store(made)
    for number, event in enumerate(made, start=1):
        seal(number, [event])

    def dies(*_arguments):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(store_counts, "add_counts", dies)
        with pytest.raises(RuntimeError):
            count_sealed_events(PARIS)
    assert counts() == counted_by_hand(made, PARIS, FIRST, LAST)
    assert count_sealed_events(PARIS) == 45
    assert counts() == counted_by_hand(made, PARIS, FIRST, LAST)


def test_of_two_who_count_at_once_one_counts(house):
    store(made := some_events(30))
    seal(1, made)
    with transaction() as session:
        store_counts.start_counting(session)
        assert store_counts.claim_seals(session, 0, 1)
        assert not store_counts.claim_seals(session, 0, 1)
        store_counts.add_counts(session, {})
    assert count_sealed_events(PARIS) == 0


def test_a_count_that_goes_on_while_somebody_reads_is_not_seen_twice(house, monkeypatch):
    store(made := some_events(30))
    seal(1, made)
    listed = store_counts.list_counts
    calls = []

    def counted_meanwhile(reader, first, last):
        calls.append(count_sealed_events(PARIS))
        return listed(reader, first, last)

    monkeypatch.setattr(counting.store_counts, "list_counts", counted_meanwhile)
    assert counts() == counted_by_hand(made, PARIS, FIRST, LAST)
    assert calls == [30, 0]


def test_what_the_sealer_seals_is_counted_once(house):
    store(first := some_events(60))
    assert seal_rows(NOW).rows == 60
    store(second := some_events(40, seed=2))
    assert count_events(house.service) == 60
    assert counts() == counted_by_hand([*first, *second], PARIS, FIRST, LAST)
    assert seal_rows(NOW + DAY).rows == 40
    assert (count_events(house.service), count_events(house.service)) == (40, 0)
    assert counts() == counted_by_hand([*first, *second], PARIS, FIRST, LAST)


def test_the_job_counts_days_of_the_sites_time_zone(house):
    at = datetime(2026, 6, 20, 22, 30, tzinfo=UTC)  # half past midnight in Paris
    store(made := [Event(event_id("late", at), EventType.LOGIN, "signed_in", at)])
    seal(1, made)
    assert count_events(house.service) == 1
    with reading() as reader:
        assert [tuple(row) for row in reader.execute(sa.select(event_counts))] == [
            (date(2026, 6, 21), "login", 1)
        ]


# --- addresses --------------------------------------------------------------------------------------------------------


def came(member_id, *addresses, kind=EventType.PAGE, at=NOW, **fields):
    return [
        Event(
            event_id(f"{member_id}-{kind}-{n}-{ip}", when), kind, "viewed", when, member_id, member_id + 10, "", ip, **fields
        )
        for n, ip in enumerate(addresses)
        for when in [at + timedelta(minutes=n)]
    ]  # fmt: skip


def travellers(begin=NOW, end=NOW + DAY, at_least=3):
    with reading() as reader:
        return list_travellers(reader, begin, end, at_least)


def test_members_who_came_from_many_addresses_are_found_the_most_first(house):
    store(
        [
            *came(1, "192.0.2.1", "192.0.2.2", "192.0.2.3"),
            *came(2, "192.0.2.1", "192.0.2.2", "192.0.2.2", ""),
            *came(3, "198.51.100.1", "198.51.100.2", kind=EventType.LOGIN),
            *came(3, "198.51.100.2", "198.51.100.3", "198.51.100.4", at=NOW + timedelta(hours=20)),
        ]
    )
    found = travellers()
    assert [(one.member_id, one.user_id, len(one.networks)) for one in found] == [(3, 13, 4), (1, 11, 3)]
    assert [(seen.network, seen.number) for seen in found[0].networks] == [
        ("198.51.100.4", 1), ("198.51.100.3", 1), ("198.51.100.2", 2), ("198.51.100.1", 1),
    ]  # fmt: skip
    assert (found[0].networks[2].first_at, found[0].networks[2].last_at) == (
        NOW + timedelta(minutes=1),
        NOW + timedelta(hours=20),
    )


def test_addresses_of_one_ipv6_network_are_one(house):
    store(came(1, "2001:db8::1", "2001:db8::2", "2001:db8::ffff:3", "192.0.2.1"))
    store(came(2, "2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:2::1"))
    assert [(one.member_id, [seen.network for seen in one.networks]) for one in travellers()] == [
        (2, ["2001:db8:0:2::/64", "2001:db8:0:1::/64", "2001:db8::/64"])
    ]


def test_only_sign_ins_and_pages_of_the_window_count(house):
    addresses = [f"192.0.2.{n}" for n in range(1, 6)]
    store(came(1, *addresses, kind=EventType.BILLING))
    store(came(2, *addresses, at=NOW - timedelta(minutes=3)))
    store(came(3, *addresses, at=NOW + DAY - timedelta(minutes=2)))
    assert [(one.member_id, len(one.networks)) for one in travellers(at_least=2)] == [(2, 2), (3, 2)]
