"""The bridge's spool table, read in order and emptied only of what was read."""

import sqlalchemy as sa

from sidecar.wordpress.bridge_spool import list_spooled, remove_spooled, spool_exists

CREATE = "CREATE TABLE {}gatepost_spool (seq INTEGER PRIMARY KEY, id CHAR(32) UNIQUE, at DOUBLE, body TEXT)"


def test_a_site_without_the_plugin_has_no_spool(session, tables):
    assert spool_exists(session, tables) is False


def test_rows_come_in_order_and_what_is_no_event_is_none(session, tables):
    session.execute(sa.text(CREATE.format(tables.prefix)))
    for seq, body in ((2, '{"kind": "login"}'), (1, '{"kind": "page"}'), (3, "torn {"), (4, "[1]")):
        insert = sa.text(f"INSERT INTO {tables.prefix}gatepost_spool VALUES (:seq, :id, 0, :body)")
        session.execute(insert, {"seq": seq, "id": str(seq), "body": body})
    assert spool_exists(session, tables) is True
    assert list_spooled(session, tables) == [
        (1, {"kind": "page"}, '{"kind": "page"}'),
        (2, {"kind": "login"}, '{"kind": "login"}'),
        (3, None, "torn {"),
        (4, None, "[1]"),
    ]
    assert [row.seq for row in list_spooled(session, tables, limit=2)] == [1, 2]
    remove_spooled(session, tables, [1, 3])
    assert [row.seq for row in list_spooled(session, tables)] == [2, 4]
