"""What was acknowledged is in the log afterwards, once, whatever happens to the drainer and the database meanwhile."""

import json
import multiprocessing
import os
import signal
import threading
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

import jobs.activity
from jobs.activity import drain_bridge, drain_spools
from sidecar.activity import spool
from sidecar.activity.rules import EventType, to_line
from sidecar.activity.spool import SpoolWriter
from sidecar.billing.ordering import finish
from sidecar.db import db, transaction
from tests.activity.sealed import an_event, faults, rows, run_sql, seal, verify
from tests.house import NOW

ON_MARIADB = pytest.mark.parametrize(
    "house", [pytest.param("mariadb", marks=pytest.mark.mariadb)], indirect=True
)


@pytest.fixture
def folder(house):
    return house.service.config.state_dir / "spool"


def shorten(house):
    config = house.service.config
    house.service.config = msgspec.structs.replace(
        config, log=msgspec.structs.replace(config.log, shorten_addresses=True)
    )


# --- our own spool --------------------------------------------------------------------------------------------------


def _drain_and_be_killed(house, step):
    """In a child: dies by SIGKILL when it comes to `step`."""
    db.engine.dispose(close=False)
    killed = staticmethod(lambda *_arguments: os.kill(os.getpid(), signal.SIGKILL))
    if step == "unlink":
        Path.unlink = killed
    else:
        setattr(spool, step, killed)
    drain_spools(house.service)


@pytest.mark.parametrize("step", ["store_events", "unlink"])
def test_a_drainer_killed_by_the_system_loses_nothing_and_stores_nothing_twice(house, folder, step):
    writer = SpoolWriter(folder)
    assert all(writer.append(an_event(number)) for number in range(1500))
    child = multiprocessing.get_context("fork").Process(target=_drain_and_be_killed, args=(house, step))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert len(rows()) == (1500 if step == "unlink" else 0)
    assert writer.append(an_event(1500))
    drain_spools(house.service)
    assert len(rows()) == 1501
    assert [path.suffix for path in folder.iterdir()] == [".lock"]


def test_while_the_database_is_away_pages_go_on_and_all_of_it_is_there_afterwards(house, folder):
    """The log's table is renamed, so that everything that touches it fails."""
    writer, acknowledged = SpoolWriter(folder), []
    begun, stop = threading.Event(), threading.Event()

    def read_pages():
        number = 0
        while not stop.is_set() or number < 3000:
            if writer.append(an_event(number)):
                acknowledged.append(an_event(number).id)
            begun.set()
            number += 1
            if number >= 20_000:
                return

    run_sql(sa.text("ALTER TABLE gatepost_events RENAME TO away"))
    reader = threading.Thread(target=read_pages)
    reader.start()
    begun.wait()
    failures = 0
    try:
        while failures < 5:
            with pytest.raises(sa.exc.DBAPIError):
                drain_spools(house.service)
            failures += 1
    finally:
        run_sql(sa.text("ALTER TABLE away RENAME TO gatepost_events"))
        stop.set()
    drain_spools(house.service)
    reader.join()
    drain_spools(house.service)
    assert len(acknowledged) >= 3000
    assert sorted(row.id for row in rows()) == sorted(acknowledged)
    assert not (folder / "refused.txt").exists()


def test_a_file_that_is_larger_than_a_batch_is_read_by_parts(house, folder, monkeypatch):
    sizes = []
    store = spool.store_events

    def counted(events, people):
        sizes.append(len(events))
        return store(events, people)

    monkeypatch.setattr(spool, "store_events", counted)
    folder.mkdir(parents=True)
    lines = [to_line(an_event(number)) for number in range(2300)]
    (folder / "999999999-x.jsonl").write_bytes(b"".join(lines) + lines[0][:30])
    assert drain_spools(house.service) == 2300
    assert sizes == [1000, 1000, 300]
    assert (folder / "refused.txt").read_bytes() == lines[0][:30] + b"\n"


@ON_MARIADB
def test_an_event_that_the_table_refuses_is_put_aside_and_holds_up_no_other(
    house, folder, monkeypatch, caplog
):
    monkeypatch.setattr("sidecar.activity.rules.is_storable", lambda _event: True)
    writer = SpoolWriter(folder)
    bad = an_event(7, subject="s" * 300)
    for event in (*(an_event(number) for number in range(7)), bad, an_event(8)):
        assert writer.append(event)
    assert drain_spools(house.service) == 8
    assert len(rows()) == 8
    assert (folder / "refused.txt").read_bytes() == to_line(bad)
    assert bad.id.hex() in caplog.text


def test_a_hundred_thousand_events_of_one_member_are_stored_sealed_and_verified(house, folder):
    folder.mkdir(parents=True)
    with (folder / "999999999-x.jsonl").open("wb") as file:
        for number in range(100_000):
            file.write(to_line(an_event(number, at=NOW + timedelta(milliseconds=number))))
    assert drain_spools(house.service) == 100_000
    seal(house)
    flaws, summary = verify(house)
    assert (flaws, summary.rows, summary.seals, summary.unsealed) == ([], 100_000, 5, 0)


# --- addresses ------------------------------------------------------------------------------------------------------


def test_who_has_never_paid_is_known_by_his_network_and_from_his_first_payment_on_by_his_address(shop):
    house = shop.house
    shorten(house)
    alice, charlie = house.user("alice"), house.user("charlie")
    writer = SpoolWriter(house.service.config.state_dir / "spool")
    begun, token = shop.begin(alice, shop.product())

    def read(number, user_id, **fields):
        assert writer.append(an_event(number, member_id=None, user_id=user_id, **fields))
        drain_spools(house.service)

    read(1, alice)
    shop.pay(begun)
    finish(shop.desk, token)
    read(2, alice)
    read(3, charlie, ip="2001:db8:1:2::5")
    read(4, alice, kind=EventType.LOGIN, name="signed_in")
    read(5, None, kind=EventType.AFFILIATE, name="clicked")
    pages = {(row.type, row.user_id): row.ip for row in rows(type="page")}
    assert [row.ip for row in rows(type="page", user_id=alice)] == ["192.0.2.0", "192.0.2.7"]
    assert pages["page", charlie] == "2001:db8:1::"
    assert [row.ip for row in rows(type="login")] == ["192.0.2.7"]
    assert [row.ip for row in rows(type="affiliate", name="clicked")] == ["192.0.2.0"]
    seal(house)
    assert faults(house) == []


def test_unless_it_is_asked_for_addresses_stay_whole(house, folder):
    SpoolWriter(folder).append(an_event(1, member_id=None))
    drain_spools(house.service)
    assert rows()[0].ip == "192.0.2.7"


# --- the bridge's -----------------------------------------------------------------------------------------------------


@pytest.fixture
def bridge_spool(house):
    """The plugin's table; gives a function that puts bodies into it."""
    name = f"{house.tables.prefix}gatepost_spool"
    count = "INTEGER PRIMARY KEY AUTOINCREMENT" if _is_sqlite() else "BIGINT AUTO_INCREMENT PRIMARY KEY"
    run_sql(sa.text(f"CREATE TABLE {name} (seq {count}, id CHAR(32) UNIQUE, at DOUBLE, body LONGTEXT)"))

    def fill(bodies):
        with transaction() as session:
            statement = sa.text(f"INSERT INTO {name} (id, at, body) VALUES (:id, 0, :body)")
            session.execute(statement, [{"id": os.urandom(16).hex(), "body": body} for body in bodies])

    yield fill
    run_sql(sa.text(f"DROP TABLE {name}"))


def _is_sqlite():
    return db.engine.dialect.name == "sqlite"


def a_claim(number, **fields):
    at = NOW.timestamp() - 5000 + number
    return json.dumps(
        {"id": f"{number:032x}", "at": at, "kind": "login", "user": 12, "ip": "192.0.2.7", **fields}
    )


RUBBISH = (
    "",
    "null",
    "[1, 2]",
    "{",
    '{"kind": "login"}',
    a_claim(1, kind="dance"),
    a_claim(1, at="now"),
    "[" * 100_000,
)


def test_what_the_bridge_kept_is_drained_to_the_end_in_order_and_once(
    house, folder, bridge_spool, monkeypatch
):
    order = []
    store = jobs.activity.store_events

    def noted(events, people):
        order.extend(event.at for event in events)
        return store(events, people)

    monkeypatch.setattr(jobs.activity, "store_events", noted)
    claims = [a_claim(number) for number in range(2600)]
    bridge_spool([*claims[:1500], *RUBBISH, *claims[1500:]])
    assert drain_bridge(house.service) == 2600 + len(RUBBISH)
    assert drain_bridge(house.service) == 0
    assert order == sorted(order)
    assert len(rows(type="login")) == 2600
    refused = (folder / "refused.txt").read_bytes().splitlines()
    assert refused == [text.encode() for text in RUBBISH]
    bridge_spool(claims[:50])  # told once more
    assert drain_bridge(house.service) == 50
    assert len(rows(type="login")) == 2600


def test_rows_whose_removal_failed_are_drained_again_and_are_there_once(house, bridge_spool, monkeypatch):
    bridge_spool([a_claim(number) for number in range(30)])

    def dies(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(jobs.activity, "remove_spooled", dies)
        with pytest.raises(KeyboardInterrupt):
            drain_bridge(house.service)
    house.clock.move(timedelta(days=3))
    assert drain_bridge(house.service) == 30
    assert len(rows(type="login")) == 30


def test_a_bridge_whose_clock_jumped_fills_no_months_and_loses_nothing(house, bridge_spool):
    times = [0, 1, 86400 * 3000, NOW.timestamp() + 10**9, 4e9, NOW.timestamp() - 10**9]
    bridge_spool([a_claim(number, at=at) for number, at in enumerate(times)])
    assert drain_bridge(house.service) == len(times)
    assert {row.month for row in rows(type="login")} == {0}
    assert {row.at for row in rows(type="login")} == {NOW}
