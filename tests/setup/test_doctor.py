"""The whole examination, on a healthy installation and on sick ones."""

from email.utils import format_datetime

import pytest
import sqlalchemy as sa

from sidecar.clock import real_now
from sidecar.setup import words
from sidecar.setup.doctor import judge_spool
from sidecar.wordpress import installation as inspections
from tests.setup.builders import SECRET, a_site, an_installation
from tests.wordpress.builders import a_roles_option


def severities(output):
    """code -> the word before it."""
    lines = [line.split(maxsplit=2) for line in output.splitlines() if not line.startswith(" ")]
    return {code.rstrip(":"): severity for severity, code, *_rest in lines}


def test_a_healthy_installation_whose_service_does_not_run_has_one_kind_of_problem(tmp_path, monkeypatch):
    monkeypatch.setattr("sidecar.setup.installing.PRIVATE_TO_OTHERS", ())
    with a_site(secret=SECRET) as site:
        there = an_installation(tmp_path, url=site.url)
        there.did("init")
        there.did("tick")
        result = there.run("doctor", GATEPOST_SECRET=SECRET)
    found = severities(result.stdout)
    assert {code for code, severity in found.items() if severity == "problem"} == {"socket", "service"}
    assert (found["site"], found["cron"], found["schema"], found["uploads"], found["apcu"]) == (
        "fine", "fine", "fine", "note", "note",
    )  # fmt: skip
    assert result.exit_code == 1


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_problem_says_what_to_do_in_both_languages(installation, language):
    output = installation.run("doctor", language=language).stdout
    problem = {"en": "problem", "fr": "problème"}[language]
    lines = output.splitlines()
    problems = [number for number, line in enumerate(lines) if line.startswith(problem)]
    assert len(problems) >= 3
    assert all(lines[number + 1].startswith("          → ") for number in problems)


def test_migrations_that_are_pending_are_a_problem(installation):
    assert severities(installation.run("doctor").stdout)["schema"] == "problem"


def test_tables_of_another_site_are_a_problem(prepared):
    with prepared.wordpress() as session:
        session.execute(sa.text("UPDATE gatepost_installation SET table_prefix = 'shop_'"))
    output = prepared.run("doctor").stdout
    assert severities(output)["schema"] == "problem"
    assert "shop_" in output


def test_a_proxy_whom_the_configuration_does_not_name_is_told(prepared):
    (prepared.state / "unknown_proxy").touch()
    assert severities(prepared.run("doctor").stdout)["proxies"] == "warning"
    prepared.config_path.write_text(
        prepared.config_path.read_text() + '[log]\ntrusted_proxies = ["10.0.0.1"]\n'
    )
    assert "proxies" not in severities(prepared.run("doctor").stdout)


def test_a_wrong_prefix_is_said_with_the_right_one(prepared):
    prepared.config_path.write_text(
        prepared.config_path.read_text().replace("[site]", '[site]\ntable_prefix = "blog_"')
    )
    output = prepared.run("doctor").stdout
    assert severities(output)["tables"] == "problem"
    assert "with the prefix: wp_" in output


def test_an_address_that_is_not_wordpresss_own_is_told(prepared):
    with prepared.wordpress() as session:
        session.execute(
            sa.text("UPDATE wp_options SET option_value = 'https://moved.test' WHERE option_name = 'home'")
        )
    output = prepared.run("doctor").stdout
    assert severities(output)["address"] == "warning"
    assert "https://moved.test" in output


def test_a_role_that_members_must_never_have_is_a_problem(prepared):
    with prepared.wordpress() as session:
        a_roles_option(session, prepared.tables, boss={"manage_options"}, gold={"read"})
    prepared.config_path.write_text(
        prepared.config_path.read_text() + '\n[access]\nassignable_roles = ["gold", "boss"]'
    )
    output = prepared.run("doctor").stdout
    assert severities(output)["roles"] == "problem"
    assert "boss: manage_options" in output


def test_a_site_whose_clock_is_wrong_is_a_problem(tmp_path):
    wrong = format_datetime(real_now().replace(year=2020), usegmt=True)
    with a_site(secret=SECRET, date=wrong) as site:
        there = an_installation(tmp_path, url=site.url)
        assert severities(there.run("doctor", GATEPOST_SECRET=SECRET).stdout)["site_clock"] == "problem"


@pytest.mark.parametrize(
    ("waiting", "severity"), [(0, "ok"), (9_999, "ok"), (10_000, "warning"), (100_000, "problem")]
)
def test_events_that_pile_up_in_the_plugins_table_are_told(waiting, severity):
    assert judge_spool(waiting).severity == severity


def test_a_configuration_that_is_wrong_is_one_line(installation):
    installation.config_path.write_text("[site]\nurl = 1")
    result = installation.run("doctor")
    assert (result.exit_code, result.stderr.count("\n"), "site.url" in result.stderr) == (1, 1, True)


@pytest.mark.mariadb
@pytest.mark.usefixtures("login_is_refused")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_database_that_cannot_be_reached_is_a_problem_and_the_rest_is_still_looked_at(
    database_url, tmp_path
):
    wrong = sa.make_url(database_url).set(password="hunter2").render_as_string(hide_password=False)
    output = an_installation(tmp_path, database=wrong, with_tables=False).run("doctor").stdout
    found = severities(output)
    assert (found["database"], found["cron"]) == ("problem", "problem")
    assert "hunter2" not in output


@pytest.mark.mariadb
def test_a_log_without_room_for_the_next_month_is_told(database_url, tmp_path):
    there = an_installation(tmp_path, database=database_url)
    there.did("init")
    assert severities(there.run("doctor").stdout)["log"] == "fine"
    month = real_now().strftime("%Y%m")
    with there.wordpress() as session:
        session.execute(sa.text(f"ALTER TABLE gatepost_events DROP PARTITION p_billing_{month}"))
    assert severities(there.run("doctor").stdout)["log"] == "warning"
    there.did("tick")
    assert severities(there.run("doctor").stdout)["log"] == "fine"


SICK = {
    "tables": {"prefix": "wp_", "missing": ("wp_posts",), "prefixes_found": ("blog_",)},
    "server": {"flavour": "MariaDB", "version": "10.1", "oldest": (10, 6)},
    "isolation": {"level": "REPEATABLE-READ"},
    "sql_mode": {"modes": ()},
    "durability": {"flush": "2"},
    "zero_dates": {"users": 3, "looked_at": 10_000},
    "charset": {"tables": {"wp_users": "latin1"}},
    "engine": {"tables": {"wp_posts": "MyISAM"}},
}


@pytest.mark.parametrize("code", SICK)
def test_each_finding_of_the_inspection_has_its_words(code):
    sick = words.in_words(inspections.Finding(code, inspections.Severity.PROBLEM, SICK[code]))
    fine = words.in_words(inspections.Finding(code, inspections.Severity.OK, SICK[code]))
    assert sick.advice
    assert not fine.advice
    assert sick.sentence != fine.sentence
    assert "{" not in sick.sentence + sick.advice + fine.sentence


def test_no_finding_of_the_inspection_is_without_words(prepared):
    assert set(words._WORDS) == set(SICK)
    with prepared.wordpress() as session:
        found = {finding.code for finding in inspections.inspect_installation(session, prepared.tables)}
    found |= {finding.code for finding in inspections.check_server({})}
    assert found <= set(SICK)
