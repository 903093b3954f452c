"""Forms by which somebody signs in or chooses a new password: WordPress does it, the sidecar sees nothing of it."""

import json
import re
from urllib.parse import urljoin, urlsplit

import pytest

from tests.bed.processes import wait_until
from tests.bed.site import Site
from tests.bridge.conftest import refetch_index
from tests.bridge.form_sender import FormSender
from tests.bridge.scripted_sidecar import ScriptedSidecar, an_index

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)
ASKED = "/bridge/v1/form"
WRONG = "The name or the password is wrong."


def send(visitor: FormSender, form: str, **fields: str) -> dict[str, object]:
    answer: dict[str, object] = visitor.send(fields, form=form, step="send").json()
    return answer


def log_in(
    visitor: FormSender, name: str = "alice", password: str = "alice-pass", **fields: str
) -> dict[str, object]:
    return send(visitor, "login", login=name, password=password, **fields)


@VERSIONS
def test_a_member_signs_in_and_the_sidecar_hears_what_it_hears_of_any_login(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    visitor = FormSender(paired_site)

    answer = log_in(visitor, redirect_to="/hello-world/?a=1")

    assert answer == {"state": "ok", "message": "", "errors": {}, "data": {}, "redirect": "/hello-world/?a=1"}
    assert visitor.signed_in_as() == "alice"
    assert sidecar.requests_to(ASKED) == []
    assert sidecar.requests_to("/bridge/v1/login")[0].body["user"] == alice
    assert "alice-pass" not in json.dumps([request.body for request in sidecar.requests])
    assert log_in(FormSender(paired_site), "alice@example.test")["state"] == "ok"
    assert paired_site.log("/plugins/gatepost/") == ""


@pytest.mark.parametrize("password", [r"""b'a\ck\\"sl'ash""", "  spaces  ", "ünï<b>&amp;"])
def test_every_password_that_the_login_page_takes_is_taken(paired_site: Site, password: str) -> None:
    user = paired_site.user("alice")
    paired_site.php("wp_set_password(wp_slash($args[0]), (int) $args[1]);", password, str(user))
    visitor = FormSender(paired_site)
    assert log_in(visitor, "alice", password)["state"] == "ok"
    page = paired_site.post(
        "/wp-login.php",
        data={"log": "alice", "pwd": password, "testcookie": "1"},
        cookies={"wordpress_test_cookie": "WP%20Cookie%20check"},
    )
    assert page.status_code == 302


def test_nobody_learns_whether_the_name_or_the_password_was_wrong(paired_site: Site) -> None:
    paired_site.user("alice")
    visitor = FormSender(paired_site)
    tries = [
        ("alice", "x"),
        ("nobody", "x"),
        ("alice@example.test", "x"),
        ("n@x.test", "x"),
        ("", ""),
        ("alice", ""),
    ]
    answers = [log_in(visitor, name, password) for name, password in tries]
    assert {answer["message"] for answer in answers} == {WRONG}
    assert visitor.signed_in_as() == ""


def test_a_locked_member_is_told_why(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice")
    sidecar.answer(
        "/bridge/v1/login", {"allow": False, "code": 100031, "message": "Your account is <locked>."}
    )
    visitor = FormSender(paired_site)
    assert "Your account is" in str(log_in(visitor)["message"])
    assert visitor.signed_in_as() == ""
    assert log_in(visitor, password="x")["message"] == WRONG


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.test/",
        "//evil.test/x",
        "/\\evil.test",
        "javascript:alert(1)",
        "https:evil.test",
        " https://evil.test",
    ],
)
def test_who_signs_in_is_led_nowhere_but_on_this_site(paired_site: Site, elsewhere: str) -> None:
    paired_site.user("alice")
    answer = log_in(FormSender(paired_site), redirect_to=elsewhere)
    assert answer["state"] == "ok"
    led_to = urlsplit(urljoin(paired_site.url, str(answer["redirect"]).replace("\\", "/")))
    assert f"{led_to.scheme}://{led_to.netloc}" == paired_site.url


def test_who_has_to_pay_lands_on_his_account_by_the_login_page_too(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.user("alice")
    account = f"{paired_site.url}/account/"
    sidecar.answer(
        "/bridge/v1/login", {"allow": True, "code": 0, "message": "", "landing": account, "must_land": True}
    )
    assert log_in(FormSender(paired_site), redirect_to="/hello-world/")["redirect"] == account
    page = paired_site.post(
        "/wp-login.php",
        data={
            "log": "alice",
            "pwd": "alice-pass",
            "testcookie": "1",
            "redirect_to": f"{paired_site.url}/wp-admin/",
        },
        cookies={"wordpress_test_cookie": "WP%20Cookie%20check"},
    )
    assert page.headers["Location"] == account
    sidecar.answer(
        "/bridge/v1/login", {"allow": True, "code": 0, "message": "", "landing": account, "must_land": False}
    )
    assert log_in(FormSender(paired_site), redirect_to="/hello-world/")["redirect"] == "/hello-world/"
    assert log_in(FormSender(paired_site))["redirect"] == account


def test_whoever_tries_too_often_waits(paired_site: Site) -> None:
    paired_site.user("alice")
    paired_site.user("bob")
    visitor = FormSender(paired_site)
    for _time in range(10):
        assert log_in(visitor, password="x")["message"] == WRONG
    assert "too often" in str(log_in(visitor)["message"])
    assert visitor.signed_in_as() == ""
    assert log_in(FormSender(paired_site), "bob", "bob-pass")["state"] == "ok"
    elsewhere = FormSender(paired_site)
    elsewhere.http.headers["X-Forwarded-For"] = "203.0.113.9"
    assert log_in(elsewhere)["state"] == "ok"


def test_one_address_tries_so_often_for_all_names_together(paired_site: Site) -> None:
    paired_site.user("alice")
    visitor = FormSender(paired_site)
    token = visitor.token("login")
    for number in range(60):
        visitor.post(
            "login", {"step": "send", "fields": {"login": f"n{number}", "password": "x"}, "token": token}
        )
    assert "too often" in str(log_in(visitor)["message"])


def test_a_form_of_this_family_needs_its_own_token(paired_site: Site) -> None:
    paired_site.user("alice")
    visitor = FormSender(paired_site)
    fields = {"login": "alice", "password": "alice-pass"}
    assert visitor.send(fields, form="login", step="send", token="").status_code == 403
    assert visitor.send(fields, form="login", step="send", token=visitor.token("checkout")).status_code == 403
    used = visitor.token("login")
    assert visitor.send(fields, form="login", step="send", token=used).json()["state"] == "ok"
    again = FormSender(paired_site)
    assert again.send(fields, form="login", step="send", token=used).status_code == 403
    assert (
        again.send(fields, form="login", step="send", headers={"Origin": "https://evil.test"}).status_code
        == 403
    )


def test_who_is_signed_in_has_nothing_to_do_there(paired_site: Site) -> None:
    paired_site.user("alice")
    paired_site.user("bob")
    alice = FormSender(paired_site, "alice")
    answer = log_in(alice, "bob", "bob-pass")
    assert answer["redirect"] == f"{paired_site.url}/"
    assert alice.signed_in_as() == "alice"


# --- a forgotten password ---------------------------------------------------------------------------------------------


def link_in(site: Site) -> str:
    """The link of the last mail that holds a key. It is sent after the answer."""
    assert wait_until(site.mails, within_seconds=20)
    text = site.mails()[-1].get_content()
    return next(url for url in re.findall(r"https?://[^\s<>]+", text) if "key=" in url or "reset=" in url)


@VERSIONS
def test_a_new_password_is_chosen_by_a_link_in_wordpresss_mail(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.user("alice")
    page = paired_site.new_post("New password", "[MM_Form type='resetPassword']", type="page")
    sidecar.answer("/bridge/v1/index", an_index(2, core_pages={"resetpassword": page}))
    refetch_index(paired_site)
    visitor = FormSender(paired_site)

    asked = send(visitor, "forgotPassword", login="alice@example.test")

    assert asked["state"] == "ok"
    link = link_in(paired_site)
    assert link.startswith(f"{paired_site.url}/new-password/#gatepost-reset=")
    key, login = re.fullmatch(r".*#gatepost-reset=([^&]+)&login=(.+)", link).groups()  # type: ignore[union-attr]
    assert login == "alice"
    fields = {"login": login, "password_key": key}
    short = send(visitor, "resetPassword", **fields, password="short", password_again="short")
    assert short["errors"] == {"password": "Please choose a password of at least 8 characters."}
    differs = send(visitor, "resetPassword", **fields, password="long enough", password_again="long enouhg")
    assert differs["errors"] == {"password_again": "The two passwords are not the same."}
    done = send(
        visitor, "resetPassword", **fields, password="l'ong \\enough", password_again="l'ong \\enough"
    )
    assert done["state"] == "ok"
    assert log_in(visitor, "alice", "l'ong \\enough")["state"] == "ok"
    again = send(
        FormSender(paired_site),
        "resetPassword",
        **fields,
        password="other enough",
        password_again="other enough",
    )
    assert "does not count any more" in str(again["message"])
    assert key not in json.dumps([request.body for request in sidecar.requests])
    assert paired_site.log("/plugins/gatepost/") == ""


def test_without_a_page_of_the_owners_wordpresss_link_stays(paired_site: Site) -> None:
    paired_site.user("alice")
    send(FormSender(paired_site), "forgotPassword", login="alice")
    assert "/wp-login.php?" in link_in(paired_site)


def test_nobody_learns_whether_there_is_an_account(paired_site: Site) -> None:
    paired_site.user("alice")
    visitor = FormSender(paired_site)
    answers = [
        visitor.send({"login": name}, form="forgotPassword", step="send")
        for name in ("alice", "nobody", "alice@example.test", "nobody@example.test", "<b>'")
    ]
    assert len({answer.text for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}


def test_a_key_counts_for_its_own_user_alone(paired_site: Site) -> None:
    paired_site.user("alice")
    bob = paired_site.user("bob")
    key = paired_site.php(f"echo get_password_reset_key(get_userdata({bob}));")
    fields = {"password": "long enough", "password_again": "long enough"}
    visitor = FormSender(paired_site)
    for wrong in (
        {"login": "alice", "password_key": key},
        {"login": "bob", "password_key": ""},
        {"login": "", "password_key": key},
    ):
        assert send(visitor, "resetPassword", **fields, **wrong)["state"] == "error"
    assert log_in(visitor, "bob", "bob-pass")["state"] == "ok"


def test_a_plugin_that_wants_a_stronger_password_is_heard(paired_site: Site) -> None:
    bob = paired_site.user("bob")
    paired_site.mu_plugin(
        "strong",
        "add_action('validate_password_reset', function ($e) { $e->add('weak', 'Too <b>weak</b>.'); });",
    )
    key = paired_site.php(f"echo get_password_reset_key(get_userdata({bob}));")
    answer = send(
        FormSender(paired_site),
        "resetPassword",
        login="bob",
        password_key=key,
        password="long enough",
        password_again="long enough",
    )
    assert answer["errors"] == {"password": "Too weak."}
    assert log_in(FormSender(paired_site), "bob", "bob-pass")["state"] == "ok"
