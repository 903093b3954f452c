"""`gatepost mail`: what mails say, and what comes back."""

import tomllib

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from sidecar.cli import gatepost
from sidecar.mail.defaults import default_text
from sidecar.members.store_addresses import mark_address
from tests.house import NOW
from tests.mail.smtp_stand_in import mail_server
from tests.mail.test_reports import a_report


def piped(there, raw, *arguments):
    """With something on standard input."""
    command = ["--config", str(there.config_path), *arguments]
    return CliRunner().invoke(gatepost, command, input=raw)


def test_all_mails_are_listed_with_whose_words_they_are_in(prepared):
    output = prepared.did("mail", "templates", "list")
    assert output.count("default") == 26
    assert "payment_failed" in output
    assert "par défaut" in prepared.did("mail", "templates", "list", language="fr")


def test_what_is_shown_can_be_changed_and_set_and_taken_back(prepared, tmp_path):
    shown = prepared.did("mail", "templates", "show", "welcome")
    assert shown.startswith("Welcome: [MM_Mail_Data name='product']\n\n<p>")
    file = tmp_path / "welcome.html"
    file.write_text(shown.replace("Welcome:", "Come in:"), "utf-8")
    assert "Version 1" in prepared.did("mail", "templates", "set", "welcome", "--file", str(file))
    assert prepared.did("mail", "templates", "show", "welcome").startswith("Come in:")
    assert prepared.did("mail", "templates", "show", "welcome", "--default").startswith("Welcome:")
    assert prepared.did("mail", "templates", "show", "welcome", "--language", "fr").startswith("Bienvenue")
    assert "own" in prepared.did("mail", "templates", "list")
    assert "Version 2" in prepared.did("mail", "templates", "reset", "welcome")
    assert prepared.did("mail", "templates", "show", "welcome").startswith("Welcome:")
    assert "Version 3" in prepared.did("mail", "templates", "set", "welcome", "--version", "1")
    versions = prepared.did("mail", "templates", "show", "welcome", "--versions")
    assert [line.split()[:2] for line in versions.splitlines()[1:]] == [
        ["3", "own"],
        ["2", "default"],
        ["1", "own"],
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_shown_is_the_text_to_the_letter(prepared, tmp_path, language):
    for kind in ("welcome", "canceled"):
        file = tmp_path / kind
        file.write_text(prepared.did("mail", "templates", "show", kind, "--language", language), "utf-8")
        prepared.did("mail", "templates", "set", kind, "--language", language, "--file", str(file))
        shown = prepared.did("mail", "templates", "show", kind, "--language", language)
        text = default_text(kind, language)
        assert shown == f"{text.subject}\n\n{text.body}"


def test_lint_looks_at_the_texts_of_mails_too(prepared, tmp_path):
    prepared.did("level", "add", "Gold")
    file = tmp_path / "welcome"
    file.write_text("Hi\n\n<p>x</p>\n[MM_Member_Decision membershipId='1']x[/MM_Member_Decision]", "utf-8")
    prepared.did("mail", "templates", "set", "welcome", "--file", str(file))
    assert "fine" in prepared.did("lint") or "0" in prepared.did("lint")
    with prepared.wordpress() as session:
        session.execute(sa.text("UPDATE gatepost_mail_texts SET body = '[MM_Mail_Data name=''amont'']'"))
    result = prepared.run("lint")
    assert result.exit_code == 1
    assert "mail welcome (en):1:1: problem: name cannot be “amont”. Did you mean “amount”?" in result.output


def test_a_text_can_come_from_the_pipe_and_what_is_wrong_in_it_is_said_with_its_place(prepared):
    result = piped(
        prepared, "Hi\n\n<p>[MM_Mail_Dta]</p>\n<form>", "mail", "templates", "set", "receipt", "--file", "-"
    )
    assert result.exit_code == 1
    assert "line 1, column 4: There is no tag [MM_Mail_Dta]. Did you mean [MM_Mail_Data]?" in result.output
    assert "line 2, column 1: <form> has no place in a mail" in result.output
    assert (
        piped(prepared, "Hi\n\n<p>x</p>", "mail", "templates", "set", "receipt", "--file", "-").exit_code == 0
    )
    assert prepared.did("mail", "templates", "show", "receipt") == "Hi\n\n<p>x</p>\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "alarm"), ("set", "welcome"), ("set", "welcome", "--version", "7"), ("reset", "welcome"), ("show", "welcome", "--version", "7"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_an_error_in_one_line(prepared, arguments):
    result = prepared.run("mail", "templates", *arguments)
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1


def test_a_report_from_the_pipe_never_makes_the_mail_server_send_it_back(prepared):
    host = (
        tomllib.loads(prepared.config_path.read_text())["site"]["url"].partition("://")[2].partition(":")[0]
    )
    for raw, said in (
        (b"", "no report"),
        (b"\xff" * 100, "no report"),
        (a_report(host=host), "Nothing is known"),
    ):
        result = piped(prepared, raw, "mail", "bounce")
        assert (result.exit_code, said in result.output) == (0, True), result.output


def test_a_report_is_handed_over_again_while_the_database_is_away(installation):
    text = installation.config_path.read_text()
    host = tomllib.loads(text)["site"]["url"].partition("://")[2].partition(":")[0]
    installation.config_path.write_text(
        text.replace(tomllib.loads(text)["database"]["url"], "sqlite:////nowhere/at/all.db")
    )
    assert piped(installation, a_report(host=host), "mail", "bounce").exit_code == 75


def test_addresses_that_bounce_are_listed_and_written_to_again(prepared):
    with prepared.wordpress() as session:
        mark_address(session, "alice@example.test", "550 5.1.1 No\x1b[31m such user", NOW)
    output = prepared.did("mail", "bounces")
    assert "alice@example.test" in output
    assert "\x1b" not in output
    prepared.did("mail", "write-again", "Alice@example.test")
    assert prepared.run("mail", "write-again", "alice@example.test").exit_code == 1


def test_the_doctor_asks_the_mail_server_and_names_what_it_says(prepared):
    with mail_server() as server:
        more = f'\n[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\nfrom_address = "club@club.test"\n'
        prepared.config_path.write_text(prepared.config_path.read_text() + more)
        assert "mail: The mail server 127.0.0.1 takes our mails." in prepared.run("doctor").stdout
        assert server.received == []
    result = prepared.run("doctor")
    assert "problem   mail: The mail server 127.0.0.1 takes no mails: ConnectionRefusedError" in result.stdout
