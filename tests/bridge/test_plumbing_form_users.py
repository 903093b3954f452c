"""Users that a checkout makes: by WordPress's own functions, once, without power, and signed in only where they were made."""

import json
from typing import Any

import pytest

from tests.bed.processes import wait_until
from tests.bed.site import Site
from tests.bridge.conftest import in_web_server
from tests.bridge.form_sender import FormSender
from tests.bridge.scripted_sidecar import Json, Request, ScriptedSidecar, a_form_answer

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)

ASKED = "/bridge/v1/form"
ANNA = {"email": "anna@example.test", "first_name": "Anna", "last_name": "O'Neil \\ Söhne", "login": ""}


class Checkout:
    """A sidecar's checkout that needs a user before it sells."""

    def __init__(self, sidecar: ScriptedSidecar, **user: str) -> None:
        self.user = {**ANNA, **user}
        self.then: Json | tuple[int, Json] = a_form_answer(message="Welcome.")
        self.signs_in: bool | int = False  # True: the user whom the bridge has made
        self.created: list[int | None] = []  # what each call said of it
        sidecar.answer(ASKED, self.answer)

    def answer(self, request: Request) -> Json | tuple[int, Json]:
        """Need a user where there is none, else answer `then`."""
        created = request.body["created_user"]
        self.created.append(created)
        if created is None and request.body["viewer"] is None:
            return a_form_answer("need_user", data={"user": self.user})
        if self.signs_in and isinstance(self.then, dict):
            return {**self.then, "sign_in": created if self.signs_in is True else self.signs_in}
        return self.then


@pytest.fixture
def checkout(sidecar: ScriptedSidecar) -> Checkout:
    """The checkout that wants Anna."""
    return Checkout(sidecar)


def user_of(site: Site, email: str) -> dict[str, Any]:
    """What WordPress knows of the user with this address; empty when there is none."""
    found: dict[str, Any] = json.loads(
        site.php(
            "$user = get_user_by('email', $args[0]); echo wp_json_encode($user ? array('id' => $user->ID,"
            "'login' => $user->user_login, 'first_name' => $user->first_name, 'last_name' => $user->last_name,"
            "'roles' => array_values($user->roles)) : new stdClass());",
            email,
        )
    )
    return found


def can_sign_in(site: Site, login: str, password: str) -> bool:
    answer = site.post("/wp-login.php", data={"log": login, "pwd": password})
    return any(name.startswith("wordpress_logged_in") for name in answer.cookies.get_dict())


def count_users(site: Site) -> int:
    return int(site.php("echo count_users()['total_users'];"))


@VERSIONS
def test_a_user_is_made_and_the_call_repeated_once_with_his_id(
    paired_site: Site, sidecar: ScriptedSidecar, checkout: Checkout
) -> None:
    answer = FormSender(paired_site).send({"email": ANNA["email"]})

    anna = user_of(paired_site, ANNA["email"])
    assert answer.json()["state"] == "ok"
    assert answer.json()["message"] == "Welcome."
    assert anna == {
        "id": anna["id"],
        "login": "anna",
        "first_name": "Anna",
        "last_name": "O'Neil \\ Söhne",
        "roles": ["subscriber"],
    }
    assert checkout.created == [None, anna["id"]]
    assert paired_site.log("/plugins/gatepost/") == ""


@VERSIONS
def test_the_password_that_was_chosen_counts_from_the_payment_on(
    paired_site: Site, checkout: Checkout, sidecar: ScriptedSidecar
) -> None:
    password = 'it\'s "8\\9" long'
    visitor = FormSender(paired_site)

    visitor.send({"email": ANNA["email"], "password": password})
    before = can_sign_in(paired_site, "anna", password)
    checkout.signs_in = True
    visitor.send({"email": ANNA["email"]}, step="finish")

    assert (before, can_sign_in(paired_site, "anna", password)) == (False, True)
    assert visitor.signed_in_as() == "anna"
    assert all(b"long" not in request.raw for request in sidecar.requests_to(ASKED))


@pytest.mark.parametrize("chosen", [{}, {"password": "long enough"}])
def test_whoever_owns_the_address_gets_wordpresss_mail_that_lets_him_set_a_password(
    paired_site: Site, checkout: Checkout, chosen: dict[str, str]
) -> None:
    FormSender(paired_site).send({"email": ANNA["email"], **chosen})

    assert wait_until(lambda: len(paired_site.mails()) > 0, within_seconds=10)
    (mail,) = paired_site.mails()
    assert mail["To"] == ANNA["email"]
    assert "action=rp" in mail.get_content()


def test_a_short_password_is_said_beside_its_field_and_makes_nobody(
    paired_site: Site, checkout: Checkout
) -> None:
    visitor = FormSender(paired_site)
    token = visitor.token()

    answer = visitor.send({"password": "  short  "}, token=token)

    assert answer.json()["state"] == "error"
    assert answer.json()["errors"] == {"password": "Please choose a password of at least 8 characters."}
    assert user_of(paired_site, ANNA["email"]) == {}
    assert visitor.send({"password": "long enough"}, token=token).json()["state"] == "ok"


def test_an_address_that_belongs_to_somebody_asks_to_sign_in_first(
    paired_site: Site, checkout: Checkout
) -> None:
    paired_site.user("somebody", user_email=ANNA["email"])

    answer = FormSender(paired_site).send()

    assert answer.json()["state"] == "error"
    assert list(answer.json()["errors"]) == ["email"]
    assert "sign in first" in answer.json()["errors"]["email"]
    assert "somebody" not in answer.text
    assert checkout.created == [None]


@pytest.mark.parametrize("email", ["", "anna", "anna@"])
def test_an_address_that_is_none_is_refused(paired_site: Site, sidecar: ScriptedSidecar, email: str) -> None:
    Checkout(sidecar, email=email)

    assert "valid e-mail" in FormSender(paired_site).send().json()["errors"]["email"]
    assert count_users(paired_site) == 1


def test_a_wanted_name_is_taken_where_it_is_free_and_said_to_be_unusable_where_it_is_not(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.user("anna")
    Checkout(sidecar, email="a1@example.test", login="anna")

    chosen = FormSender(paired_site).send({"login": "anna"})
    assert "another one" in chosen.json()["errors"]["login"]
    FormSender(paired_site).send()  # the form did not ask for a name
    assert user_of(paired_site, "a1@example.test")["login"] == "anna2"
    Checkout(sidecar, email="a2@example.test", login="Anna Karenina")
    FormSender(paired_site).send({"login": "Anna Karenina"})
    assert user_of(paired_site, "a2@example.test")["login"] == "Anna Karenina"


@pytest.mark.parametrize(
    ("default", "given"),
    [
        ("contributor", "contributor"),
        ("administrator", "subscriber"),
        ("editor", "subscriber"),
        ("gone", "subscriber"),
    ],
)
def test_the_sites_default_role_is_given_unless_it_rules(
    paired_site: Site, checkout: Checkout, default: str, given: str
) -> None:
    paired_site.option("default_role", default)

    FormSender(paired_site).send()

    assert user_of(paired_site, ANNA["email"])["roles"] == [given]


def test_when_the_second_call_fails_the_user_stays_and_the_same_token_goes_on_with_him(
    paired_site: Site, checkout: Checkout
) -> None:
    visitor = FormSender(paired_site)
    token = visitor.token()
    fields = {"email": ANNA["email"], "password": "long enough"}
    checkout.then = (503, {"error": "unavailable", "message": ""})

    failed = visitor.send(fields, token=token)
    anna = user_of(paired_site, ANNA["email"])
    checkout.then = a_form_answer()
    repeated = visitor.send(fields, token=token)

    assert (failed.status_code, repeated.json()["state"]) == (503, "ok")
    assert checkout.created == [None, anna["id"], anna["id"]]
    assert count_users(paired_site) == 2


def test_an_address_that_is_corrected_meanwhile_makes_another_user(
    paired_site: Site, checkout: Checkout
) -> None:
    visitor = FormSender(paired_site)
    token = visitor.token()
    checkout.then = a_form_answer("error", errors={"coupon": "No."})
    visitor.send({"email": ANNA["email"]}, token=token)
    checkout.user["email"] = "anne@example.test"
    checkout.then = a_form_answer()

    visitor.send({"email": "anne@example.test"}, token=token)

    anne = user_of(paired_site, "anne@example.test")
    assert checkout.created[2:] == [None, anne["id"]]


def test_with_a_fresh_token_the_same_browser_goes_on_and_another_does_not(
    paired_site: Site, checkout: Checkout
) -> None:
    visitor, charlie = FormSender(paired_site), FormSender(paired_site)
    visitor.send()

    again = visitor.send()
    by_charlie = charlie.send()

    anna = user_of(paired_site, ANNA["email"])
    assert again.json()["state"] == "ok"
    assert checkout.created == [None, anna["id"], anna["id"], None]
    assert "sign in first" in by_charlie.json()["errors"]["email"]


@VERSIONS
def test_the_made_user_is_signed_in_at_once(
    paired_site: Site, sidecar: ScriptedSidecar, checkout: Checkout
) -> None:
    visitor = FormSender(paired_site)
    checkout.signs_in = True

    visitor.send({"password": "long enough"})

    assert visitor.signed_in_as() == "anna"
    assert visitor.credential().json()["signed_in"] is True
    assert [event["user"] for event in sidecar.events("login")] == [user_of(paired_site, ANNA["email"])["id"]]
    assert paired_site.log("/plugins/gatepost/") == ""


def test_he_may_be_signed_in_by_a_later_step_once(
    paired_site: Site, sidecar: ScriptedSidecar, checkout: Checkout
) -> None:
    visitor, charlie = FormSender(paired_site), FormSender(paired_site)
    visitor.send()
    charlie.token()
    anna = user_of(paired_site, ANNA["email"])["id"]
    sidecar.answer(ASKED, a_form_answer(sign_in=anna))

    charlie.send(step="finish")
    visitor.send(step="finish")

    assert charlie.signed_in_as() == ""
    assert visitor.signed_in_as() == "anna"
    next_person = FormSender(paired_site)  # at the same browser, after Anna has signed out
    next_person.http.cookies.set("gatepost_form", visitor.http.cookies["gatepost_form"])
    next_person.send(step="finish")
    assert next_person.signed_in_as() == ""


def test_nobody_else_is_ever_signed_in(
    paired_site: Site, sidecar: ScriptedSidecar, checkout: Checkout
) -> None:
    bob = paired_site.user("bob")
    visitor = FormSender(paired_site)

    for user in (bob, 1):
        checkout.signs_in = user
        visitor.send()
        assert visitor.signed_in_as() == ""


def test_what_a_browser_session_knows_of_its_user_runs_out_and_is_never_prolonged(
    paired_site: Site, sidecar: ScriptedSidecar, checkout: Checkout
) -> None:
    visitor = FormSender(paired_site)
    visitor.send()
    anna = user_of(paired_site, ANNA["email"])["id"]
    in_web_server(
        paired_site,
        f"$_COOKIE['gatepost_form'] = '{visitor.http.cookies['gatepost_form']}';"
        "$record = Gatepost\\made_record(); $record['at'] -= 7200 - 3;"
        "Gatepost\\memory('forms')->remember(Gatepost\\made_key(), $record, 7200);",
    )
    visitor.send()
    in_web_server(paired_site, "sleep(4);")

    again = visitor.send()
    sidecar.answer(ASKED, a_form_answer(sign_in=anna))
    visitor.send(step="finish")

    assert checkout.created == [None, anna, anna, None]
    assert "sign in first" in again.json()["errors"]["email"]
    assert visitor.signed_in_as() == ""


def test_who_has_set_a_password_himself_is_no_longer_his_makers(
    paired_site: Site, sidecar: ScriptedSidecar, checkout: Checkout
) -> None:
    visitor = FormSender(paired_site)
    visitor.send({"email": ANNA["email"], "password": "the maker's"})
    anna = user_of(paired_site, ANNA["email"])["id"]
    paired_site.php(f"wp_set_password('her own', {anna});")
    sidecar.answer(ASKED, a_form_answer(sign_in=anna))

    visitor.send(step="finish")

    assert visitor.signed_in_as() == ""
    assert can_sign_in(paired_site, "anna", "her own")
    assert not can_sign_in(paired_site, "anna", "the maker's")


def test_a_made_user_who_has_got_power_meanwhile_is_not_signed_in(
    paired_site: Site, sidecar: ScriptedSidecar, checkout: Checkout
) -> None:
    visitor = FormSender(paired_site)
    visitor.send()
    anna = user_of(paired_site, ANNA["email"])["id"]
    paired_site.php(f"get_userdata({anna})->add_role('editor');")
    sidecar.answer(ASKED, a_form_answer(sign_in=anna))

    visitor.send(step="finish")

    assert visitor.signed_in_as() == ""


def test_a_member_needs_no_user(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice")
    sidecar.answer(ASKED, a_form_answer("need_user", data={"user": ANNA}))

    answer = FormSender(paired_site, "alice").send()

    assert answer.status_code == 503
    assert count_users(paired_site) == 2
