"""Changes reach WordPress as they are true at delivery, by the bridge or, where it stays away, by SQL."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from jobs.site import ATTEMPTS_BEFORE_SQL, KEPT_WHEN_DONE, deliver_changes, tidy_outbox
from sidecar import outbox
from sidecar.access.ruling import choose_core_page
from sidecar.catalog.making import make_level
from sidecar.db import db, reading, transaction
from sidecar.members.changing import SITE_CHANGE, change_level, change_status
from sidecar.members.rules import Change
from sidecar.wordpress.serialization import dumps, loads
from tests.house import NOW

ALLOWED = ("gold", "silver")
PARIS = ZoneInfo("Europe/Paris")


def a_level(house, role, allow=ALLOWED):
    return make_level(role.title(), now=NOW, role=role, assignable=allow)


def a_member(house, level_id, login="alice"):
    member = house.member(level_id, login)
    leave_out_actions()
    return member


def a_gold_member(house):
    return a_member(house, a_level(house, "gold"))


def leave_out_actions():
    """What other plugins hear of it is the matter of test_actions."""
    with transaction() as session:
        waiting = outbox.list_waiting(session, SITE_CHANGE)
        ids = [parcel.id for parcel in waiting if parcel.payload["kind"] == "action"]
        outbox.set_done(session, ids, NOW)


def queued():
    """Every row of the outbox that is not done, oldest first."""
    with reading() as reader:
        rows = sa.select(outbox.outbox).where(outbox.outbox.c.done_at.is_(None))
        return list(reader.execute(rows.order_by(outbox.outbox.c.seq_at, outbox.outbox.c.id)))


def queue(kind, now=NOW, **fields):
    with transaction() as session:
        return outbox.add(session, SITE_CHANGE, {"kind": kind, **fields}, now)


def change(house, member, what):
    change_status(member.user_id, what, now=house.clock.now(), by="test", zone=PARIS)
    leave_out_actions()


def site_roles(house, **capabilities):
    """The site's roles, each with what it allows."""
    roles = {
        name: {"name": name, "capabilities": dict.fromkeys(granted, True)}
        for name, granted in {
            "subscriber": ["read"], "gold": ["read"], "silver": ["read"], "editor": ["edit_others_posts"], **capabilities,
        }.items()
    }  # fmt: skip
    house.option(house.tables.roles_option, dumps(roles))


def wordpress_roles(house, user_id):
    meta = house.tables.usermeta.c
    with reading() as reader:
        text = reader.scalar(
            sa.select(meta.meta_value).where(
                meta.user_id == user_id, meta.meta_key == house.tables.capabilities_key
            )
        )
    return set(loads(text)) if text else set()


def fail_until_sql(house):
    """Deliver until the next attempt is the first that may write by SQL."""
    for _attempt in range(ATTEMPTS_BEFORE_SQL):
        deliver_changes(house.service)
        house.clock.offset += timedelta(hours=2)


def test_a_change_is_sent_signed_and_done(house, site):
    member = a_gold_member(house)
    assert deliver_changes(house.service) == 1
    (sent,) = site.asked
    assert (sent["kind"], sent["user"], sent["add"], sent["remove"]) == (
        "roles",
        member.user_id,
        ["gold"],
        [],
    )
    assert queued() == []
    assert deliver_changes(house.service) == 0
    assert site.calls == 1


def test_every_parcel_says_what_is_true_at_delivery(house, site):
    member = a_gold_member(house)
    change_level(member.user_id, a_level(house, "silver"), now=NOW, by="test")
    leave_out_actions()
    assert deliver_changes(house.service) == 2
    assert [(sent["add"], sent["remove"]) for sent in site.asked] == [(["silver"], ["gold"])] * 2


def test_who_was_let_in_again_before_delivery_is_not_signed_out(house, site):
    member = a_member(house, house.level())
    change(house, member, Change.LOCK)
    change(house, member, Change.UNLOCK)
    assert deliver_changes(house.service) == 1
    assert (site.asked, queued()) == ([], [])


def test_who_is_locked_is_signed_out(house, site):
    member = a_member(house, house.level())
    change(house, member, Change.LOCK)
    deliver_changes(house.service)
    assert [(sent["kind"], sent["user"]) for sent in site.asked] == [("sessions", member.user_id)]


def test_nothing_is_sent_for_somebody_who_is_no_member_any_more(house, site):
    queue("roles", user=4711)
    assert deliver_changes(house.service) == 1
    assert (site.calls, queued()) == (0, [])


def test_the_index_is_that_of_delivery(house, site):
    choose_core_page("login", 40, now=NOW)
    choose_core_page("login", 41, now=NOW)
    deliver_changes(house.service)
    assert [sent["index"]["core_pages"] for sent in site.asked] == [{"login": 41}] * 2


def test_a_site_that_is_away_is_asked_again_after_a_growing_pause(house, site):
    a_gold_member(house)
    site.is_away = True
    pauses = []
    for attempt in range(1, 5):
        assert deliver_changes(house.service) == 0
        (row,) = queued()
        assert row.attempts == attempt
        pauses.append((row.due_at - house.clock.now()).total_seconds())
        calls = site.calls
        deliver_changes(house.service)
        assert site.calls == calls, "it is not due yet"
        house.clock.offset += row.due_at - house.clock.now()
    assert pauses == [2, 4, 8, 16]
    site.is_away = False
    assert deliver_changes(house.service) == 1
    assert queued() == []


def test_an_answer_with_a_wrong_signature_is_not_believed(house, site):
    a_gold_member(house)
    site.secret = "0" * 64
    assert deliver_changes(house.service) == 0
    assert "without our plugin's signature" in queued()[0].error


def test_what_the_site_refuses_waits_with_its_reason_and_holds_up_nothing(house, site):
    member = a_gold_member(house)
    change(house, member, Change.LOCK)
    site.refuses = {"roles": "this user is an administrator"}
    assert deliver_changes(house.service) == 1
    assert {row.error for row in queued()} == {"this user is an administrator"}
    assert all('"roles"' in row.payload for row in queued())


def test_what_the_site_does_not_speak_of_is_tried_again(house, site):
    a_gold_member(house)
    site.is_silent = True
    assert deliver_changes(house.service) == 0
    assert [(row.attempts, row.error) for row in queued()] == [(1, "the site did not say")]


def test_after_five_attempts_roles_are_written_by_sql_and_the_cache_is_cleaned_later(house, site):
    member = a_gold_member(house)
    house.meta(
        member.user_id,
        house.tables.capabilities_key,
        dumps({"subscriber": True, "silver": True, "read": True}),
    )
    a_level(house, "silver")
    site_roles(house)
    site.is_away = True
    fail_until_sql(house)
    assert wordpress_roles(house, member.user_id) == {"subscriber", "silver", "read"}
    assert deliver_changes(house.service) == 1
    assert wordpress_roles(house, member.user_id) == {"subscriber", "gold", "read"}
    assert [row.payload for row in queued()] == [f'{{"kind":"forget","users":[{member.user_id}]}}']
    site.is_away = False
    assert deliver_changes(house.service) == 1
    assert [(sent["kind"], sent.get("users")) for sent in site.asked] == [("forget", [member.user_id])]


def test_roles_that_are_right_already_need_no_cleaning(house, site):
    member = a_gold_member(house)
    house.meta(member.user_id, house.tables.capabilities_key, dumps({"gold": True}))
    site_roles(house)
    site.is_away = True
    fail_until_sql(house)
    assert deliver_changes(house.service) == 1
    assert queued() == []


def test_only_roles_are_ever_written_by_sql(house, site):
    member = a_member(house, house.level())
    change(house, member, Change.LOCK)
    site.is_away = True
    fail_until_sql(house)
    assert deliver_changes(house.service) == 0
    assert [row.attempts for row in queued()] == [ATTEMPTS_BEFORE_SQL + 1]


def test_when_somebody_else_writes_at_the_same_time_the_change_is_tried_again(house, site):
    member = a_gold_member(house)
    house.meta(member.user_id, house.tables.capabilities_key, dumps({"subscriber": True}))
    site_roles(house)
    site.is_away = True
    fail_until_sql(house)
    somebody_wrote = []

    def write_first(_connection, _cursor, statement, _parameters, _context, _many):
        """Another plugin's write, between our reading and our writing."""
        if statement.startswith(f"UPDATE {house.tables.usermeta.name}") and not somebody_wrote:
            somebody_wrote.append(statement)
            meta = house.tables.usermeta
            with db.engine.begin() as other:
                other.execute(
                    sa.update(meta)
                    .where(meta.c.user_id == member.user_id, meta.c.meta_key == house.tables.capabilities_key)
                    .values(meta_value=dumps({"editor": True}))
                )

    sa.event.listen(db.engine, "before_cursor_execute", write_first)
    try:
        assert deliver_changes(house.service) == 0
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", write_first)
    assert len(somebody_wrote) == 1
    assert wordpress_roles(house, member.user_id) == {"editor"}
    house.clock.offset += timedelta(hours=2)
    assert deliver_changes(house.service) == 1
    assert wordpress_roles(house, member.user_id) == {"editor", "gold"}


def test_a_role_outside_the_allow_list_is_neither_sent_nor_written(house, site):
    member = a_member(house, a_level(house, "editor", allow=("editor",)))
    house.meta(member.user_id, house.tables.capabilities_key, dumps({"subscriber": True}))
    site_roles(house)
    site.is_silent = True
    deliver_changes(house.service)
    assert [(sent["add"], sent["remove"]) for sent in site.asked] == [([], [])]
    site.is_away = True
    fail_until_sql(house)
    deliver_changes(house.service)
    assert wordpress_roles(house, member.user_id) == {"subscriber"}


def test_a_role_that_has_become_administrative_is_not_written_although_it_is_allowed(house, site, caplog):
    member = a_gold_member(house)
    house.meta(member.user_id, house.tables.capabilities_key, dumps({"subscriber": True}))
    site_roles(house, gold=["read", "manage_options"])
    site.is_away = True
    fail_until_sql(house)
    assert deliver_changes(house.service) == 0
    assert wordpress_roles(house, member.user_id) == {"subscriber"}
    assert "manage_options" in caplog.text


def test_what_failed_rides_on_answers_until_one_says_that_it_is_done(house, site):
    a_gold_member(house)
    site.is_away = True
    deliver_changes(house.service)
    (rider,) = house.service.waiting_changes
    assert (rider["kind"], rider["add"]) == ("roles", ["gold"])
    house.service.delivered.append(rider["id"])
    calls = site.calls
    house.clock.offset += timedelta(hours=2)
    assert deliver_changes(house.service) == 0
    assert (site.calls, queued(), house.service.waiting_changes) == (calls, [], ())


def test_an_id_that_nobody_knows_is_done_without_harm(house, site):
    a_gold_member(house)
    house.service.delivered.append("f" * 32)
    assert deliver_changes(house.service) == 1


def test_without_a_secret_nothing_is_claimed(house, site):
    a_gold_member(house)
    house.service.secret = None
    assert deliver_changes(house.service) == 0
    assert [row.held_until for row in queued()] == [None]
    assert site.calls == 0


@pytest.mark.parametrize("crashes", [1, 3])
def test_a_parcel_of_a_process_that_died_is_free_again_after_its_lease(house, site, crashes):
    a_gold_member(house)
    for _crash in range(crashes):
        with transaction() as session:
            assert len(outbox.claim_due(session, SITE_CHANGE, house.clock.now())) == 1
        assert deliver_changes(house.service) == 0
        house.clock.offset += outbox.LEASE + timedelta(seconds=1)
    assert deliver_changes(house.service) == 1


def test_what_was_delivered_is_forgotten_after_a_month_and_what_waits_is_kept(house):
    old, waiting = queue("forget", users=[1]), queue("forget", users=[2])
    with transaction() as session:
        outbox.set_done(session, [old], NOW)
    house.clock.move(KEPT_WHEN_DONE)
    assert tidy_outbox(house.service) == 0
    house.clock.move(timedelta(seconds=1))
    assert (tidy_outbox(house.service), tidy_outbox(house.service)) == (1, 0)
    assert [row.id for row in queued()] == [waiting]
