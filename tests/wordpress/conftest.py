"""The site's tables twice over: on SQLite, where the demo has them, and on a real MariaDB."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from sidecar.wordpress.tables import Tables


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.getfixturevalue(f"{request.param}_engine")


@pytest.fixture
def sqlite_engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


@pytest.fixture
def mariadb_engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url, isolation_level="READ COMMITTED")
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine, tables: Tables) -> Iterator[Session]:
    with Session(engine) as session:
        tables.create_all(session)
        yield session


@pytest.fixture
def tables() -> Tables:
    return Tables("wp_")
