"""The schema: the migrations make what the tables say, can run again, and survive an interruption."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy.engine import make_url

from sidecar import db as database
from sidecar.activity.partitions import sync_partitions
from sidecar.activity.rules import EventType
from sidecar.activity.store import list_partitions
from sidecar.db import db, dispose, reading
from sidecar.errors import Refused
from sidecar.installation import claim_for_site
from sidecar.migrations import versions
from sidecar.migrations.running import VERSION_TABLE, current_revision, newest_revision, upgrade
from tests.house import NOW

STEPS = len(list(Path(versions.__file__).parent.glob("[0-9]*.py")))


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def empty(request, tmp_path):
    url = (
        f"sqlite:///{tmp_path}/x.db" if request.param == "sqlite" else request.getfixturevalue("database_url")
    )
    app = Flask("test")
    database.init_app(app, make_url(url))
    with app.app_context():
        yield db.engine
        dispose()


def test_the_migrations_make_exactly_what_the_tables_say(empty):
    upgrade(empty)
    with empty.connect() as connection:
        options = {
            "version_table": VERSION_TABLE,
            "compare_type": True,
            "include_name": lambda name, kind, _parents: kind != "table" or str(name).startswith("gatepost_"),
        }
        context = MigrationContext.configure(connection, opts=options)
        differences = [
            difference
            for difference in compare_metadata(context, db.metadata)
            if not _is_own_version_table(difference)
        ]
    assert differences == []


def _is_own_version_table(difference):
    return difference[0] == "remove_table" and difference[1].name == VERSION_TABLE


def test_a_second_run_does_nothing(empty):
    assert len(upgrade(empty)) == STEPS
    assert upgrade(empty) == []
    assert current_revision(empty) == newest_revision()


def test_every_step_can_run_again_after_it_was_interrupted_before_its_mark(empty):
    upgrade(empty)
    with empty.begin() as connection:
        connection.execute(sa.text(f"DELETE FROM {VERSION_TABLE}"))
    assert len(upgrade(empty)) == STEPS


def test_partitions_are_made_ahead_once_and_again(empty):
    upgrade(empty)
    made = sync_partitions([203001, 203002])
    with reading() as session:
        names = list_partitions(session)
    if empty.dialect.name == "sqlite":
        assert (made, names) == (0, set())
        return
    assert made == 2 * len(EventType)
    assert {f"p_{kind}_203001" for kind in EventType} <= names
    assert sync_partitions([203001, 203002]) == 0


def test_a_second_site_in_the_same_database_is_refused(empty):
    upgrade(empty)
    first = claim_for_site("wp_", NOW)
    assert claim_for_site("wp_", NOW) == first
    with pytest.raises(Refused, match="database of its own"):
        claim_for_site("wp2_", NOW)
