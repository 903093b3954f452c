from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text, update

from sidecar.wordpress.errors import BadPrefix
from sidecar.wordpress.tables import Tables
from tests.wordpress.builders import REGISTERED, a_user


@pytest.mark.parametrize("prefix", ["", "wp-", "wp_`; DROP TABLE x", "wp_\n", "wp.", "é_", "wp _"])
def test_a_prefix_that_wordpress_would_not_take_is_refused(prefix):
    with pytest.raises(BadPrefix):
        Tables(prefix)
    with pytest.raises(BadPrefix):
        Tables("wp_", users_name=prefix)


def test_a_blog_of_a_network_shares_the_users_and_has_its_own_roles():
    blog = Tables("wp_2_", "wp_")
    assert [table.name for table in blog.all] == [
        "wp_users",
        "wp_usermeta",
        "wp_2_posts",
        "wp_2_postmeta",
        "wp_2_terms",
        "wp_2_term_taxonomy",
        "wp_2_term_relationships",
        "wp_2_options",
    ]
    assert (blog.capabilities_key, blog.roles_option) == ("wp_2_capabilities", "wp_2_user_roles")


def test_a_site_may_keep_its_users_in_tables_of_any_name():
    tables = Tables("shop_", users_name="members", usermeta_name="members_extra")
    assert (tables.users.name, tables.usermeta.name, tables.posts.name) == (
        "members",
        "members_extra",
        "shop_posts",
    )
    assert tables.capabilities_key == "shop_capabilities"


@pytest.mark.parametrize(
    "others", [Tables("X9_"), Tables("9"), Tables("wp_2_", "wp_"), Tables("_", users_name="select")]
)
def test_tables_under_any_prefix_live_beside_each_other_and_are_made_once(session, others):
    others.create_all(session)
    others.create_all(session)
    a_user(session, others, "alice")
    assert session.execute(select(others.users.c.user_login)).scalars().all() == ["alice"]


@pytest.mark.parametrize("stored", ["0000-00-00 00:00:00", "2024-00-10 10:00:00", "0000-02-01 00:00:00"])
def test_a_date_that_does_not_exist_is_none(session, tables, stored):
    user_id = a_user(session, tables)
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("SET SESSION sql_mode = ''"))
    session.execute(text("UPDATE wp_users SET user_registered = :stored"), {"stored": stored})
    registered = select(tables.users.c.user_registered).where(tables.users.c.id == user_id)
    assert session.execute(registered).scalar_one() is None


def test_a_date_is_utc_both_ways(session, tables):
    a_user(session, tables)
    users = tables.users
    assert session.execute(select(users.c.user_registered)).scalar_one() == REGISTERED
    in_paris = datetime(2025, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    session.execute(update(users).values(user_registered=in_paris))
    assert session.execute(text("SELECT user_registered FROM wp_users")).scalar_one() in (
        "2024-12-31 23:30:00",
        datetime(2024, 12, 31, 23, 30),
    )
    assert session.execute(select(users.c.user_registered)).scalar_one() == datetime(
        2024, 12, 31, 23, 30, tzinfo=UTC
    )


def test_no_date_is_stored_as_wordpress_zero_date(session, tables):
    a_user(session, tables, user_registered=None)
    assert (
        str(session.execute(text("SELECT user_registered FROM wp_users")).scalar_one())
        == "0000-00-00 00:00:00"
    )
