"""Locked and canceled members are kept out at every door; everybody else is let in when nobody can be asked."""

import pytest
import requests

from tests.bed.site import Site
from tests.bridge.conftest import in_web_server
from tests.bridge.scripted_sidecar import (
    Failure,
    HalfBody,
    Hang,
    Rubbish,
    ScriptedSidecar,
    Stale,
    Unsigned,
    WrongSecret,
    a_page,
)

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)

LOCKED = {"allow": False, "code": 100031, "message": "Your account is <locked>."}


def log_in_by_form(site: Site, name: str) -> requests.Response:
    return site.post(
        "/wp-login.php",
        data={"log": name, "pwd": f"{name}-pass", "testcookie": "1"},
        cookies={"wordpress_test_cookie": "WP%20Cookie%20check"},
    )


def count_sessions(site: Site, user: int) -> int:
    return int(site.php(f"echo count(WP_Session_Tokens::get_instance({user})->get_all());"))


def application_password(site: Site, user: int) -> str:
    """A new application password of the user; WordPress wants to be told that http is safe here."""
    site.constants(WP_ENVIRONMENT_TYPE="local")
    return site.php(
        f"echo WP_Application_Passwords::create_new_application_password({user}, array('name' => 'phone'))[0];"
    )


@VERSIONS
def test_a_locked_member_cannot_log_in_and_reads_why(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")
    sidecar.answer("/bridge/v1/login", LOCKED)

    answer = log_in_by_form(paired_site, "alice")

    assert answer.status_code == 200
    assert "Your account is &lt;locked&gt;." in answer.text
    assert not any(cookie.name.startswith("wordpress_logged_in") for cookie in answer.cookies)
    (request,) = sidecar.requests_to("/bridge/v1/login")
    assert request.body == {"user": alice, "ip": "127.0.0.1", "how": "password", "language": "en_US"}
    assert sidecar.events("login") == []
    assert paired_site.log() == ""


@VERSIONS
def test_an_allowed_member_logs_in(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice")

    assert log_in_by_form(paired_site, "alice").status_code == 302
    assert len(sidecar.requests_to("/bridge/v1/login")) == 1


def test_a_wrong_password_asks_nobody(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice", user_pass="another")

    assert log_in_by_form(paired_site, "alice").status_code == 200
    assert sidecar.requests_to("/bridge/v1/login") == []


def test_a_refusal_ends_the_other_sessions_too(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")
    paired_site.cookies("alice")
    assert count_sessions(paired_site, alice) == 1
    sidecar.answer("/bridge/v1/login", LOCKED)

    log_in_by_form(paired_site, "alice")

    assert count_sessions(paired_site, alice) == 0


@VERSIONS
def test_an_administrator_is_never_refused(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.answer("/bridge/v1/login", LOCKED)
    sidecar.answer("/bridge/v1/page", a_page(viewer={"session": "end", "code": 100031, "url": "/"}))

    assert log_in_by_form(paired_site, "admin").status_code == 302
    assert paired_site.get("/wp-admin/", user="admin").status_code == 200
    in_web_server(
        paired_site,
        "Gatepost\\handle_answer(array('viewer' => array('session' => 'end', 'code' => 1, 'url' => '/')));",
        user="admin",
    )
    assert paired_site.get("/wp-admin/", user="admin").status_code == 200


@pytest.mark.parametrize(
    "fault",
    [Hang(), Rubbish(), Rubbish(signed=True), Unsigned(), WrongSecret(), Stale(), HalfBody(), Failure(500)],
    ids=str,
)
def test_login_is_open_when_the_sidecar_misbehaves(
    paired_site: Site, sidecar: ScriptedSidecar, fault
) -> None:
    paired_site.user("alice")
    sidecar.answer("/bridge/v1/login", LOCKED)
    sidecar.fault = fault

    assert log_in_by_form(paired_site, "alice").status_code == 302
    assert paired_site.log() == ""


def test_login_is_open_when_the_sidecar_is_away(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice")
    sidecar.down()

    assert log_in_by_form(paired_site, "alice").status_code == 302


@pytest.mark.parametrize("answer", [{}, {"allow": "no"}, {"allow": 0}, {"allow": True, "code": 100031}])
def test_only_a_plain_no_refuses(paired_site: Site, sidecar: ScriptedSidecar, answer) -> None:
    paired_site.user("alice")
    sidecar.answer("/bridge/v1/login", answer)

    assert log_in_by_form(paired_site, "alice").status_code == 302


@VERSIONS
def test_an_application_password_of_a_locked_member_is_refused(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    password = application_password(paired_site, alice)
    me = "/?rest_route=/wp/v2/users/me"
    assert paired_site.get(me, auth=("alice", password)).json()["id"] == alice

    sidecar.answer("/bridge/v1/login", LOCKED)
    answer = paired_site.get(me, auth=("alice", password))

    assert answer.status_code in {401, 403}
    assert "Your account is" in answer.json()["message"]
    assert sidecar.requests_to("/bridge/v1/login")[-1].body["how"] == "application"
    assert paired_site.log() == ""


@VERSIONS
def test_xml_rpc_refuses_a_locked_member(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice")
    call = (
        "<?xml version='1.0'?><methodCall><methodName>wp.getProfile</methodName><params>"
        "<param><value><int>1</int></value></param><param><value><string>alice</string></value></param>"
        "<param><value><string>alice-pass</string></value></param></params></methodCall>"
    )
    assert "user_id" in paired_site.post("/xmlrpc.php", data=call, headers={"Content-Type": "text/xml"}).text

    sidecar.answer("/bridge/v1/login", LOCKED)

    assert (
        "faultCode" in paired_site.post("/xmlrpc.php", data=call, headers={"Content-Type": "text/xml"}).text
    )


@VERSIONS
def test_an_answer_that_ends_the_session_signs_out_everywhere_and_says_why(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    paired_site.mu_plugin(
        "asks",
        "add_action('template_redirect', function () { if (is_user_logged_in()) {"
        "Gatepost\\handle_answer(Gatepost\\ask('/bridge/v1/page', array('part' => 1)) ?? array()); } });",
    )
    assert paired_site.get("/", user="alice").status_code == 200
    sidecar.answer(
        "/bridge/v1/page",
        a_page(viewer={"session": "end", "code": 100031, "url": paired_site.url + "/error/"}),
    )

    answer = paired_site.get("/", user="alice")

    assert answer.status_code == 302
    assert answer.headers["Location"] == paired_site.url + "/error/?code=100031"
    assert count_sessions(paired_site, alice) == 0
    assert "no-cache" in answer.headers["Cache-Control"]
    assert "wp-admin/" not in paired_site.get("/wp-admin/", user="alice").text
    assert paired_site.get("/wp-admin/", user="alice").status_code == 302
    assert paired_site.log() == ""


def test_an_answer_cannot_send_anybody_to_another_site(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.user("alice")
    paired_site.mu_plugin(
        "asks",
        "add_action('template_redirect', function () { if (is_user_logged_in()) {"
        "Gatepost\\handle_answer(Gatepost\\ask('/bridge/v1/page', array('part' => 1)) ?? array()); } });",
    )
    sidecar.answer(
        "/bridge/v1/page", a_page(viewer={"session": "end", "code": 100031, "url": "https://evil.example/"})
    )

    location = paired_site.get("/", user="alice").headers["Location"]

    assert location.startswith(paired_site.url + "/wp-login.php")


@VERSIONS
def test_an_old_cookie_of_a_locked_member_opens_no_administration_page(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    paired_site.cookies("alice")
    sidecar.answer("/bridge/v1/login", LOCKED)

    answer = paired_site.get("/wp-admin/profile.php", user="alice")

    assert answer.status_code == 302
    assert "code=100031" in answer.headers["Location"]
    assert count_sessions(paired_site, alice) == 0
    assert sidecar.requests_to("/bridge/v1/login")[0].body["how"] == "cookie"


@VERSIONS
def test_an_old_cookie_of_a_locked_member_opens_no_rest_route(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    nonce = in_web_server(paired_site, "echo wp_create_nonce('wp_rest');", user="alice")
    me = "/?rest_route=/wp/v2/users/me"
    sidecar.answer("/bridge/v1/login", LOCKED)

    answer = paired_site.get(me, user="alice", headers={"X-WP-Nonce": nonce})

    assert answer.status_code == 403
    assert count_sessions(paired_site, alice) == 0


def test_a_locked_member_who_reads_public_pages_is_signed_out_after_the_first(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.user("alice")
    paired_site.cookies("alice")
    sidecar.answer("/bridge/v1/login", LOCKED)

    in_web_server(paired_site, "Gatepost\\record_page_view(array('url' => '/'));", user="alice")
    sidecar.wait_for("/bridge/v1/login")

    assert in_web_server(paired_site, "echo get_current_user_id();", user="alice") == "0"


def test_a_cookie_that_was_allowed_is_asked_about_once_a_minute(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.user("alice")

    for _ in range(3):
        assert paired_site.get("/wp-admin/profile.php", user="alice").status_code == 200

    assert len(sidecar.requests_to("/bridge/v1/login")) == 1
