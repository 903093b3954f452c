"""Events as values, what WordPress tells, whose address it was."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.activity.addresses import parse_networks, real_ip
from sidecar.activity.forwarded import event_of, events_of
from sidecar.activity.rules import (
    UNPLACED,
    Event,
    EventType,
    canonical_body,
    digest,
    event_id,
    from_line,
    is_storable,
    to_line,
)
from sidecar.errors import Misconfigured
from tests.house import NOW

PROXIES = parse_networks(["10.0.0.0/8", "fd00::/8"])


def an_event(**fields):
    defaults = {
        "id": event_id("seed", NOW), "type": EventType.PAGE, "name": "viewed", "at": NOW, "member_id": 1, "user_id": 2,
        "subject": "post:5", "ip": "192.0.2.7", "body": {"url": "/hello"},
    }  # fmt: skip
    return Event(**{**defaults, **fields})


def a_claim(**fields):
    return {"id": "ab" * 16, "at": NOW.timestamp(), "kind": "login", "user": 12, "ip": "192.0.2.7", **fields}


def test_the_same_seed_and_time_give_the_same_id_and_another_seed_another():
    assert event_id("a", NOW) == event_id("a", NOW)
    assert event_id("a", NOW) != event_id("b", NOW)


def test_ids_sort_by_time():
    assert event_id("z", NOW) < event_id("a", NOW + timedelta(milliseconds=1))


def test_the_month_is_that_of_the_id_so_a_repetition_meets_the_first_one():
    last_moment = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    event = an_event(id=event_id("a", last_moment), at=last_moment + timedelta(seconds=2))
    assert event.month == 202611


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "denied"}, {"at": NOW + timedelta(microseconds=1)}, {"member_id": 2}, {"user_id": None},
        {"subject": "post:6"}, {"ip": ""}, {"body": {}}, {"type": EventType.LOGIN},
    ],
)  # fmt: skip
def test_the_digest_changes_with_every_field(changed):
    def digested(event):
        return digest(event, canonical_body(event.body), b"salt")

    assert digested(an_event()) != digested(an_event(**changed))
    assert digested(an_event()) == digested(an_event())


@given(
    st.dictionaries(
        st.text(max_size=10),
        st.one_of(st.text(max_size=50), st.integers(-(2**53), 2**53), st.none()),
        max_size=5,
    )
)
def test_a_line_of_the_spool_gives_its_event_back(body):
    event = an_event(body=body)
    line = to_line(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert from_line(line) == event


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b'{"id": "zz"}', to_line(an_event())[:-20], b"\xff\xfe"])
def test_a_torn_line_raises_what_the_drainer_catches(line):
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_line(line)


@pytest.mark.parametrize(
    ("kind", "type", "name"),
    [
        ("login", "login", "signed_in"),
        ("login_failed", "login", "failed"),
        ("logout", "login", "signed_out"),
        ("profile", "access", "profile_changed"),
        ("user_deleted", "access", "user_deleted"),
        ("role", "access", "role_changed"),
        ("page", "page", "viewed"),
        ("lost", "access", "events_lost"),
    ],
)
def test_what_wordpress_tells_becomes_an_event_of_the_log(kind, type, name):
    event = event_of(a_claim(kind=kind), (), NOW)
    assert (event.type, event.name, event.user_id, event.ip) == (type, name, 12, "192.0.2.7")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "nonsense"}, {"kind": ["login"]}, {"id": "short"}, {"id": None}, {"at": "now"},
        {"at": float("nan")}, {"at": float("inf")}, {"at": 10**400}, {"at": True}, {"at": None},
    ],
)  # fmt: skip
def test_what_is_no_event_is_none(wrong):
    assert event_of(a_claim(**wrong), (), NOW) is None


def test_a_clock_that_runs_ahead_is_set_to_now():
    assert event_of(a_claim(at=NOW.timestamp() + 60), (), NOW).at == NOW


@pytest.mark.parametrize("claimed", [0, -1, 86400.5, NOW.timestamp() - 10**8, NOW.timestamp() + 10**9, 1e14])
def test_what_a_clock_told_that_stood_or_jumped_is_kept_as_of_now_and_makes_no_month_of_its_own(claimed):
    event = event_of(a_claim(at=claimed), (), NOW)
    assert (event.at, event.month, event.body) == (NOW, UNPLACED, {"claimed_at": str(claimed)})
    assert event.id == event_of(a_claim(at=claimed), (), NOW + timedelta(days=1)).id


def test_a_spool_that_waited_for_months_keeps_its_times():
    at = NOW - timedelta(days=120)
    event = event_of(a_claim(at=at.timestamp()), (), NOW)
    assert (event.at, event.month) == (at, 202602)


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1999, 12, 31, tzinfo=UTC), 0),
        (datetime(2000, 1, 1, tzinfo=UTC), 200001),
        (datetime(2031, 5, 1, tzinfo=UTC), 203105),
        (datetime(2100, 1, 1, tzinfo=UTC), 0),
        (datetime(9999, 1, 1, tzinfo=UTC), 0),
    ],
)
def test_only_times_of_this_century_have_a_month(at, month):
    assert an_event(id=event_id("a", at), at=at).month == month


def test_an_address_of_8_kb_and_bytes_that_are_no_text_become_what_a_table_takes():
    data = {"url": "/" + "é" * 8192, "referrer": "\ud800\udfff" * 4000, "agent": "\x00\x1b[31m" * 400}
    event = event_of(a_claim(kind="page", data=data), (), NOW)
    assert (len(event.body["url"]), "\ud800" in event.body["referrer"]) == (2000, False)
    assert is_storable(event)
    assert from_line(to_line(event)) == event


def test_a_body_that_no_column_takes_loses_its_longest_parts_and_nothing_else():
    data = {f"list{number}": ["\U0001f600" * 100] * 50 for number in range(15)} | {"name": "anna"}
    event = event_of(a_claim(kind="role", data=data), (), NOW)
    assert is_storable(event)
    assert event.body["name"] == "anna"


@pytest.mark.parametrize(
    "ip", ["", "none", "999.1.2.3", "::ffff:zz", "1.2.3.4.5", "fe80::1%" + "e" * 60, None, 7, "\u0661.2.3.4"]
)
def test_an_address_that_is_none_never_keeps_an_event_from_being_stored(ip):
    event = event_of(a_claim(ip=ip), (), NOW)
    assert is_storable(event)
    assert event.ip in {"", "fe80::1"}


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "é"}, {"name": "x" * 41}, {"name": None}, {"subject": "s" * 191}, {"ip": "1" * 46}, {"ip": "é"}, {"id": b"short"},
        {"member_id": "1"}, {"member_id": True}, {"user_id": 2**63}, {"user_id": -1}, {"at": datetime(999, 1, 1, tzinfo=UTC)},
        {"body": {"url": "é" * 20_000}},
    ],
)  # fmt: skip
def test_a_line_that_no_table_takes_is_refused_before_it_holds_up_others(changed):
    event = an_event(**changed)
    assert not is_storable(event)
    with pytest.raises((ValueError, TypeError)):
        from_line(to_line(event))


def test_a_reading_by_an_affiliates_link_is_also_a_click():
    data = {"url": "/join/?affid=7", "affid": "7", "sid": "news", "object": 5}
    reading, click = events_of(a_claim(kind="page", data=data), (), NOW)
    assert (reading.type, reading.name, reading.body["affid"]) == ("page", "viewed", "7")
    assert (click.type, click.name, click.subject, click.user_id) == (
        "affiliate",
        "clicked",
        "affiliate:7",
        12,
    )
    assert click.body == {"url": "/join/?affid=7", "affid": "7", "sid": "news"}
    assert click.id != reading.id
    assert events_of(a_claim(kind="page", data=data), (), NOW)[1].id == click.id


def test_a_visitors_click_is_recorded_and_his_reading_is_not():
    (click,) = events_of(a_claim(kind="page", user=None, data={"url": "/", "affid": "7"}), (), NOW)
    assert (click.type, click.user_id) == ("affiliate", None)


def test_a_page_view_keeps_its_address_and_nothing_it_was_not_asked_for():
    data = {"url": "/a" * 5000, "object": 5, "denied": True, "cookie": "secret", "affid": "7"}
    event = event_of(a_claim(kind="page", data=data), (), NOW)
    assert (event.name, event.subject) == ("denied", "post:5")
    assert event.body.keys() == {"url", "affid"}
    assert len(event.body["url"]) == 2000


def test_what_a_payment_left_in_an_address_is_no_matter_of_the_log():
    secrets = (
        "gatepost_order=o&payment_intent=pi_1&payment_intent_client_secret=s&setup_intent=seti_1"
        "&setup_intent_client_secret=s&redirect_status=succeeded"
    )
    data = {"url": f"/join/?rid=7&{secrets}", "referrer": f"https://club.test/?{secrets}"}
    event = event_of(a_claim(kind="page", data=data), (), NOW)
    assert event.body == {"url": "/join/?rid=7", "referrer": "https://club.test/"}


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.text(max_size=9) | st.integers() | st.floats(),
            lambda s: st.lists(s) | st.dictionaries(st.text(max_size=5), s),
            max_leaves=8,
        ),
    )
)
def test_no_claim_makes_it_raise(data):
    for claim in (data, a_claim(data=data), a_claim(kind="page", data=data), a_claim(user=data, ip=data)):
        assert all(is_storable(event) for event in events_of(claim, PROXIES, NOW))


@pytest.mark.parametrize(
    ("remote", "forwarded", "real"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", "rubbish", ""),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
        ("not an address", "1.2.3.4", ""),
        ("", "", ""),
    ],
)
def test_the_real_address_behind_trusted_proxies(remote, forwarded, real):
    assert real_ip(remote, forwarded, PROXIES) == real


def test_a_proxy_that_is_no_network_names_its_key():
    with pytest.raises(Misconfigured, match=r"log\.trusted_proxies"):
        parse_networks(["all of them"])
