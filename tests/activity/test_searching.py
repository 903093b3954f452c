"""Searching the log: every combination of filters finds what a search by hand finds, and paging loses and repeats nothing."""

import base64
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from sidecar.activity import searching
from sidecar.activity.models import events
from sidecar.activity.partitions import sync_partitions
from sidecar.activity.querying import Cursor, EventQuery, Way, parse_cursor, read_query
from sidecar.activity.rules import Event, EventType, canonical_body, event_id
from sidecar.activity.searching import Follower, search, walk
from sidecar.activity.store import add_events
from sidecar.db import reading, transaction
from sidecar.errors import Refused
from tests.house import NOW

PARIS = ZoneInfo("Europe/Paris")
NAMES = ("viewed", "denied", "signed_in", "failed")
SUBJECTS = ("", "post:1", "post:12", "order:ab", "50%_of!it")
IPS = ("", "192.0.2.7", "192.0.2.70", "2001:db8::5")
WORDS = ("Été à Paris", "lesson", "LESSON 2", '"quoted"', "back\\slash", "100%", "a_b", "axb")
LOOKED_FOR = ("été", "ÉTÉ À", "Lesson", "100%", "a_b", '"quoted"', "\\", "50%_", "paris", "nowhere", "!")


def an_event(chance, number):
    """Few values, so that filters meet; times collide, and some lie far from the month of their id."""
    at = NOW + timedelta(days=chance.randrange(0, 80), microseconds=chance.choice((0, 0, 1, 500)))
    noted = at - timedelta(days=chance.choice((0, 0, 0, 1, 40))) if at > NOW + timedelta(days=41) else at
    return Event(
        id=event_id(f"event{number}", noted),
        type=chance.choice(list(EventType)),
        name=chance.choice(NAMES),
        at=at,
        member_id=chance.choice((None, 1, 2, 3)),
        user_id=chance.choice((None, 11, 12)),
        subject=chance.choice(SUBJECTS),
        ip=chance.choice(IPS),
        body={"url": chance.choice(WORDS)},
    )


def a_query(chance):
    def maybe(value):
        return value if chance.random() < 0.35 else None

    begin = NOW + timedelta(days=chance.randrange(0, 60))
    member_id, text = maybe(chance.choice((1, 2, 3, 4))), maybe(chance.choice(LOOKED_FOR)) or ""
    end = begin + timedelta(days=chance.randrange(1, 31), microseconds=chance.choice((0, 1)))
    both = text and member_id is None
    return EventQuery(
        types=tuple(chance.sample(list(EventType), chance.choice((0, 0, 0, 1, 2, 3)))),
        names=tuple(chance.sample(NAMES, chance.choice((0, 0, 0, 1, 2)))),
        member_id=member_id,
        user_id=maybe(chance.choice((11, 12))) if not text else None,
        subject=maybe(chance.choice(SUBJECTS)) or "",
        ip=maybe(chance.choice(IPS)) or "",
        from_at=begin if both or chance.random() < 0.3 else None,
        until_at=end if both or chance.random() < 0.3 else None,
        text=text,
    )


def matches(query, event):
    """What a query means, said once more without SQL."""
    body = canonical_body(event.body)
    return (
        (not query.types or event.type in query.types)
        and (not query.names or event.name in query.names)
        and query.member_id in {None, event.member_id}
        and query.user_id in {None, event.user_id}
        and query.subject in {"", event.subject}
        and query.ip in {"", event.ip}
        and (query.from_at is None or event.at >= query.from_at)
        and (query.until_at is None or event.at < query.until_at)
        and (not query.text or query.text.lower() in event.subject.lower() or stands_in(query.text, body))
    )


def stands_in(text, body):
    """The body is JSON: letters outside ASCII stand there as \\u00e9, a quotation mark as \\"."""
    shapes = (text, text.lower(), text.upper(), text.capitalize())
    return any(canonical_body({"": shape})[5:-2].lower() in body.lower() for shape in shapes)


def by_hand(query, stored):
    found = [event for event in stored if matches(query, event)]
    return [event.id for event in sorted(found, key=lambda event: (event.at, event.id), reverse=True)]


@pytest.fixture
def stored(house):
    """300 events, the same each time."""
    chance = random.Random(20261)
    made = [an_event(chance, number) for number in range(300)]
    sync_partitions({event.month for event in made})
    with transaction() as session:
        add_events(session, made)
    return made


def all_pages(query, limit, *, meanwhile=lambda: None):
    """(pages from the newest to the oldest, and the way back from there)."""
    down, up = [], []
    with reading() as reader:
        page = search(reader, query, limit=limit)
        down.append(page)
        while page.older:
            meanwhile()
            page = search(reader, query, cursor=page.older, limit=limit)
            down.append(page)
        while page.newer:
            page = search(reader, query, cursor=page.newer, limit=limit)
            up.append(page)
    return down, up


def ids(pages):
    return [event.id for page in pages for event in page.events]


def test_every_combination_of_filters_finds_what_a_search_by_hand_finds(house, stored):
    chance = random.Random(7)
    found = 0
    for _round in range(150):
        query = a_query(chance)
        wanted = by_hand(query, stored)
        down, up = all_pages(query, chance.choice((1, 3, 7, 50)) if len(wanted) < 60 else 50)
        assert ids(down) == wanted, query
        assert ids(reversed(up)) == wanted[: len(ids(up))], query
        with reading() as reader:
            assert [event.id for chunk in walk(reader, query) for event in chunk] == wanted[::-1], query
        found += bool(wanted)
    assert found > 50


@pytest.mark.parametrize("text", LOOKED_FOR)
def test_a_text_is_found_in_one_members_events_and_in_one_month(house, stored, text):
    for query in (
        EventQuery(member_id=2, text=text),
        EventQuery(user_id=11, text=text),
        EventQuery(text=text, from_at=NOW, until_at=NOW + timedelta(days=31)),
    ):
        down, _up = all_pages(query, 4)
        assert ids(down) == by_hand(query, stored)


def test_going_back_from_the_oldest_page_shows_all_pages_but_the_last_again(house, stored):
    down, up = all_pages(EventQuery(), 40)
    assert ids(reversed(up)) == ids(down)[: len(ids(up))]
    assert len(ids(up)) == 280
    assert down[0].newer is None
    assert down[-1].older is None


def test_paging_neither_loses_nor_repeats_while_new_events_arrive(house, stored):
    chance = random.Random(3)
    late = iter(range(1000, 2000))

    def arrive():
        with transaction() as session:
            add_events(session, [an_event(chance, next(late)) for _ in range(5)])

    for query in (
        EventQuery(),
        EventQuery(types=(EventType.PAGE, EventType.LOGIN)),
        EventQuery(names=NAMES[:2]),
    ):
        before = {event.id for event in house.events()}
        there = [event for event in house.events() if matches(query, event_of_row(event))]
        seen = ids(all_pages(query, 9, meanwhile=arrive)[0])
        assert len(seen) == len(set(seen))
        assert [one for one in seen if one in before] == [
            row.id for row in sorted(there, key=lambda row: (row.at, row.id), reverse=True)
        ]


def event_of_row(row):
    return Event(
        row.id, EventType(row.type), row.name, row.at, row.member_id, row.user_id, row.subject, row.ip, {}
    )


def test_events_of_one_instant_are_all_there(house):
    made = [Event(event_id(f"same{n}", NOW), EventType.LOGIN, "failed", NOW) for n in range(25)]
    with transaction() as session:
        add_events(session, made)
    down, up = all_pages(EventQuery(), 4)
    assert sorted(ids(down)) == sorted(event.id for event in made)
    assert len(ids(up)) == 24


def test_a_place_whose_neighbours_are_gone_still_leads_back(house, stored):
    oldest = min(stored, key=lambda event: (event.at, event.id))
    newest = max(stored, key=lambda event: (event.at, event.id))
    with reading() as reader:
        below = search(reader, EventQuery(), cursor=str(Cursor(Way.OLDER, oldest.at, oldest.id)), limit=400)
        above = search(reader, EventQuery(), cursor=str(Cursor(Way.NEWER, newest.at, newest.id)), limit=400)
        assert (below.events, below.older, above.events, above.newer) == ((), None, (), None)
        assert len(search(reader, EventQuery(), cursor=below.newer, limit=400).events) == 300
        assert len(search(reader, EventQuery(), cursor=above.older, limit=400).events) == 300


def test_an_erased_event_is_found_and_says_so(house, stored):
    with transaction() as session:
        blank = {"ip": "", "body": "{}", "salt": None, "user_id": None}
        session.execute(sa.update(events).where(events.c.user_id == 11).values(**blank))
    with reading() as reader:
        found = search(reader, EventQuery(), limit=400).events
    assert sum(event.is_erased for event in found) == sum(event.user_id == 11 for event in stored)
    assert {(event.ip, event.body) for event in found if event.is_erased} == {("", "{}")}


@pytest.mark.mariadb
@pytest.mark.parametrize("house", ["mariadb"], indirect=True)
@pytest.mark.parametrize(
    ("query", "indexes"),
    [
        (EventQuery(), {"at"}),
        (EventQuery(types=(EventType.PAGE, EventType.LOGIN)), {"at"}),
        (EventQuery(types=(EventType.PAGE,), from_at=NOW, until_at=NOW + timedelta(days=70)), {"at"}),
        (EventQuery(names=("denied",)), {"name"}),
        (EventQuery(names=("denied", "viewed")), {"name"}),
        (EventQuery(subject="post:1"), {"subject"}),
        (EventQuery(subject="post:1", names=("denied", "viewed")), {"subject", "name"}),
        (EventQuery(ip="192.0.2.7", subject="post:1"), {"ip", "subject"}),
        (EventQuery(user_id=11), {"user"}),
        (EventQuery(member_id=1), {"member"}),
        (EventQuery(member_id=1, text="lesson"), {"member"}),
        (EventQuery(member_id=1, types=(EventType.LOGIN,), from_at=NOW, ip="192.0.2.7"), {"member", "ip"}),
        (EventQuery(member_id=1, ip="192.0.2.7", subject="post:1", names=("viewed",)), {"member", "ip", "subject", "name"}),
    ],
)  # fmt: skip
def test_the_server_takes_each_page_out_of_indexes_in_order_and_sorts_nothing(house, stored, query, indexes):
    """Also with a place in the middle, which narrows the index. Where indexes meet, rows are read by their primary key alone."""
    middle = sorted(stored, key=lambda event: event.at)[150]
    with reading() as reader:
        asked = statements_of(reader, query, middle)
        assert len(asked) == 3 * max(1, len(query.names))
        for statement, values in asked:
            plan = reader.connection().exec_driver_sql(f"EXPLAIN {statement}", values).mappings().all()
            rows = {"PRIMARY"} if len(indexes) > 1 else set()
            assert {step["key"] for step in plan} == {
                f"ix_gatepost_events_{index}" for index in indexes
            } | rows
            assert not [step for step in plan if "filesort" in step["Extra"] or "temporary" in step["Extra"]]
            met = [step for step in plan if step["key"] != "PRIMARY" and rows]
            assert all("Using index" in step["Extra"] for step in met)


def statements_of(reader, query, middle):
    """What is asked for the first page and for those on both sides of an event, without the questions for estimates."""
    asked, engine = [], reader.get_bind()

    def note(_connection, _cursor, statement, values, *_rest):
        if not statement.startswith("EXPLAIN"):
            asked.append((statement, values))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        for cursor in ("", *(str(Cursor(way, middle.at, middle.id)) for way in Way)):
            search(reader, query, cursor=cursor)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return asked


# --- what comes in ----------------------------------------------------------------------------------------------------


def arrive(*made):
    with transaction() as session:
        add_events(session, made)


def a_moment(seconds, name="viewed"):
    at = NOW + timedelta(seconds=seconds)
    return Event(event_id(f"{name}{seconds}", at), EventType.PAGE, name, at)


def test_who_follows_sees_each_event_once_also_one_that_comes_late(house):
    follower = Follower(EventQuery(names=("viewed",)))
    seen = []
    arrive(a_moment(0), a_moment(1, "denied"), a_moment(-400))
    with reading() as reader:
        seen.append(follower.look(reader, NOW))
        arrive(a_moment(20), a_moment(10), a_moment(-100))
        seen.append(follower.look(reader, NOW + timedelta(seconds=30)))
        arrive(a_moment(5))
        seen.append(follower.look(reader, NOW + timedelta(seconds=31)))
        seen.append(follower.look(reader, NOW + timedelta(seconds=32)))
    assert [[(event.at - NOW).total_seconds() for event in look] for look in seen] == [
        [0],
        [-100, 10, 20],
        [5],
        [],
    ]


def test_who_follows_is_told_when_more_came_than_can_be_shown(house, monkeypatch):
    monkeypatch.setattr(searching, "MOST", 5)
    follower = Follower(EventQuery())
    with reading() as reader:
        for first, skipped in ((0, False), (10, True), (20, False)):
            arrive(*[a_moment(first + n) for n in range(8 if skipped else 3)])
            follower.look(reader, NOW + timedelta(seconds=30))
            assert follower.has_skipped is skipped


def test_a_cursor_is_the_same_after_a_way_through_an_address():
    place = Cursor(Way.NEWER, datetime(2026, 6, 1, 0, 0, 0, 1, tzinfo=UTC), b"\xff" * 16)
    assert parse_cursor(str(place)) == place


MOMENT = (1_780_000_000_000_000).to_bytes(8, "big")


def forged(version=b"\x01", way=b"o", moment=MOMENT, id=b"\0" * 16):
    return base64.urlsafe_b64encode(version + way + moment + id).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "x", "1", "' OR 1=1 --", "é" * 35, "A" * 35, "_" * 35, "a" * 10_000, "\n" + "A" * 34, forged()[:-1], forged() + "=",
        forged(version=b"\x02"), forged(way=b"x"), forged(way=b"\xff"), forged(moment=b"\xff" * 8), forged(moment=b"\0" * 8),
        forged()[:-1] + "_",
    ],
)  # fmt: skip
def test_a_cursor_that_somebody_made_up_is_refused(text):
    parse_cursor(forged())
    with pytest.raises(Refused, match="no place in the log"):
        parse_cursor(text)


# --- what people write ------------------------------------------------------------------------------------------------


def test_what_was_written_becomes_a_query_in_the_sites_time_zone():
    query = read_query(
        PARIS, types=["Page", "page", "login"], names=["viewed"], subject=" 12 ", ip="2001:DB8::0:5", since="2026-03-29",
        until="2026-03-30 00:00",
    )  # fmt: skip
    assert query == EventQuery(
        types=(EventType.PAGE, EventType.LOGIN),
        names=("viewed",),
        subject="post:12",
        ip="2001:db8::5",
        from_at=datetime(2026, 3, 28, 23, tzinfo=UTC),
        until_at=datetime(2026, 3, 29, 22, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"types": ["pages"]}, "no type pages"),
        ({"names": ["'; DROP TABLE"]}, "no event's name"),
        ({"names": [f"name{n}" for n in range(11)]}, "10 names at most"),
        ({"ip": "192.0.2.700"}, "no IP address"),
        ({"ip": "192.0.2.0/24"}, "no IP address"),
        ({"subject": "x" * 191}, "such a subject"),
        ({"subject": "\ud800"}, "such a subject"),
        ({"text": "x" * 101, "member_id": 1}, "No text longer"),
        ({"text": "a\0b", "member_id": 1}, "such a text"),
        *[
            ({"since": text}, "is no date")
            for text in ("today", "2026-02-30", "2026-13-01", "30.11.2026", "0001-01-01", "9999-12-31", "2026-11-30 25:00", "-1")
        ],
        ({"since": "2026-11-30", "until": "2026-11-30"}, "ends before it begins"),
        ({"text": "lesson"}, "one member"),
        ({"text": "lesson", "since": "2026-11-30"}, "one member"),
        ({"text": "lesson", "subject": "post:1", "types": ["page"]}, "one member"),
        ({"text": "lesson", "since": "2026-10-01", "until": "2026-11-02"}, "one member"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_for_is_refused_in_a_sentence(written, sentence):
    with pytest.raises(Refused, match=sentence):
        read_query(PARIS, **written)


def test_october_in_paris_is_one_month_although_it_is_an_hour_longer():
    assert read_query(PARIS, text="lesson", since="2026-10-01", until="2026-11-01").text == "lesson"
