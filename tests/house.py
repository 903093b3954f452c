"""A sidecar with a WordPress database under it, for the tests of its rooms: on SQLite, and on a real MariaDB.

The cast is the same everywhere: Alice may see it, Bob has another right, Charlie must never see anything.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from sidecar import config as configuration
from sidecar.access.rules import Audience, Rule, RuleGrant, TargetKind
from sidecar.access.ruling import protect
from sidecar.activity.models import events
from sidecar.activity.partitions import months_from, sync_partitions
from sidecar.app import create_app
from sidecar.catalog.making import make_bundle, make_level
from sidecar.catalog.rules import Grant
from sidecar.clock import Clock
from sidecar.db import db, dispose, reading, transaction
from sidecar.members.changing import make_member
from sidecar.members.store import Member, get_member
from sidecar.migrations.running import upgrade
from sidecar.service import Service
from sidecar.wordpress.tables import Tables

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
SECRET = "5ec7e7" + "0" * 58
HOME = "https://club.test"


@dataclass
class StillClock(Clock):
    """Stands where the test puts it."""

    moment: datetime = field(default=NOW)

    def now(self) -> datetime:
        return self.moment + self.offset


@dataclass
class House:
    """The app, and short ways to furnish its database."""

    app: Flask
    tables: Tables
    clock: StillClock
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def service(self) -> Service:
        return self.app.extensions["gatepost"]

    def next(self, what: str) -> int:
        self.numbers[what] = self.numbers.get(what, 0) + 1
        return self.numbers[what]

    def user(self, login: str = "", **columns: Any) -> int:
        number = self.next("user")
        login = login or f"user{number}"
        values = {
            "user_login": login, "user_email": f"{login}@example.test", "user_nicename": login, "user_pass": "",
            "display_name": login, "user_registered": NOW, **columns,
        }  # fmt: skip
        with transaction() as session:
            return session.execute(sa.insert(self.tables.users).values(values)).inserted_primary_key[0]

    def meta(self, user_id: int, key: str, value: str) -> None:
        with transaction() as session:
            session.execute(
                sa.insert(self.tables.usermeta).values(user_id=user_id, meta_key=key, meta_value=value)
            )

    def post(self, content: str = "", title: str = "A post", type: str = "post", **columns: Any) -> int:
        values = {
            "post_author": 1, "post_content": content, "post_title": title, "post_type": type, "post_date_gmt": NOW,
            "post_name": title.lower().replace(" ", "-"), **columns,
        }  # fmt: skip
        with transaction() as session:
            return session.execute(sa.insert(self.tables.posts).values(values)).inserted_primary_key[0]

    def option(self, name: str, value: str) -> None:
        with transaction() as session:
            session.execute(sa.delete(self.tables.options).where(self.tables.options.c.option_name == name))
            session.execute(sa.insert(self.tables.options).values(option_name=name, option_value=value))

    def level(self, name: str = "", **kwargs: Any) -> int:
        return make_level(name or f"Level {self.next('level')}", now=NOW, **kwargs)

    def bundle(self, name: str = "", **kwargs: Any) -> int:
        return make_bundle(name or f"Bundle {self.next('bundle')}", now=NOW, **kwargs)

    def member(self, level_id: int, login: str = "", **kwargs: Any) -> Member:
        user_id = self.user(login)
        make_member(user_id, level_id, **{"now": NOW, "by": "test", **kwargs})
        return self.read(user_id)

    def read(self, user_id: int) -> Member:
        with reading() as session:
            return get_member(session, user_id)

    def protect(self, post_id: int, level_id: int, from_day: int = 0, **kwargs: Any) -> int:
        grant = RuleGrant(Grant.LEVEL, level_id, from_day)
        return protect(Rule(0, TargetKind.POST, str(post_id), Audience.GRANTS, (grant,), **kwargs), now=NOW)

    def events(self) -> list[Any]:
        with reading() as session:
            return list(session.execute(sa.select(events).order_by(events.c.at, events.c.id)))


def a_config(folder: Path, database_url: str, **sections: dict[str, Any]) -> configuration.Config:
    """A configuration whose state lies in `folder`."""
    secret_file = folder / "secret"
    secret_file.write_text(SECRET)
    raw: dict[str, dict[str, Any]] = {
        "site": {"url": HOME},
        "database": {"url": database_url},
        "bridge": {"listen": f"unix:{folder}/s.sock", "secret_file": str(secret_file)},
        "service": {"state_dir": str(folder / "state")},
    }
    for name, values in sections.items():
        raw[name] = {**raw.get(name, {}), **values}
    return configuration.from_tables(raw)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A house on each database: empty tables, and a site in Paris."""
    url = request.getfixturevalue(f"built_on_{request.param}")
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copy(url, tmp_path / 'house.db')}"
    config = a_config(tmp_path, url, access={"assignable_roles": ["gold", "silver"]})
    clock = StillClock()
    app = create_app(config, clock)
    with app.app_context():
        the_house = House(app, app.extensions["gatepost"].tables, clock)
        for name, value in {"home": HOME, "siteurl": HOME, "timezone_string": "Europe/Paris"}.items():
            the_house.option(name, value)
        yield the_house
        db.session.remove()
        _empty_all_tables(the_house.tables)
        dispose()


@pytest.fixture(scope="session")
def built_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("house") / "template.db"
    _build(f"sqlite:///{path}", path.parent)
    return path


@pytest.fixture(scope="session")
def built_on_mariadb(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One database for all tests, which leave it empty."""
    mariadb = request.getfixturevalue("mariadb")
    url = mariadb.new_database()
    _build(url, tmp_path_factory.mktemp("house"))
    yield url
    mariadb.drop_database(url)


def _build(url: str, folder: Path) -> None:
    app = create_app(a_config(folder, url))
    with app.app_context():
        upgrade(db.engine)
        sync_partitions(months_from(NOW, 12))
        with transaction() as session:
            app.extensions["gatepost"].tables.create_all(session)
        dispose()


def _empty_all_tables(tables: Tables) -> None:
    with transaction() as session:
        for table in (*reversed(db.metadata.sorted_tables), *tables.all):
            session.execute(sa.delete(table))


DAY = timedelta(days=1)
