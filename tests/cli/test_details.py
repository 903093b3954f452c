"""Custom fields, contacts and employees on the command line."""

import pytest

from sidecar.access.store import list_level_pages
from sidecar.db import reading
from tests.wordpress.builders import a_post, a_user


@pytest.fixture
def club(prepared):
    """With a level, a member called anna and a user called ruth."""
    prepared.did("level", "add", "Gold")
    with prepared.wordpress() as session:
        a_user(session, prepared.tables, user_login="anna", user_email="anna@club.test")
        a_user(session, prepared.tables, user_login="ruth", user_email="ruth@club.test")
        prepared.post = a_post(session, prepared.tables, post_title="Gold home")
    prepared.did("member", "add", "anna", "--level", "Gold")
    return prepared


def test_a_field_is_made_listed_and_filled_in(club):
    assert "1" in club.did("field", "add", "Favourite wood")
    club.did("field", "add", "Letter", "--checkbox")
    assert "case à cocher" in club.did("field", "list", language="fr")
    club.did("field", "set", "anna", "Favourite wood", "Oak")
    club.did("field", "set", "anna", "2", "yes")
    output = club.did("member", "contact", "anna")
    assert "Oak" in output
    assert "mm_cb_on" in output


def test_contact_lines_are_changed_one_by_one(club):
    club.did("member", "contact", "anna", "phone=555 0100", "billing_city=Lyon")
    output = club.did("member", "contact", "anna", "phone=555 0101")
    assert "555 0101" in output
    assert "Lyon" in output


@pytest.mark.parametrize(
    "arguments",
    [
        ("field", "add", " "),
        ("field", "set", "anna", "nothing", "x"),
        ("field", "set", "ruth", "1", "x"),
        ("member", "contact", "anna", "phone"),
        ("member", "contact", "anna", "user_pass=x"),
        ("member", "contact", "nobody"),
        ("employee", "remove", "anna"),
        ("employee", "add", "nobody"),
        ("page", "set", "homepage", "1", "--level", "Platinum"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(club, arguments):
    result = club.run(*arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_employees_are_listed_and_taken_off(club):
    club.did("employee", "add", "ruth", "--phone", "555 0199")
    output = club.did("employee", "list")
    assert "ruth" in output
    assert "default" in output
    club.did("employee", "remove", "ruth")
    assert "ruth" not in club.did("employee", "list")


def test_a_level_has_a_page_of_its_own(club):
    club.did("page", "set", "homepage", str(club.post), "--level", "Gold")
    with club.here.at_work(), reading() as reader:
        assert list_level_pages(reader) == {(1, "homepage"): club.post}
    assert "Gold" in club.did("page", "list")
