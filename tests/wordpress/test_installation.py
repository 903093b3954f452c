import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from sidecar.wordpress.installation import (
    Severity,
    check_charsets,
    check_engines,
    check_server,
    check_tables,
    find_prefixes,
    inspect_installation,
)
from sidecar.wordpress.tables import Tables
from tests.wordpress.builders import a_user

HEALTHY = {
    "version": "10.11.6-MariaDB-0+deb12u1",
    "tx_isolation": "READ-COMMITTED",
    "sql_mode": "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION",
    "innodb_flush_log_at_trx_commit": "1",
}


def names_of(*tables):
    return {table.name for one in tables for table in one.all}


def severities(findings):
    return {finding.code: finding.severity for finding in findings}


# --- pure ---


def test_all_tables_under_the_prefix_are_fine():
    assert check_tables(names_of(Tables("wp_")), Tables("wp_")).severity is Severity.OK


def test_a_wrong_prefix_is_a_problem_and_the_right_ones_are_named():
    found = check_tables(names_of(Tables("blog_"), Tables("wp_2_", "wp_")), Tables("wp_"))
    assert found.severity is Severity.PROBLEM
    assert found.facts["missing"][0] == "wp_posts"
    assert found.facts["prefixes_found"] == ("blog_", "wp_2_")


def test_case_counts_in_a_prefix_unless_the_server_folds_it():
    names = {name.lower() for name in names_of(Tables("X9_"))}
    assert check_tables(names, Tables("X9_")).severity is Severity.PROBLEM
    assert check_tables(names, Tables("X9_"), folded=True).severity is Severity.OK


def test_tables_of_other_programs_are_no_prefix():
    assert (
        find_prefixes(
            {"options", "shop_options", "shop_posts", *(name[3:] for name in names_of(Tables("wp_")))}
        )
        == ()
    )


def test_a_healthy_server_is_fine():
    assert set(severities(check_server(HEALTHY)).values()) == {Severity.OK}


@pytest.mark.parametrize(
    ("version", "severity"),
    [
        ("10.6.0-MariaDB", Severity.OK),
        ("5.5.5-10.11.6-MariaDB-log", Severity.OK),
        ("11.4.2-MariaDB", Severity.OK),
        ("10.5.99-MariaDB", Severity.PROBLEM),
        ("8.0.11", Severity.OK),
        ("8.4.3-log", Severity.OK),
        ("5.7.44", Severity.PROBLEM),
        ("", Severity.PROBLEM),
    ],
)
def test_a_server_older_than_the_minimum_is_a_problem(version, severity):
    assert severities(check_server(HEALTHY | {"version": version}))["server"] is severity


@pytest.mark.parametrize(
    ("variable", "value", "code", "severity"),
    [
        ("tx_isolation", "REPEATABLE-READ", "isolation", Severity.WARNING),
        ("transaction_isolation", "REPEATABLE-READ", "isolation", Severity.WARNING),
        ("sql_mode", "", "sql_mode", Severity.WARNING),
        ("innodb_flush_log_at_trx_commit", "2", "durability", Severity.PROBLEM),
        ("innodb_flush_log_at_trx_commit", "0", "durability", Severity.PROBLEM),
    ],
)
def test_each_dangerous_setting_is_found(variable, value, code, severity):
    assert severities(check_server(HEALTHY | {variable: value}))[code] is severity


def test_a_server_that_says_nothing_is_not_called_fine():
    assert Severity.OK not in severities(check_server({})).values()


def test_old_character_sets_and_engines_are_warnings():
    assert check_charsets({}).severity is Severity.OK
    assert check_charsets({"wp_users": "latin1"}).severity is Severity.WARNING
    assert check_engines({"wp_users": "InnoDB"}).severity is Severity.OK
    found = check_engines({"wp_users": "InnoDB", "wp_posts": "MyISAM"})
    assert (found.severity, found.facts) == (Severity.WARNING, {"tables": {"wp_posts": "MyISAM"}})


# --- what the database says ---


def test_a_sound_site_has_nothing_but_good_findings(session, tables):
    a_user(session, tables)
    assert set(severities(inspect_installation(session, tables)).values()) == {Severity.OK}


def test_a_wrong_prefix_comes_first_and_nothing_more_is_asked_of_tables_that_are_not_there(session, tables):
    first, *others = inspect_installation(session, Tables("wq_"))
    assert (first.code, first.facts["prefixes_found"]) == ("tables", ("wp_",))
    assert {finding.code for finding in others} <= {"server", "isolation", "sql_mode", "durability"}


def test_users_with_a_zero_date_are_counted(session, tables):
    for registered in ({"user_registered": None}, {"user_registered": None}, {}):
        a_user(session, tables, **registered)
    found = {finding.code: finding for finding in inspect_installation(session, tables)}["zero_dates"]
    assert (found.severity, found.facts["users"]) == (Severity.WARNING, 2)


@pytest.mark.mariadb
def test_an_old_sites_tables_are_found_on_a_real_server(mariadb_engine, tables):
    with Session(mariadb_engine.execution_options(isolation_level="REPEATABLE READ")) as session:
        tables.create_all(session)
        session.execute(text("ALTER TABLE wp_users CONVERT TO CHARACTER SET latin1"))
        session.execute(text("ALTER TABLE wp_posts ENGINE = MyISAM"))
        session.execute(text("SET SESSION sql_mode = ''"))
        found = {finding.code: finding for finding in inspect_installation(session, tables)}
    assert found["charset"].facts == {"tables": {"wp_users": "latin1"}}
    assert found["engine"].facts == {"tables": {"wp_posts": "MyISAM"}}
    assert {code for code, finding in found.items() if finding.severity is Severity.WARNING} == {
        "charset",
        "engine",
        "isolation",
        "sql_mode",
    }


@pytest.mark.mariadb
def test_a_view_in_place_of_the_users_is_no_fault(mariadb_engine, tables):
    with Session(mariadb_engine) as session:
        tables.create_all(session)
        session.execute(text("RENAME TABLE wp_users TO shared_users"))
        session.execute(text("CREATE VIEW wp_users AS SELECT * FROM shared_users"))
        assert set(severities(inspect_installation(session, tables)).values()) == {Severity.OK}
