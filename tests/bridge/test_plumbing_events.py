"""What WordPress tells and the bridge hands on: logins, profiles, roles, users that are gone."""

import json
from typing import Any

import pytest

from tests.bed.processes import wait_until
from tests.bed.site import Site
from tests.bridge.conftest import in_web_server, install_bridge
from tests.bridge.scripted_sidecar import ScriptedSidecar, Slow

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)


def log_in_by_form(site: Site, name: str, password: str, **options: Any) -> Any:
    return site.post(
        "/wp-login.php",
        data={"log": name, "pwd": password, "testcookie": "1"},
        cookies={"wordpress_test_cookie": "WP%20Cookie%20check"},
        **options,
    )


def events_after(site: Site, sidecar: ScriptedSidecar, code: str) -> list[dict[str, Any]]:
    """Run code in the web server and give the events it caused."""
    sidecar.forget()
    in_web_server(site, code)
    sidecar.wait_for("/bridge/v1/events")
    return sidecar.events()


@VERSIONS
def test_a_login_is_told_after_the_response(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")
    sidecar.forget()

    answer = log_in_by_form(
        paired_site, "alice", "alice-pass", headers={"X-Forwarded-For": "192.0.2.7, 10.0.0.1"}
    )

    assert answer.status_code == 302
    sidecar.wait_for("/bridge/v1/events")
    (event,) = sidecar.events("login")
    assert event["user"] == alice
    assert event["ip"] == "127.0.0.1"
    assert event["data"] == {"name": "alice", "forwarded": "192.0.2.7, 10.0.0.1"}
    assert len(event["id"]) == 32
    assert paired_site.log() == ""


@VERSIONS
def test_a_failed_login_is_told_with_the_name_that_was_tried(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    sidecar.forget()

    log_in_by_form(paired_site, "alice", "a wrong one")

    sidecar.wait_for("/bridge/v1/events")
    (event,) = sidecar.events()
    assert (event["kind"], event["user"]) == ("login_failed", alice)
    assert event["data"] == {"name": "alice", "reason": "incorrect_password"}
    assert b"a wrong one" not in sidecar.requests_to("/bridge/v1/events")[0].raw


def test_a_failed_login_by_a_name_that_is_nobodys_and_one_that_the_sidecar_refused_say_so(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")
    sidecar.answer("/bridge/v1/login", {"allow": False, "code": 100031, "message": "Your account is locked."})
    sidecar.forget()

    log_in_by_form(paired_site, "nobody", "x")
    log_in_by_form(paired_site, "alice", "alice-pass")

    assert wait_until(lambda: len(sidecar.events("login_failed")) == 2, within_seconds=20)
    told = [(event["user"], event["data"]) for event in sidecar.events("login_failed")]
    assert told == [
        (None, {"name": "nobody", "reason": "invalid_username"}),
        (alice, {"name": "alice", "reason": "gatepost_refused"}),
    ]


@VERSIONS
def test_a_logout_is_told(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")
    paired_site.cookies("alice")

    (event,) = events_after(paired_site, sidecar, f"wp_set_current_user({alice}); wp_logout();")

    assert (event["kind"], event["user"]) == ("logout", alice)


@VERSIONS
def test_a_changed_profile_is_told_once_by_the_names_of_its_fields(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice", first_name="Alice")

    (event,) = events_after(
        paired_site,
        sidecar,
        f"wp_update_user(array('ID' => {alice}, 'user_email' => 'new@example.test', 'first_name' => 'Alicia'));"
        f"update_user_meta({alice}, 'last_name', 'Secretname'); update_user_meta({alice}, 'unrelated', 1);",
    )

    assert (event["kind"], event["user"]) == ("profile", alice)
    assert event["data"] == {"fields": ["first_name", "last_name", "user_email"]}
    assert b"Secretname" not in sidecar.requests_to("/bridge/v1/events")[0].raw


def test_a_changed_password_is_told_by_name_alone(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")

    (event,) = events_after(
        paired_site, sidecar, f"wp_update_user(array('ID' => {alice}, 'user_pass' => 'another-pass'));"
    )

    assert event["data"] == {"fields": ["user_pass"]}
    assert b"another-pass" not in sidecar.requests_to("/bridge/v1/events")[0].raw


@VERSIONS
def test_a_deleted_user_is_told_once(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    alice = paired_site.user("alice")

    events = events_after(
        paired_site, sidecar, f"require_once ABSPATH . 'wp-admin/includes/user.php'; wp_delete_user({alice});"
    )

    assert [(event["kind"], event["user"]) for event in events] == [("user_deleted", alice)]


@VERSIONS
def test_changed_roles_are_told_once_as_they_are_at_the_end(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    alice = paired_site.user("alice")

    (event,) = events_after(
        paired_site,
        sidecar,
        f"$user = get_userdata({alice}); $user->set_role('author'); $user->add_role('contributor');"
        "$user->remove_role('author');",
    )

    assert (event["kind"], event["data"]) == ("role", {"roles": ["contributor"]})


def test_a_robot_that_guesses_a_thousand_times_in_one_request_fills_nothing(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    events = events_after(
        paired_site,
        sidecar,
        "for ($i = 0; $i < 1000; $i++) { do_action('wp_login_failed', \"n$i\", new WP_Error()); }",
    )

    assert len(events) == 200


def test_the_address_is_the_connections_whatever_headers_claim(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    paired_site.mu_plugin("address", "if (isset($_GET['bad'])) { $_SERVER['REMOTE_ADDR'] = 'unknown, \"x'; }")

    sidecar.forget()
    log_in_by_form(
        paired_site,
        "nobody",
        "x",
        headers={"X-Forwarded-For": "1.1.1.1\x80, " * 90 + "198.51.100.7", "Client-Ip": "1.1.1.1"},
    )
    paired_site.get("/?bad=1")

    sidecar.wait_for("/bridge/v1/events")
    (event,) = sidecar.events()
    assert event["ip"] == "127.0.0.1"
    assert event["data"]["forwarded"].startswith("1.1.1.1, 1.1.1.1")
    assert event["data"]["forwarded"].endswith(", 198.51.100.7")
    assert len(event["data"]["forwarded"]) <= 500


def test_an_address_that_is_none_is_empty(paired_site: Site) -> None:
    assert paired_site.php(
        "$_SERVER['REMOTE_ADDR'] = 'unknown'; var_dump(Gatepost\\client_ip());"
    ).strip() == ('string(0) ""')
    assert paired_site.php("unset($_SERVER['REMOTE_ADDR']); var_dump(Gatepost\\client_ip());").strip() == (
        'string(0) ""'
    )


def test_the_visitor_does_not_wait_for_events(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.faults["/bridge/v1/events"] = Slow(1.2)

    seconds = log_in_by_form(paired_site, "nobody", "x").elapsed.total_seconds()

    assert seconds < 1
    sidecar.wait_for("/bridge/v1/events")


def test_a_site_that_is_not_paired_keeps_no_events(site: Site) -> None:
    install_bridge(site)
    site.activate("gatepost")

    in_web_server(site, "Gatepost\\note_failed_login('nobody');")

    assert site.php("echo Gatepost\\count_spool();") == "0"
    assert site.log() == ""


def test_the_viewer_is_wordpresss_own_and_a_visitor_is_null(paired_site: Site) -> None:
    alice = paired_site.user("alice", first_name="Alice")
    show = "echo wp_json_encode(Gatepost\\viewer());"

    assert in_web_server(paired_site, show) == "null"
    assert json.loads(in_web_server(paired_site, show, user="alice")) == {
        "user": alice, "roles": ["subscriber"], "administrator": False, "login": "alice",
        "email": "alice@example.test", "first_name": "Alice", "last_name": "",
    }  # fmt: skip
    admin = json.loads(in_web_server(paired_site, show, user="admin"))
    assert (admin["user"], admin["roles"], admin["administrator"]) == (1, ["administrator"], True)
    assert paired_site.php(f"wp_set_current_user({alice}); {show}") == "null"


def test_a_feed_a_cron_run_and_rest_with_a_bare_cookie_have_no_viewer(paired_site: Site) -> None:
    paired_site.user("alice")
    paired_site.mu_plugin(
        "shows",
        "add_action('rss2_head', function () { echo '<viewer>' . wp_json_encode(Gatepost\\viewer()) . '</viewer>'; });"
        "add_action('rest_api_init', function () { register_rest_route('t/v1', '/viewer', array("
        "'permission_callback' => '__return_true', 'callback' => function () { return array(Gatepost\\viewer()); })); });"
        "if (isset($_GET['cron'])) { define('DOING_CRON', true); }"
        "add_action('wp_head', function () { echo '<viewer>' . wp_json_encode(Gatepost\\viewer()) . '</viewer>'; });",
    )

    assert "<viewer>null</viewer>" in paired_site.get("/feed/", user="alice").text
    assert "<viewer>null</viewer>" in paired_site.get("/?cron=1", user="alice").text
    assert paired_site.get("/?rest_route=/t/v1/viewer", user="alice").json() == [None]
    assert '"user":' in paired_site.get("/", user="alice").text
