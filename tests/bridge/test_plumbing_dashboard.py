"""The dashboard's requests pass through the site: what is handed on, what comes back, and what neither may be."""

import base64
import json
from typing import Any

import pytest

from tests.bed.site import Site
from tests.bridge.conftest import in_web_server
from tests.bridge.scripted_sidecar import Failure, ScriptedSidecar, Slow

ASKED = "/bridge/v1/dashboard"
COOKIE = "s" * 43


def a_page(**fields: Any) -> dict[str, Any]:
    """An answer as the sidecar gives it."""
    return {
        "status": 200, "headers": {"Content-Type": "text/html; charset=utf-8"}, "cookies": [], "text": "<p>Hello</p>",
        "bytes": "", "more": "", **fields,
    }  # fmt: skip


def test_of_a_request_its_own_cookie_and_listed_headers_are_handed_on(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    sidecar.answer(ASKED, a_page())
    answer = paired_site.post(
        "/gatepost/members/5/do/lock?bundle=&x=a%20b",
        user="admin",
        cookies={"gatepost_dashboard": COOKIE, "other": "secret"},
        headers={
            "Origin": paired_site.url,
            "HX-Request": "true",
            "X-Strange": "1",
            "Authorization": "Basic eDp5",
        },
        data={"csrf": "t", "note": "it's"},
    )

    (asked,) = sidecar.requests_to(ASKED)
    body = asked.body
    assert answer.text == "<p>Hello</p>"
    assert (body["method"], body["path"], body["query"]) == ("POST", "/members/5/do/lock", "bundle=&x=a%20b")
    assert (body["base"], body["by_query"], body["cookie"]) == ("/gatepost", False, COOKIE)
    assert set(body["headers"]) == {"Content-Type", "HX-Request", "Origin", "User-Agent"}
    assert base64.b64decode(body["body"]) == b"csrf=t&note=it%27s"
    assert "secret" not in json.dumps(body)
    assert "wordpress_logged_in" not in json.dumps(body)


def test_of_an_answer_only_listed_headers_and_its_own_cookie_are_sent(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    sidecar.answer(
        ASKED,
        a_page(
            status=303,
            headers={
                "Location": "/gatepost/", "X-Evil": "1", "Cache-Control": "public, max-age=9", "X-Frame-Options": "DENY",
                "Referrer-Policy": "a\r\nX-Split: 1",
            },
            cookies=["gatepost_dashboard=abc; HttpOnly; Path=/gatepost/", "wordpress_logged_in=x; Path=/"],
        ),
    )  # fmt: skip
    answer = paired_site.get("/gatepost/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/gatepost/")
    assert (answer.headers["Cache-Control"], answer.headers["X-Frame-Options"]) == (
        "private, no-store",
        "DENY",
    )
    assert dict(answer.cookies) == {"gatepost_dashboard": "abc"}
    assert not {"X-Evil", "X-Split"} & set(answer.headers)


def test_a_file_comes_piece_by_piece_and_says_when_it_breaks_off(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    def piece(request: Any) -> Any:
        number = int(request.body["query"].removeprefix("n=") or 0)
        if number == 3:
            return 500, {"error": "unavailable", "message": "gone"}
        return a_page(text=f"row {number}\n", more=f"n={number + 1}")

    sidecar.answer(ASKED, piece)
    broken = paired_site.get("/gatepost/members.csv").text
    sidecar.answer(ASKED, lambda request: a_page(text="all\n"))

    assert broken.startswith("row 0\nrow 1\nrow 2\n")
    assert "This file is not complete" in broken


@pytest.mark.parametrize(
    ("home", "uri", "get", "expected"),
    [
        ("", "/gatepost", {}, ["/", "", "/gatepost", False]),
        ("", "/gatepost/a%20b?x=1", {}, ["/a b", "x=1", "/gatepost", False]),
        ("/club", "/club/gatepost/log", {}, ["/log", "", "/club/gatepost", False]),
        ("/club", "/gatepost/log", {}, None),
        ("", "/gateposts", {}, None),
        ("", "/?gatepost=/log&x=1", {"gatepost": "/log", "x": "1"}, ["/log", "x=1", "/", True]),
        ("/club", "/club/?gatepost=/log", {"gatepost": "/log"}, ["/log", "", "/club/", True]),
        ("", "/a-page/?gatepost=/log", {"gatepost": "/log"}, None),
        ("", "/?gatepost=log", {"gatepost": "log"}, None),
    ],
)
def test_the_address_says_whether_a_request_is_the_dashboards(
    paired_site: Site, home: str, uri: str, get: dict[str, str], expected: list[Any] | None
) -> None:
    found = paired_site.php(
        "add_filter('pre_option_home', function () use ($args) { return 'https://a.test' . $args[0]; });"
        "$_SERVER['REQUEST_URI'] = $args[1]; $_GET = wp_slash(json_decode($args[2], true));"
        "$asked = Gatepost\\asked_of_dashboard();"
        "echo wp_json_encode(null === $asked ? null : array($asked['path'], $asked['query'], $asked['base'], $asked['by_query']));",
        home, uri, json.dumps(get),
    )  # fmt: skip
    assert json.loads(found) == expected


def test_another_name_of_the_site_leads_to_its_own(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    answer = paired_site.get("/gatepost/log?x=1", headers={"Host": "other.test"})
    assert answer.headers["Location"] == f"{paired_site.url}/gatepost/log?x=1"
    assert sidecar.requests_to(ASKED) == []


def test_a_dashboard_that_fails_stops_no_page(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.fault = Failure(500)
    for _click in range(5):
        assert paired_site.get("/gatepost/").status_code == 503
    sidecar.fault = None
    assert in_web_server(paired_site, "var_dump(Gatepost\\breaker_is_open(''));").strip() == "bool(false)"


def test_who_clicks_and_hears_nothing_is_told_to_look_before_a_second_click(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    sidecar.fault = Slow(40)
    answer = paired_site.post("/gatepost/x", headers={"Origin": paired_site.url}, data={"a": "b"})
    assert answer.status_code == 503
    assert "may have been done" in answer.text


def test_uninstalling_forgets_who_sees_the_entry(paired_site: Site) -> None:
    paired_site.php("Gatepost\\change_staff(array('users' => array(7, 'x', 9)));")
    kept = paired_site.php("echo wp_json_encode(get_option('gatepost_staff'));")
    paired_site.php(
        "define('WP_UNINSTALL_PLUGIN', 'gatepost/gatepost.php'); require WP_PLUGIN_DIR . '/gatepost/uninstall.php';"
    )
    assert json.loads(kept) == [7, 9]
    assert paired_site.php("echo wp_json_encode(get_option('gatepost_staff'));") == "false"
