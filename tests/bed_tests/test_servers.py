"""The bed itself: MariaDB, Redis and Chromium, private to the test run."""

import redis as redis_client
import sqlalchemy

from tests.bed.mariadb import MariaDB


def test_a_new_database_is_empty_and_belongs_to_its_user_alone(mariadb: MariaDB) -> None:
    mine, other = mariadb.new_database("mine"), mariadb.new_database("other")

    assert (
        _answer(mine, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()") == 0
    )
    assert _answer(mine, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'gp%'") == 1
    assert _answer(other, "SELECT @@innodb_flush_log_at_trx_commit") == 1


def _answer(url: str, question: str) -> object:
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        answer = connection.execute(sqlalchemy.text(question)).scalar_one()
    engine.dispose()
    return answer


def test_redis_keeps_what_it_is_given(redis: str) -> None:
    with redis_client.Redis.from_url(redis) as client:
        client.set("key", "value")

        assert client.get("key") == b"value"


def test_a_browser_shows_the_dashboard_to_a_signed_in_user(site, new_page) -> None:
    page = new_page(site, "admin", width=390)

    page.goto("/wp-admin/")

    assert page.get_by_role("heading", name="Dashboard").is_visible()
