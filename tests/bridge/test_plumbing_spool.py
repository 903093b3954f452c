"""The spool: what the sidecar has not taken is kept, in order, once, and not without end."""

import json
from typing import Any

import pytest

from tests.bed.mariadb import MariaDB, database_name
from tests.bed.site import Site
from tests.bridge.conftest import in_web_server
from tests.bridge.scripted_sidecar import Failure, ScriptedSidecar

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)

SPOOL = "Gatepost\\spool_events(array_map(function ($n) { return Gatepost\\an_event('page', $n, array('url' => \"/$n\")); }, range(%d, %d)));"


def table(site: Site) -> str:
    return f"`{database_name(site.database_url)}`.{site.prefix}gatepost_spool"


def sequence(site: Site, length: int) -> str:
    """MariaDB's table of the numbers 1 to `length`."""
    return f"`{database_name(site.database_url)}`.seq_1_to_{length}"


def rows(site: Site, mariadb: MariaDB) -> list[dict[str, Any]]:
    """The spooled events, read as the sidecar reads them."""
    found = mariadb.execute(f"SELECT id, at, body FROM {table(site)} ORDER BY seq")
    events = [json.loads(body) for _id, _at, body in found]
    assert [(event["id"], event["at"]) for event in events] == [
        (row_id, pytest.approx(at)) for row_id, at, _body in found
    ]
    return events


@VERSIONS
def test_events_of_a_sidecar_that_is_away_are_kept_in_order(
    paired_site: Site, sidecar: ScriptedSidecar, mariadb: MariaDB
) -> None:
    sidecar.down()

    in_web_server(
        paired_site, "Gatepost\\record_page_view(array('url' => '/one')); Gatepost\\note_logout(7);"
    )
    in_web_server(paired_site, "Gatepost\\note_logout(8);")

    events = rows(paired_site, mariadb)
    assert [event["kind"] for event in events] == ["page", "logout", "logout"]
    assert events[0]["data"] == {"url": "/one"}
    assert [event["user"] for event in events] == [None, 7, 8]
    assert paired_site.log() == ""


def test_what_the_sidecar_takes_is_not_spooled(
    paired_site: Site, sidecar: ScriptedSidecar, mariadb: MariaDB
) -> None:
    in_web_server(paired_site, "Gatepost\\note_logout(7);")

    (request,) = sidecar.wait_for("/bridge/v1/events")
    assert [event["user"] for event in request.body["events"]] == [7]
    assert rows(paired_site, mariadb) == []


def test_what_the_sidecar_does_not_confirm_is_spooled(
    paired_site: Site, sidecar: ScriptedSidecar, mariadb: MariaDB
) -> None:
    sidecar.answer("/bridge/v1/events", lambda request: {"stored": [request.body["events"][0]["id"]]})

    in_web_server(paired_site, "Gatepost\\note_logout(7); Gatepost\\note_logout(8);")
    sidecar.wait_for("/bridge/v1/events")

    assert [event["user"] for event in rows(paired_site, mariadb)] == [8]


def test_an_event_that_is_spooled_twice_is_kept_once(paired_site: Site, mariadb: MariaDB) -> None:
    paired_site.php(
        "$event = Gatepost\\an_event('logout', 7, array());"
        "Gatepost\\spool_events(array($event)); Gatepost\\spool_events(array($event, $event));"
    )

    assert len(rows(paired_site, mariadb)) == 1


def test_a_page_event_takes_id_and_time_of_the_call_whose_answer_was_lost(
    paired_site: Site, sidecar: ScriptedSidecar, mariadb: MariaDB
) -> None:
    sidecar.fault = Failure()

    in_web_server(
        paired_site,
        "Gatepost\\ask('/bridge/v1/page', array('part' => 1)); Gatepost\\record_page_view(array('url' => '/x'));",
    )

    (call,) = sidecar.requests_to("/bridge/v1/page")
    (event,) = rows(paired_site, mariadb)
    assert event["id"] == call.headers["x-gatepost-id"]
    assert event["at"] == int(call.headers["x-gatepost-time"])


def test_where_php_cannot_go_on_after_the_response_events_are_spooled(
    paired_site: Site, sidecar: ScriptedSidecar, mariadb: MariaDB
) -> None:
    paired_site.mu_plugin(
        "no-fastcgi",
        "namespace Gatepost; function function_exists($f) { return false === strpos($f, 'finish_request') && \\function_exists($f); }",
    )

    in_web_server(paired_site, "Gatepost\\note_logout(7);")

    assert [event["user"] for event in rows(paired_site, mariadb)] == [7]
    assert sidecar.requests_to("/bridge/v1/events") == []


def test_over_the_ceiling_one_row_counts_what_was_not_kept(paired_site: Site, mariadb: MariaDB) -> None:
    mariadb.execute(
        f"INSERT INTO {table(paired_site)} (id, at, body) SELECT LPAD(seq, 32, '0'), 1, '{{}}' FROM {sequence(paired_site, 99998)}"
    )

    paired_site.php(SPOOL % (1, 5))
    paired_site.php(SPOOL % (6, 9))

    newest = mariadb.execute(f"SELECT body FROM {table(paired_site)} WHERE seq > 99998 ORDER BY seq")
    events = [json.loads(body) for (body,) in newest]
    assert [event["kind"] for event in events] == ["lost", "page", "page"]
    assert events[0]["data"] == {"count": 7}
    assert mariadb.execute(f"SELECT COUNT(*) FROM {table(paired_site)}") == [(100001,)]
    assert "7 events could not be kept" in paired_site.php("echo Gatepost\\spool_health()['description'];")


def test_after_the_sidecar_has_drained_it_the_spool_takes_events_again(
    paired_site: Site, mariadb: MariaDB
) -> None:
    mariadb.execute(
        f"INSERT INTO {table(paired_site)} (id, at, body) SELECT LPAD(seq, 32, '0'), 1, '{{}}' FROM {sequence(paired_site, 100000)}"
    )
    paired_site.php(SPOOL % (1, 1))
    mariadb.execute(f"DELETE FROM {table(paired_site)}")

    paired_site.php(SPOOL % (2, 3))

    assert [event["user"] for event in rows(paired_site, mariadb)] == [2, 3]
    assert paired_site.php("echo Gatepost\\count_lost();") == "0"


def test_rows_deleted_from_the_middle_do_not_fill_the_spool(paired_site: Site, mariadb: MariaDB) -> None:
    mariadb.execute(
        f"INSERT INTO {table(paired_site)} (seq, id, at, body) VALUES (1, REPEAT('1', 32), 1, '{{}}'),"
        " (900000, REPEAT('2', 32), 1, '{}')"
    )

    paired_site.php(SPOOL % (2, 3))

    assert mariadb.execute(f"SELECT COUNT(*) FROM {table(paired_site)}") == [(4,)]


def test_the_table_is_made_once_and_only_when_the_version_differs(
    paired_site: Site, mariadb: MariaDB
) -> None:
    queries = "global $wpdb; $wpdb->queries = array(); Gatepost\\upgrade_spool(); echo count($wpdb->queries);"
    paired_site.constants(SAVEQUERIES=True)
    assert paired_site.php(queries) == "0"

    mariadb.execute(f"DROP TABLE {table(paired_site)}")
    paired_site.php("update_option('gatepost_spool_schema', 0);")
    paired_site.get("/")

    paired_site.php(SPOOL % (1, 1))
    assert len(rows(paired_site, mariadb)) == 1
    assert paired_site.php("echo get_option('gatepost_spool_schema');") == "1"


def test_a_table_that_vanished_is_made_again_without_a_word(paired_site: Site, mariadb: MariaDB) -> None:
    mariadb.execute(f"DROP TABLE {table(paired_site)}")

    paired_site.php(SPOOL % (1, 2))

    assert [event["user"] for event in rows(paired_site, mariadb)] == [1, 2]
    assert paired_site.log() == ""


def test_the_columns_are_those_of_the_protocol(paired_site: Site, mariadb: MariaDB) -> None:
    columns = {
        name: kind.split("(")[0]
        for name, kind, *_ in mariadb.execute(f"SHOW COLUMNS FROM {table(paired_site)}")
    }

    assert columns == {"seq": "bigint", "id": "char", "at": "double", "body": "longtext"}
