"""The bed's fixtures. Each starts what it needs when it is first asked for; docs/development.md tells more."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bed import mariadb as bed_mariadb
from tests.bed import plugin_zip as bed_plugin_zip
from tests.bed import wordpress
from tests.bed.browser import Pages, chromium
from tests.bed.session import Session
from tests.bed.site import Site
from tests.billing.shop import shop
from tests.house import built_on_mariadb, built_on_sqlite, house
from tests.processor.running import processor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["built_on_mariadb", "built_on_sqlite", "house", "processor", "shop"]

MARKS = {
    "bed": {"bed", "redis"},
    "mariadb": {"mariadb", "database_url", "built_on_mariadb"},
    "wordpress": {"wordpress_tree", "site", "new_site", "club"},
    "browser": {"browser", "new_page"},
    "process": {"processor"},
}
"""A test is marked by the fixtures it uses: `./run check` runs those without a mark."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "bed: needs a server of the test bed")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark, fixtures in MARKS.items():
            if fixtures & set(getattr(item, "fixturenames", ())):
                item.add_marker(mark)


@pytest.fixture(scope="session")
def bed() -> Iterator[Session]:
    """This test run's servers."""
    session = Session()
    try:
        yield session
    finally:
        session.close()


@pytest.fixture(scope="session")
def mariadb(bed: Session) -> bed_mariadb.MariaDB:
    """A real MariaDB: `.new_database(prefix)` gives an SQLAlchemy URL; `.socket`, `.port`, `.execute(sql)`."""
    return bed.mariadb


@pytest.fixture
def database_url(mariadb: bed_mariadb.MariaDB) -> Iterator[str]:
    """A fresh empty database, dropped after the test."""
    url = mariadb.new_database()
    yield url
    mariadb.drop_database(url)


@pytest.fixture(scope="session")
def redis(bed: Session) -> str:
    """The URL of a real Redis that only this test run uses."""
    return f"redis://127.0.0.1:{bed.redis_port}/0"


@pytest.fixture(scope="session")
def wordpress_tree() -> Path:
    """The newest WordPress's files; read only."""
    return wordpress.tree("newest")


@pytest.fixture
def site(bed: Session, request: pytest.FixtureRequest) -> Iterator[Site]:
    """A fresh site for this test: newest, or as the test says by
    `@pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)`.
    """
    fresh = bed.new_site(getattr(request, "param", "newest"))
    yield fresh
    fresh.close()


@pytest.fixture(scope="session")
def new_site(bed: Session):
    """`new_site(version, prefix=, constants=, copy_of=)`: for a fixture of your own with a wider scope; close it."""
    return bed.new_site


@pytest.fixture(scope="session")
def plugin_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as it is shipped, for `site.install_plugin(plugin_zip)`."""
    return bed_plugin_zip.build(tmp_path_factory.mktemp("plugin"))


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Playwright's browser: Chromium, headless."""
    with chromium() as running:
        yield running


@pytest.fixture
def new_page(browser: "Browser") -> Iterator[Pages]:
    """`new_page(site, user, width=390)`: a page in a context of its own."""
    pages = Pages(browser)
    yield pages
    pages.close()
