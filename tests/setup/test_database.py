import pytest
import sqlalchemy as sa

from sidecar.activity.partitions import months_from
from sidecar.activity.rules import EventType
from sidecar.activity.store import list_partitions, partition_name
from sidecar.clock import real_now
from sidecar.db import db
from tests.setup.builders import an_installation

IGNORED = "ignore::pytest.PytestUnraisableExceptionWarning"


def rows_of(installation):
    with installation.wordpress() as session:
        return {
            "installation": session.execute(sa.text("SELECT table_prefix FROM gatepost_installation"))
            .scalars()
            .all(),
            "generation": session.execute(sa.text("SELECT number FROM gatepost_generation")).scalars().all(),
        }


def test_init_makes_the_tables_binds_them_to_the_site_and_starts_the_generation(installation):
    assert "gatepost pair" in installation.did("init")
    assert rows_of(installation) == {"installation": ["wp_"], "generation": [1]}


def test_init_can_be_repeated_and_changes_nothing(prepared):
    prepared.did("level", "add", "Gold")
    before = rows_of(prepared)
    assert "prepared already" in prepared.did("init")
    assert rows_of(prepared) == before


def test_a_wrong_prefix_names_the_prefixes_that_are_there(tmp_path):
    there = an_installation(tmp_path)
    there.config_path.write_text(
        there.config_path.read_text().replace("[site]", '[site]\ntable_prefix = "blog_"')
    )
    result = there.run("init")
    assert result.exit_code == 1
    assert "with the prefix: wp_. Set site.table_prefix" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_database_without_a_wordpress_is_said_to_be_one(tmp_path):
    result = an_installation(tmp_path, with_tables=False).run("init")
    assert (result.exit_code, "No WordPress is in this database" in result.stderr) == (1, True)


def test_the_tables_of_another_site_are_refused(prepared):
    with prepared.wordpress() as session:
        session.execute(sa.text("UPDATE gatepost_installation SET table_prefix = 'shop_'"))
    result = prepared.run("init")
    assert (result.exit_code, "shop_" in result.stderr) == (1, True)


def test_a_command_before_init_says_what_to_run(installation):
    result = installation.run("level", "list")
    assert (result.exit_code, result.stderr) == (
        1,
        "gatepost: Gatepost's tables are not there yet. Run: gatepost init\n",
    )


@pytest.mark.mariadb
def test_init_on_a_real_server_twice_leaves_partitions_for_months_ahead(database_url, tmp_path):
    there = an_installation(tmp_path, database=database_url)
    there.did("init")
    there.did("init")
    with there.here.at_work(), db.engine.connect() as connection, sa.orm.Session(connection) as session:
        found = list_partitions(session)
    assert {partition_name(kind, month) for month in months_from(real_now()) for kind in EventType} <= found


@pytest.mark.mariadb
@pytest.mark.usefixtures("login_is_refused")
@pytest.mark.filterwarnings(IGNORED)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda url: url.set(database="no_such_database"), "may not use the database no_such_database"),
        (lambda url: url.set(password="hunter2"), "does not let the user"),
        (lambda url: url.set(username="nobody"), "does not let the user nobody in"),
        (lambda url: url.set(query={"unix_socket": "/nowhere/socket"}), "at /nowhere/socket does not answer"),
    ],
)
def test_each_way_a_server_refuses_has_its_words_and_never_the_password(
    database_url, tmp_path, change, words
):
    url = change(sa.make_url(database_url))
    there = an_installation(tmp_path, database=url.render_as_string(hide_password=False), with_tables=False)
    result = there.run("init")
    assert result.exit_code == 1
    assert words in result.stderr
    assert url.password not in result.output


@pytest.mark.mariadb
@pytest.mark.usefixtures("login_is_refused")
@pytest.mark.filterwarnings(IGNORED)
def test_a_database_that_does_not_exist_is_said_not_to(mariadb, database_url, tmp_path):
    url = sa.make_url(database_url)
    mariadb.execute(f"GRANT ALL ON `none_at_all`.* TO `{url.username}`@`localhost`")
    gone = url.set(database="none_at_all").render_as_string(hide_password=False)
    result = an_installation(tmp_path, database=gone, with_tables=False).run("init")
    assert "There is no database none_at_all" in result.stderr
