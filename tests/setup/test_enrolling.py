from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from sidecar.activity.store import list_events
from sidecar.catalog.store import get_level
from sidecar.clock import real_now
from sidecar.db import reading
from sidecar.members.changing import make_member
from sidecar.members.store import find_member
from sidecar.setup import enrolling
from sidecar.setup.enrolling import enroll
from tests.setup.builders import a_user_who_is, an_installation, users_of
from tests.wordpress.builders import REGISTERED, a_user

LATER = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def club(prepared):
    """With a level Gold and two users, Alice and Bob."""
    prepared.did("level", "add", "Gold")
    prepared.alice, prepared.bob = users_of(prepared, "alice", "bob")
    return prepared


def member_of(installation, user_id):
    with installation.here.at_work(), reading() as reader:
        return find_member(reader, user_id)


def counts_of(output):
    """word -> number, of the table that `enroll` prints."""
    return {
        line.split(maxsplit=1)[1]: int(line.split()[0]) for line in output.splitlines() if line[:1].isdigit()
    }


def test_users_become_members_since_they_registered_with_an_event_each(club):
    club.did("enroll", "--level", "Gold")
    alice = member_of(club, club.alice)
    assert (alice.joined_at, alice.level.started_at, alice.level.status) == (REGISTERED, REGISTERED, "active")
    with club.here.at_work(), reading() as reader:
        events = list_events(reader, member_id=alice.id)
    assert [(event.name, event.user_id, event.subject) for event in events] == [
        ("created", club.alice, "level:1")
    ]
    assert '"by":"cli:' in events[0].body


def test_nothing_is_queued_for_the_site_unless_a_level_gives_a_role(club):
    club.did("enroll", "--level", "Gold")
    with club.wordpress() as session:
        assert session.execute(sa.text("SELECT count(*) FROM gatepost_outbox")).scalar() == 0


def test_the_roles_of_new_members_are_queued_for_the_site(club):
    club.config_path.write_text(club.config_path.read_text() + '\n[access]\nassignable_roles = ["silver"]')
    club.did("level", "add", "Silver", "--role", "silver")
    club.did("enroll", "--level", "Silver")
    with club.wordpress() as session:
        payloads = (
            session.execute(sa.text("SELECT payload FROM gatepost_outbox ORDER BY payload")).scalars().all()
        )
    assert payloads == [f'{{"kind":"roles","user":{user}}}' for user in (club.alice, club.bob)]


def test_a_second_run_skips_members_and_changes_none(club):
    club.did("enroll", "--level", "Gold")
    before = member_of(club, club.alice)
    club.did("level", "add", "Silver")
    counts = counts_of(club.did("enroll", "--level", "Silver"))
    assert counts["were members already"] == 2
    assert counts["became members of Silver"] == 0
    assert member_of(club, club.alice) == before


def test_a_dry_run_counts_and_makes_nobody_a_member(club):
    assert counts_of(club.did("enroll", "--level", "Gold", "--dry-run"))["would become members of Gold"] == 2
    assert member_of(club, club.alice) is None


def test_administrators_are_left_out_unless_their_role_is_asked_for(club):
    admin = a_user_who_is(club, "administrator")
    assert counts_of(club.did("enroll", "--level", "Gold"))["are administrators and were left out"] == 1
    assert member_of(club, admin) is None
    assert (
        counts_of(club.did("enroll", "--level", "Gold", "--role", "administrator"))["became members of Gold"]
        == 1
    )
    assert member_of(club, admin).level.level_id == 1


def test_only_users_with_the_role_that_is_asked_for_become_members(club):
    subscriber = a_user_who_is(club, "subscriber")
    club.did("enroll", "--level", "Gold", "--role", "subscriber")
    assert member_of(club, subscriber) is not None
    assert member_of(club, club.alice) is None


def test_a_user_without_a_date_or_with_one_in_the_future_joins_now(club):
    with club.wordpress() as session:
        zero = a_user(session, club.tables, user_registered=None)
        future = a_user(session, club.tables, user_registered=datetime(2099, 1, 1, tzinfo=UTC))
    club.did("enroll", "--level", "Gold")
    for user in (zero, future):
        assert abs((member_of(club, user).joined_at - real_now()).total_seconds()) < 60


def test_a_run_that_was_cut_off_between_batches_goes_on_where_it_stopped(club, monkeypatch):
    monkeypatch.setattr(enrolling, "BATCH", 1)

    class CutOff(Exception):
        pass

    def cut_off(seen):
        raise CutOff

    with club.here.at_work() as service:
        with reading() as reader:
            gold = get_level(reader, "Gold")
        with pytest.raises(CutOff):
            enroll(service.tables, gold, role=None, now=LATER, by="test", progress=cut_off)
        counts = enroll(service.tables, gold, role=None, now=LATER, by="test")
    assert (counts.enrolled, counts.members_already) == (1, 1)


def test_a_user_who_was_made_a_member_meanwhile_keeps_what_he_has(club):
    club.did("level", "add", "Silver")
    with club.here.at_work() as service:
        with reading() as reader:
            gold, silver = get_level(reader, "Gold"), get_level(reader, "Silver")
        newcomers = enrolling.find_newcomers(service.tables, [club.alice, club.bob])
        make_member(club.alice, silver.id, now=LATER, by="somebody else")
        assert enrolling.enroll_batch(newcomers, gold, now=LATER, by="test") == 1
    assert member_of(club, club.alice).level.level_id == silver.id


def test_a_network_must_say_whom_it_means(club):
    club.config_path.write_text(
        club.config_path.read_text().replace("[site]", '[site]\nusers_prefix = "net_"')
    )
    result = club.run("enroll", "--level", "Gold")
    assert (result.exit_code, "--role" in result.stderr) == (1, True)


def test_a_level_that_does_not_exist_makes_nobody_a_member(club):
    assert club.run("enroll", "--level", "Platinum").exit_code == 1
    assert member_of(club, club.alice) is None


@pytest.mark.mariadb
def test_enrolling_on_a_real_server_in_batches_gives_each_user_one_level(database_url, tmp_path):
    club = an_installation(tmp_path, database=database_url)
    club.did("init")
    club.did("level", "add", "Gold")
    with club.wordpress() as session:
        rows = [
            {"user_login": f"u{n}", "user_email": f"u{n}@example.test", "user_registered": REGISTERED}
            for n in range(2500)
        ]
        session.execute(sa.insert(club.tables.users), rows)
    assert counts_of(club.did("enroll", "--level", "Gold"))["became members of Gold"] == 2500
    assert counts_of(club.did("enroll", "--level", "Gold"))["were members already"] == 2500
    with club.wordpress() as session:
        for table in ("gatepost_members", "gatepost_entitlements", "gatepost_events WHERE name = 'created'"):
            assert session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar() == 2500
