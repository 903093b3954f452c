"""What a member changes of himself in WordPress, on the sidecar's answer: only his own, the address only with his password."""

from tests.bed.processes import wait_until
from tests.bed.site import Site
from tests.bridge.form_sender import FormSender
from tests.bridge.scripted_sidecar import ScriptedSidecar, a_form_answer

ASKED = "/bridge/v1/form"


def user(site: Site, number: int) -> list[str]:
    return site.php(
        f"$u = get_userdata({number}); echo implode('|', array($u->first_name, $u->last_name, $u->user_email));"
    ).split("|")


def test_names_are_changed_as_the_sidecar_has_answered(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice, bob = paired_site.user("alice"), paired_site.user("bob")
    sidecar.answer(
        ASKED,
        a_form_answer(
            profile={
                "first_name": "O'Hara \\ <b>x</b>",
                "last_name": "Kern",
                "role": "administrator",
                "ID": str(bob),
            }
        ),
    )
    answer = FormSender(paired_site, "alice").send({"password": "x"}, form="myaccount", step="profile")
    assert answer.json()["state"] == "ok"
    assert "profile" not in answer.json()
    assert user(paired_site, alice) == ["O'Hara \\ x", "Kern", "alice@example.test"]
    assert user(paired_site, bob)[0] == ""
    assert paired_site.php(f"echo implode(',', get_userdata({alice})->roles);") == "subscriber"
    assert "password" not in sidecar.requests_to(ASKED)[0].body["fields"]
    assert wait_until(lambda: sidecar.events("profile") != [], within_seconds=20)
    assert paired_site.log("/plugins/gatepost/") == ""


def test_the_address_is_changed_with_the_password_alone_and_the_old_one_is_told(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    sidecar.answer(ASKED, a_form_answer(profile={"email": "new@example.test"}))
    sender = FormSender(paired_site, "alice")
    for wrong in ({}, {"password": ""}, {"password": "x"}):
        answer = sender.send(wrong, form="myaccount", step="email").json()
        assert (answer["state"], answer["errors"]) == ("error", {"password": "This password is wrong."})
    assert user(paired_site, alice)[2] == "alice@example.test"
    assert sender.send({"password": "alice-pass"}, form="myaccount", step="email").json()["state"] == "ok"
    assert user(paired_site, alice)[2] == "new@example.test"
    assert [mail["To"] for mail in paired_site.mails()] == ["alice@example.test"]
    assert sender.signed_in_as() == "alice"


def test_an_address_that_is_somebodys_is_refused(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")
    paired_site.user("bob")
    sender = FormSender(paired_site, "alice")
    for taken in ("bob@example.test", "no address"):
        sidecar.answer(ASKED, a_form_answer(profile={"email": taken}))
        answer = sender.send({"password": "alice-pass"}, form="myaccount", step="email").json()
        assert list(answer["errors"]) == ["email"]
    assert user(paired_site, alice)[2] == "alice@example.test"


def test_passwords_are_not_guessed_by_it(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice")
    sidecar.answer(ASKED, a_form_answer(profile={"email": "new@example.test"}))
    sender = FormSender(paired_site, "alice")
    for _time in range(10):
        sender.send({"password": "x"}, form="myaccount", step="email")
    answer = sender.send({"password": "alice-pass"}, form="myaccount", step="email").json()
    assert "too often" in answer["errors"]["password"]


def test_nobody_is_changed_by_an_error_or_for_a_visitor(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")
    profile = {"first_name": "Changed", "email": "new@example.test"}
    sidecar.answer(ASKED, a_form_answer(state="error", profile=profile))
    FormSender(paired_site, "alice").send({"password": "alice-pass"}, form="myaccount", step="profile")
    sidecar.answer(ASKED, a_form_answer(profile=profile))
    FormSender(paired_site).send({"password": "alice-pass"}, form="myaccount", step="profile")
    assert user(paired_site, alice) == ["", "", "alice@example.test"]
