"""Whoever changes, removes or adds a row or a seal is found, and what it was is named."""

import hashlib
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from sidecar.activity import store_seals
from sidecar.activity.models import events, mail_copies, seal_leaves, seals
from sidecar.activity.outside import KEPT, NEWEST, list_keepsakes
from sidecar.activity.rules import digest_of_row
from sidecar.activity.seals import leaf, parse_parts, parts_text, root_of
from sidecar.activity.verifying import Fault, Verification
from sidecar.db import reading
from sidecar.privacy.erasing import erase_person
from tests.activity.sealed import (
    a_sealed_log,
    an_event,
    change,
    faults,
    folder,
    record,
    record_mail,
    rows,
    run_sql,
    seal,
    verify,
)
from tests.house import NOW


@pytest.fixture
def log(house):
    a_sealed_log(house)
    return house


def a_page():
    return rows(type="page", seal=1)[4]


def named(house):
    """(fault, seal, id) of each flaw."""
    return [(flaw.fault, flaw.seal, flaw.event_id) for flaw in verify(house)[0]]


def test_a_log_that_nobody_touched_has_no_flaw(log):
    flaws, summary = verify(log)
    assert flaws == []
    assert (summary.seals, summary.rows, summary.unsealed, summary.erased) == (3, 18, 1, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"name": "denied"}, {"at": NOW}, {"member_id": 9}, {"member_id": None}, {"user_id": 9}, {"subject": "post:9"},
        {"ip": "192.0.2.9"}, {"body": "{}"}, {"salt": b"\x01" * 16}, {"digest": b"\x01" * 32},
    ],
)  # fmt: skip
def test_a_changed_row_is_named(log, values):
    row = a_page()
    change(row, **values)
    assert named(log) == [(Fault.ROW_CHANGED, 1, row.id)]


def test_a_row_that_was_changed_together_with_its_digest_is_named(log):
    row = a_page()
    change(row, ip="192.0.2.9")
    (changed,) = rows(id=row.id)
    change(changed, digest=digest_of_row(changed))
    assert named(log) == [(Fault.ROW_CHANGED, 1, row.id)]


def test_a_removed_row_is_named(log):
    row = a_page()
    run_sql(sa.delete(events).where(events.c.id == row.id))
    assert named(log) == [(Fault.ROW_MISSING, 1, row.id)]


def test_the_last_row_and_all_rows_of_a_seal_are_missed_too(log):
    run_sql(sa.delete(events).where(events.c.seal == 3))
    run_sql(sa.delete(events).where(events.c.id == rows(type="page", seal=1)[-1].id))
    assert [flaw for flaw, *_rest in named(log)] == [Fault.ROW_MISSING] * 2


def test_an_inserted_row_is_named(log):
    record(an_event(99))
    change(rows(id=an_event(99).id)[0], seal=1)
    assert named(log) == [(Fault.ROW_INSERTED, 1, an_event(99).id)]


@pytest.mark.parametrize("number", [0, 2, 77])
def test_a_row_under_a_seal_that_knows_nothing_of_its_type_or_is_none_is_named(log, number):
    record(an_event(99, at=NOW))
    change(rows(id=an_event(99, at=NOW).id)[0], seal=number)
    assert named(log) == [(Fault.ROW_INSERTED, number, an_event(99, at=NOW).id)]


def test_a_row_moved_to_another_seal_is_missed_there_and_named_here(log):
    row = a_page()
    change(row, seal=3)
    assert set(named(log)) == {(Fault.ROW_MISSING, 1, row.id), (Fault.ROW_INSERTED, 3, row.id)}


def test_a_row_taken_out_of_its_seal_is_missed(log):
    row = a_page()
    change(row, seal=None)
    assert named(log) == [(Fault.ROW_MISSING, 1, row.id)]


def test_a_blanked_row_needs_an_erasure_in_the_log(log):
    change(a_page(), salt=None, ip="", body="{}", user_id=None)
    (flaw,) = verify(log)[0]
    assert (flaw.fault, flaw.member_id, flaw.said) == (Fault.BLANKED, 1, "1 / 0")


def test_an_erased_person_leaves_a_log_without_flaws(house):
    anna = house.member(house.level(), "anna")
    record(*(an_event(number, member_id=anna.id, user_id=anna.user_id) for number in range(5)))
    mail = record_mail(7, member_id=anna.id, user_id=anna.user_id)
    seal(house, 1)
    erase_person(house.tables, "anna@example.test", now=NOW)
    for minute in (2, 3):
        flaws, summary = verify(house)
        assert flaws == []
        seal(house, minute)
    assert summary.erased == 7
    assert rows(id=mail.id)[0].salt is None
    with reading() as reader:
        assert reader.execute(sa.select(mail_copies)).all() == []


def test_something_written_into_an_erased_row_is_found(house):
    anna = house.member(house.level(), "anna")
    record(an_event(1, member_id=anna.id, user_id=anna.user_id))
    seal(house, 1)
    erase_person(house.tables, "anna@example.test", now=NOW)
    change(rows(type="page")[0], body='{"url":"/x"}')
    assert faults(house) == [Fault.ROW_CHANGED]


@pytest.mark.parametrize(
    ("values", "follows"),
    [
        ({"sealed_at": NOW}, set()),
        ({"kind": "drop"}, {Fault.HELD_DIFFER}),
        ({"previous": b"\x01" * 32}, {Fault.CHAIN_BROKEN}),
        ({"root": b"\x01" * 32}, {Fault.CHAIN_BROKEN, Fault.NOT_AS_KEPT}),
        ({"parts": "[]"}, {Fault.LEAVES_CHANGED}),
        ({"parts": "rubbish"}, {Fault.LEAVES_CHANGED}),
    ],
)
def test_a_changed_seal_is_named(log, values, follows):
    keep_all(log)
    run_sql(sa.update(seals).where(seals.c.number == 2).values(**values))
    flaws = verify(log)[0]
    assert [flaw.seal for flaw in flaws if flaw.fault is Fault.SEAL_CHANGED] == [2]
    assert {flaw.fault for flaw in flaws} - {Fault.SEAL_CHANGED} == follows


def keep_all(house):
    """Every seal is kept outside."""
    with reading() as reader:
        lines = [f"{row.number} {row.root.hex()} x" for row in reader.execute(sa.select(seals))]
    (folder(house) / KEPT).write_text("\n".join(lines))


def test_a_removed_seal_is_found(log):
    run_sql(sa.delete(seals).where(seals.c.number == 2))
    assert (Fault.SEAL_MISSING, 2, None) in named(log)


def test_a_chain_that_was_cut_with_all_its_rows_is_found_by_what_was_kept_outside(log):
    for table, column in (
        (seals, seals.c.number),
        (seal_leaves, seal_leaves.c.seal),
        (events, events.c.seal),
    ):
        run_sql(sa.delete(table).where(column == 3))
    (flaw,) = verify(log)[0]
    assert (flaw.fault, flaw.seal) == (Fault.CHAIN_CUT, 3)
    assert faults(log, outside=[]) == []  # kept beside its rows alone a chain proves nothing


def test_rows_and_seals_that_were_all_reckoned_anew_differ_from_what_was_kept_outside(log):
    row = rows(seal=3)[0]
    change(row, ip="192.0.2.9")
    (row,) = rows(id=row.id)
    change(row, digest=digest_of_row(row))
    leaves = leaf(row.id, digest_of_row(row))
    with reading() as reader:
        third = reader.execute(sa.select(seals).where(seals.c.number == 3)).one()
    (part,) = parse_parts(third.parts)
    parts = parts_text([part.__class__(part.type, part.month, 1, hashlib.sha256(leaves).digest())])
    root = root_of(3, "rows", third.sealed_at, third.previous, parts)
    run_sql(sa.update(seals).where(seals.c.number == 3).values(parts=parts, root=root))
    run_sql(sa.update(seal_leaves).where(seal_leaves.c.seal == 3).values(leaves=leaves))
    assert faults(log, outside=[]) == []
    assert faults(log) == [Fault.NOT_AS_KEPT]


def test_leaves_that_were_changed_or_taken_away_are_found_and_the_rows_still_speak_for_themselves(log):
    run_sql(sa.delete(seal_leaves).where(seal_leaves.c.seal == 3))
    assert named(log) == [(Fault.LEAVES_MISSING, 3, None)]
    change(rows(seal=3)[0], digest=b"\x01" * 32)
    assert set(faults(log)) == {Fault.LEAVES_MISSING, Fault.ROW_CHANGED, Fault.ROW_INSERTED}
    run_sql(sa.update(seal_leaves).where(seal_leaves.c.seal == 1).values(leaves=b"\x01" * 48))
    assert (Fault.LEAVES_CHANGED, 1, None) in named(log)


@pytest.mark.parametrize("act", ["changed", "removed", "torn"])
def test_a_mails_copy_that_was_changed_or_removed_is_found(log, act):
    (mail,) = rows(type="email")
    one = mail_copies.c.id == mail.id
    statements = {
        "changed": sa.update(mail_copies).where(one).values(content=b"x\x9c"),
        "removed": sa.delete(mail_copies).where(one),
        "torn": sa.update(mail_copies).where(one).values(content=b""),
    }
    run_sql(statements[act])
    assert named(log) == [(Fault.COPY_CHANGED, 2, mail.id)]


def test_what_is_sealed_while_it_looks_is_left_to_the_next_run(log):
    flaws = []
    with reading() as reader:
        run = Verification(reader, list_keepsakes(folder(log)))
        flaws += list(run._chain())
        seal(log, 4)
        for place, known in sorted(run._places.items()):
            flaws += list(run._rows(place, known))
    assert flaws == []
    assert run.summary.rows == 18


@pytest.mark.parametrize("at_a_time", [1, 2, 3, 7])
def test_however_many_rows_are_read_at_a_time_each_is_looked_at_once(log, monkeypatch, at_a_time):
    for name in ("_ROWS_A_READ", "_LEAVES_A_READ", "_SEALS_A_READ"):
        monkeypatch.setattr(store_seals, name, at_a_time)
    flaws, summary = verify(log)
    assert (flaws, summary.rows) == ([], 18)
    row = a_page()
    run_sql(sa.delete(events).where(events.c.id == row.id))
    assert named(log) == [(Fault.ROW_MISSING, 1, row.id)]


def test_an_empty_log_has_no_flaw_and_one_whose_seals_are_all_gone_has(house):
    assert faults(house) == []
    a_sealed_log(house)
    run_sql(sa.delete(seals))
    assert set(faults(house)) == {Fault.CHAIN_CUT, Fault.ROW_INSERTED}


def test_what_a_machine_has_kept_is_whole_lines_and_a_torn_one_is_none(log):
    path = folder(log) / NEWEST
    assert [kept.number for kept in list_keepsakes(folder(log))] == [1, 3]
    path.write_text(path.read_text()[:30])
    assert [kept.number for kept in list_keepsakes(folder(log))] == [1]


@pytest.mark.parametrize("house", [pytest.param("mariadb", marks=pytest.mark.mariadb)], indirect=True)
def test_the_documentation_shows_how_to_check_an_event_and_its_seal_by_hand(log):
    text = (Path(__file__).parents[2] / "docs/log.md").read_text("utf-8")
    (block,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    statements = [line for line in re.sub(r"--.*", "", block).split(";") if line.strip()]
    event = rows(type="page", seal=1)[3]
    first, second, third = (
        statement.replace("UNHEX('…')", f"UNHEX('{event.id.hex()}')")
        .replace("%", "%%")
        .replace("202611", str(event.month))
        for statement in statements
    )
    with reading() as reader:
        connection = reader.connection()
        (digest, computed) = connection.exec_driver_sql(first).one()
        assert digest.lower() == computed
        (part_root, place) = connection.exec_driver_sql(second.replace("seal = 7", "seal = 1")).one()
        assert place > 0
        for number in (1, 2, 3):
            (root, computed) = connection.exec_driver_sql(
                third.replace("number = 7", f"number = {number}")
            ).one()
            assert root == computed
        parts = reader.scalar(sa.select(seals.c.parts).where(seals.c.number == 1))
    assert part_root in parts
