from datetime import UTC, datetime

import pytest

from sidecar.activity.store import list_events
from sidecar.clock import real_now
from sidecar.db import reading
from sidecar.members.store import find_member
from tests.setup.builders import users_of


@pytest.fixture
def club(prepared):
    """Alice is a member with Gold; Bob and Charlie are users only."""
    prepared.did("level", "add", "Gold")
    prepared.did("level", "add", "Silver")
    prepared.did("bundle", "add", "Videos")
    prepared.alice, prepared.bob, prepared.charlie = users_of(prepared, "alice", "bob", "charlie")
    prepared.did("member", "add", "alice", "--level", "Gold")
    return prepared


def member_of(installation, user_id):
    with installation.here.at_work(), reading() as reader:
        return find_member(reader, user_id)


def events_of(installation):
    with installation.here.at_work(), reading() as reader:
        return list_events(reader)


def test_a_user_becomes_a_member_by_login_address_or_id(club):
    club.did(
        "member", "add", "bob@example.test", "--level", "Silver", "--until", "2027-07-01", "--complimentary"
    )
    bob = member_of(club, club.bob).level
    # Midnight in Paris, the site's time zone.
    assert (bob.level_id, bob.is_complimentary, bob.expires_at) == (
        2,
        True,
        datetime(2027, 6, 30, 22, tzinfo=UTC),
    )
    club.did("member", "add", str(club.charlie), "--level", "2")
    assert member_of(club, club.charlie).level.level_id == 2


def test_one_who_is_a_member_or_no_user_cannot_be_added(club):
    for login in ("alice", "nobody"):
        result = club.run("member", "add", login, "--level", "Gold")
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([("pause",)], "paused"),
        ([("pause",), ("resume",)], "active"),
        ([("lock",)], "locked"),
        ([("lock",), ("unlock",)], "active"),
        ([("cancel",)], "canceled"),
        ([("cancel", "--at-end", "2099-01-01")], "pending_cancel"),
        ([("cancel", "--at-end", "2099-01-01"), ("keep",)], "active"),
        ([("expire",)], "expired"),
        ([("cancel",), ("reactivate",)], "active"),
    ],
)
def test_each_step_of_a_membership(club, steps, status):
    for change, *options in steps:
        output = club.did("member", change, "alice", *options)
    assert output == f"alice is now: {status}\n"
    assert member_of(club, club.alice).level.status == status
    assert events_of(club)[0].name == "status_changed"
    assert '"by":"cli:' in events_of(club)[0].body
    assert member_of(club, club.charlie) is None


def test_a_step_that_cannot_be_is_refused_and_changes_nothing(club):
    assert club.run("member", "resume", "alice").exit_code == 1
    assert club.run("member", "pause", "charlie").exit_code == 1
    assert member_of(club, club.alice).level.status == "active"


def test_a_bundle_is_given_and_canceled_beside_the_level(club):
    club.did("member", "give", "alice", "Videos")
    assert club.did("member", "cancel", "alice", "--bundle", "Videos") == "alice is now: canceled\n"
    alice = member_of(club, club.alice)
    assert (alice.level.status, alice.bundles[0].status) == ("active", "canceled")


def test_a_member_changes_level(club):
    club.did("member", "level", "alice", "Silver")
    assert member_of(club, club.alice).level.level_id == 2


def test_days_are_counted_as_the_owner_says(club):
    club.did("member", "days", "alice", "--fixed", "40")
    assert member_of(club, club.alice).level.days_fixed == 40
    club.did("member", "days", "alice", "--from", "2026-01-01")
    assert member_of(club, club.alice).level.days_from_at == datetime(2025, 12, 31, 23, tzinfo=UTC)
    club.did("member", "days", "alice", "--joined")
    assert member_of(club, club.alice).level.days_method == "joined"
    assert club.run("member", "days", "alice").exit_code == 1
    assert club.run("member", "days", "alice", "--joined", "--fixed", "1").exit_code == 1


def test_show_prints_what_a_member_holds_and_that_others_are_none(club):
    output = club.did("member", "show", "alice", language="fr")
    assert f"alice <alice@example.test>, user:{club.alice}" in output
    assert "membre depuis le" in output
    assert "Gold" in output
    assert "is not a member" in club.did("member", "show", "charlie")


def test_a_name_from_the_database_cannot_play_with_the_terminal(club):
    [mallory] = users_of(club, "mal\x1b[2Jlory")
    assert "\x1b" not in club.did("member", "show", str(mallory))


def test_the_log_prints_the_newest_events_last_and_of_one_member_alone(club):
    club.did("member", "add", "bob", "--level", "Silver")
    club.did("member", "pause", "bob")
    lines = club.run("log", "show", "-n", "2").stdout.splitlines()[1:]
    assert [("created" in line, "status_changed" in line) for line in lines] == [(True, False), (False, True)]
    assert lines[0].startswith(str(real_now().year))
    only = club.run("log", "show", "--member", "alice").stdout.splitlines()[1:]
    assert len(only) == 1
    assert "alice" in only[0]
    assert club.run("log", "show", "--member", "charlie").stdout == ""
