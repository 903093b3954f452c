"""Events as values, what WordPress tells, whose address it was."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.activity.addresses import parse_networks, real_ip
from sidecar.activity.forwarded import event_of
from sidecar.activity.rules import Event, EventType, canonical_body, digest, event_id, from_line, to_line
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
        {"kind": "nonsense"}, {"kind": ["login"]}, {"id": "short"}, {"id": None}, {"at": "now"}, {"at": -1},
        {"at": float("nan")}, {"at": NOW.timestamp() + 10**9}, {"at": True}, {"at": None},
    ],
)  # fmt: skip
def test_what_is_no_event_is_none(wrong):
    assert event_of(a_claim(**wrong), (), NOW) is None


def test_a_clock_that_runs_ahead_is_set_to_now():
    assert event_of(a_claim(at=NOW.timestamp() + 60), (), NOW).at == NOW


def test_a_page_view_keeps_its_address_and_nothing_it_was_not_asked_for():
    data = {"url": "/a" * 5000, "object": 5, "denied": True, "cookie": "secret", "affid": "7"}
    event = event_of(a_claim(kind="page", data=data), (), NOW)
    assert (event.name, event.subject) == ("denied", "post:5")
    assert event.body.keys() == {"url", "affid"}
    assert len(event.body["url"]) == 2000


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
        event_of(claim, PROXIES, NOW)


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
