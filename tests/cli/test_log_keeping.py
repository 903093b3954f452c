"""`gatepost log verify`, `hold`, `holds`, `release`."""

import pytest
import sqlalchemy as sa

from jobs.log_keeping import seal_log
from sidecar.activity.models import events
from sidecar.activity.outside import NEWEST
from sidecar.db import transaction
from tests.setup.builders import users_of


@pytest.fixture
def club(prepared):
    """Alice and Charlie are members, and the log is sealed."""
    prepared.did("level", "add", "Gold")
    prepared.alice, prepared.charlie = users_of(prepared, "alice", "charlie")
    for login in ("alice", "charlie"):
        prepared.did("member", "add", login, "--level", "Gold")
    with prepared.here.at_work() as service:
        prepared.sealed = seal_log(service)
        prepared.newest = (service.config.state_dir / "seals" / NEWEST).read_text().strip()
    return prepared


def tamper(club, statement):
    with club.here.at_work(), transaction() as session:
        session.execute(statement)


def test_a_log_that_is_whole_says_what_was_looked_at(club):
    output = club.did("log", "verify")
    assert output.startswith(f"{club.sealed} events under 1 seals, 0 of them erased")
    assert f"The newest seal: {club.newest.rsplit(' ', 1)[0]}" in output


def test_a_changed_row_is_named_and_the_exit_code_is_1(club):
    tamper(club, sa.update(events).where(events.c.user_id == club.alice).values(name="renamed"))
    result = club.run("log", "verify")
    assert result.exit_code == 1
    assert "(access 20" in result.stdout
    assert ", seal 1) was changed." in result.stdout
    assert result.stderr == "gatepost: The log is not what it was; flaws: 1.\n"


def test_a_seal_from_a_mail_is_compared_and_one_that_is_none_is_refused(club):
    assert club.did("log", "verify", "--seal", club.newest)
    later = club.run("log", "verify", "--seal", f"7 {'ab' * 32} 2026-06-15T12:00:00+00:00")
    assert (later.exit_code, "Seal 7 is missing at the end of the chain" in later.stdout) == (1, True)
    assert club.run("log", "verify", "--seal", "7 abc").exit_code == 1


def test_a_hold_is_made_listed_and_released(club):
    assert club.did("log", "holds") == "Nothing is held.\n"
    made = club.did("log", "hold", "alice", "--reason", "a letter from a lawyer")
    assert made == f"Hold 1: nothing of member {club.alice} is dropped until: gatepost log release 1\n"
    listed = club.did("log", "holds")
    assert "a letter from a lawyer" in listed
    assert "cli:" in listed
    assert club.did("log", "release", "1") == "Hold 1 is released.\n"
    assert club.run("log", "release", "1").exit_code == 1
    assert club.did("log", "holds") == "Nothing is held.\n"


@pytest.mark.parametrize("words", [(), ("alice", "--order", "abcd")])
def test_a_hold_is_of_a_member_or_of_an_order(club, words):
    result = club.run("log", "hold", *words)
    assert (result.exit_code, "either a member or an order" in result.stderr) == (1, True)


@pytest.mark.parametrize("words", [("nobody",), ("--order", "abcd")])
def test_nobody_and_nothing_are_not_held(club, words):
    assert club.run("log", "hold", *words).exit_code == 1
    assert club.did("log", "holds") == "Nothing is held.\n"
