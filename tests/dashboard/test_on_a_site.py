"""Signing on through WordPress's admin menu, on real sites, and what the bridge hands on and keeps back."""

import re
from collections.abc import Iterator

import pytest

from sidecar.access.rules import TargetKind
from sidecar.access.store import read_rule_book
from sidecar.db import reading
from sidecar.staff.employing import dismiss, employ
from sidecar.staff.rules import Role
from tests.bed.processes import wait_until
from tests.bed.session import Session
from tests.whole.club import Club, a_club, now

VERSIONS = pytest.mark.parametrize("club", ["6.1", "6.8", "newest"], indirect=True)


def sign_on(club: Club, user: str = "admin") -> str:
    """The session's cookie, by the way that the admin menu takes."""
    handed = club.site.get("/wp-admin/admin.php?page=gatepost", user=user)
    assert handed.status_code == 302, handed.text[:2000]
    entered = club.site.get(handed.headers["Location"])
    assert entered.status_code == 303, entered.text
    return entered.cookies["gatepost_dashboard"]


@VERSIONS
def test_the_menu_leads_in_once_and_the_link_does_not_open_a_second_time(club: Club) -> None:
    menu = club.site.get("/wp-admin/", user="admin").text
    handed = club.site.get("/wp-admin/admin.php?page=gatepost", user="admin")
    first = club.site.get(handed.headers["Location"])
    again = club.site.get(handed.headers["Location"])
    shown = club.site.get(
        "/gatepost/overview", cookies={"gatepost_dashboard": first.cookies["gatepost_dashboard"]}
    )

    assert "page=gatepost" in menu
    assert (first.status_code, first.headers["Location"]) == (303, "/gatepost/")
    assert re.fullmatch(
        r"gatepost_dashboard=[\w-]{43}; HttpOnly; Path=/gatepost/; SameSite=Lax", first.headers["Set-Cookie"]
    )
    assert again.status_code == 403
    assert "Set-Cookie" not in again.headers
    assert shown.status_code == 200
    assert "<h1>Overview</h1>" in shown.text
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert club.site.log("/plugins/gatepost/") == ""


def test_without_a_session_every_screen_leads_to_the_door(club: Club) -> None:
    for cookie in ({}, {"gatepost_dashboard": "made-up"}, club.site.cookies("admin")):
        answer = club.site.get("/gatepost/overview", cookies=cookie)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/gatepost/sign-in")
    door = club.site.get("/gatepost/sign-in")
    assert "admin.php?page=gatepost" in door.text
    assert 'type="password"' not in door.text  # the owner has not allowed it


def test_a_site_with_plain_permalinks_has_its_dashboard_too(club: Club) -> None:
    club.site.option("permalink_structure", "")
    try:
        handed = club.site.get("/wp-admin/admin.php?page=gatepost", user="admin")
        entered = club.site.get(handed.headers["Location"])
        cookie = {"gatepost_dashboard": entered.cookies["gatepost_dashboard"]}
        start = club.site.get(entered.headers["Location"], cookies=cookie)
        shown = club.site.get(start.headers["Location"], cookies=cookie)
        style = re.search(r'<link rel="stylesheet" href="([^"]+)"', shown.text)[1].replace("&amp;", "&")
        sheet = club.site.get(style)
    finally:
        club.site.option("permalink_structure", "/%postname%/")

    assert handed.headers["Location"].startswith(f"{club.site.url}/?gatepost=/enter&token=")
    assert entered.headers["Location"] == "/?gatepost=/"
    assert "Path=/;" in entered.headers["Set-Cookie"] + ";"
    assert "<h1>Overview</h1>" in shown.text
    assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in sheet.headers["Cache-Control"]


def test_subscribers_and_strangers_get_no_link(club: Club) -> None:
    club.site.user("charlie")
    menu = club.site.get("/wp-admin/", user="charlie").text
    refused = club.site.get("/wp-admin/admin.php?page=gatepost", user="charlie")
    stranger = club.site.get("/wp-admin/admin.php?page=gatepost")

    assert "page=gatepost" not in menu
    assert refused.status_code in {403, 500}
    assert "/gatepost/enter" not in refused.headers.get("Location", "")
    assert "wp-login.php" in stranger.headers["Location"]


def test_an_employee_comes_in_and_is_out_at_the_next_click_after_the_dismissal(club: Club) -> None:
    bob = club.site.user("bob")
    employ(club.config_tables, bob, Role.ADMINISTRATOR, by="test", now=now())
    club.site.php("Gatepost\\change_staff(array('users' => array((int) $args[0])));", bob)
    cookie = {"gatepost_dashboard": sign_on(club, "bob")}
    before = club.site.get("/gatepost/overview", cookies=cookie)
    dismiss(bob, by="test", now=now())
    after = club.site.get("/gatepost/overview", cookies=cookie)

    assert (before.status_code, after.status_code) == (200, 303)


@pytest.mark.parametrize("ending", ["role", "password", "delete"])
def test_a_session_ends_with_the_role_the_password_and_the_user(club: Club, ending: str) -> None:
    login = f"admin-{ending}"
    user = club.site.user(login, role="administrator")
    cookie = {"gatepost_dashboard": sign_on(club, login)}
    assert club.site.get("/gatepost/overview", cookies=cookie).status_code == 200
    club.site.php(
        {
            "role": "(new WP_User((int) $args[0]))->set_role('subscriber');",
            "password": "wp_set_password('another', (int) $args[0]);",
            "delete": "require_once ABSPATH . 'wp-admin/includes/user.php'; wp_delete_user((int) $args[0], 1);",
        }[ending],
        user,
    )

    assert club.site.get("/gatepost/overview", cookies=cookie).status_code == 303


def test_signing_out_needs_the_forms_token_and_this_site_as_its_origin(club: Club) -> None:
    cookie = {"gatepost_dashboard": sign_on(club)}
    page = club.site.get("/gatepost/overview", cookies=cookie).text
    csrf = re.search(r'name="csrf" value="(\w+)"', page)[1]
    own, other = {"Origin": club.site.url}, {"Origin": "https://evil.test"}

    def post(headers: dict[str, str], token: str) -> int:
        return club.site.post(
            "/gatepost/sign-out", cookies=cookie, headers=headers, data={"csrf": token}
        ).status_code

    assert [post({}, csrf), post(other, csrf), post(own, "wrong"), post(own, "")] == [403] * 4
    assert club.site.get("/gatepost/overview", cookies=cookie).status_code == 200
    assert post(own, csrf) == 303
    assert club.site.get("/gatepost/overview", cookies=cookie).status_code == 303


def test_uploads_and_long_bodies_are_refused_before_they_travel(club: Club) -> None:
    own = {"Origin": club.site.url}
    upload = club.site.post("/gatepost/sign-out", headers=own, files={"file": b"x"})
    long = club.site.post("/gatepost/sign-out", headers=own, data={"x": "y" * 1_100_000})

    assert (upload.status_code, long.status_code) == (413, 413)


def test_what_is_protected_in_the_dashboard_is_refused_to_visitors_and_open_again_after(club: Club) -> None:
    level = club.level("Readers")
    post = club.site.new_post("The long read", "Only for those who pay.")
    cookie, own = {"gatepost_dashboard": sign_on(club)}, {"Origin": club.site.url}

    def send(path: str, **fields: str) -> None:
        page = club.site.get("/gatepost/rules/find", cookies=cookie).text
        csrf = re.search(r'name="csrf" value="(\w+)"', page)[1]
        answer = club.site.post(path, cookies=cookie, headers=own, data={"csrf": csrf, **fields})
        assert answer.status_code == 303, answer.text

    def is_read() -> bool:
        return "Only for those who pay." in club.site.get("/the-long-read/").text

    found = club.site.get("/gatepost/rules/find?q=long", cookies=cookie).text
    assert "The long read" in found
    assert is_read()
    new = f"/gatepost/catalog/rules/new?on=post:{post}"
    send(new, audience="grants", denied="teaser", step="save", **{f"level:{level}": "0"})
    assert wait_until(lambda: not is_read(), within_seconds=20)
    with reading() as reader:
        (rule,) = read_rule_book(reader).of(TargetKind.POST, str(post))
    send(f"/gatepost/rules/{rule.id}/remove")
    assert wait_until(is_read, within_seconds=20)
    assert club.site.log("/plugins/gatepost/") == ""


@pytest.fixture
def quiet_club(bed: Session) -> Iterator[Club]:
    """A club of its own, whose service a test may stop; gone after the test, as use cases act on the newest club."""
    site = bed.new_site("newest")
    with a_club(site) as running:
        yield running
    site.close()


def test_when_the_service_is_away_the_dashboard_says_so_and_the_site_stays(quiet_club: Club) -> None:
    quiet_club.stop()
    away = quiet_club.site.get("/gatepost/")
    page = quiet_club.site.get("/")
    menu = quiet_club.site.get("/wp-admin/admin.php?page=gatepost", user="admin")
    quiet_club.start()

    assert (away.status_code, page.status_code, menu.status_code) == (503, 200, 200)
    assert "Retry-After" in away.headers
    assert "does not answer" in away.text
    assert "does not answer" in menu.text


def test_a_file_of_many_members_comes_whole_through_the_site(club: Club) -> None:
    club.level("Gold")
    club.site.php(
        "global $wpdb; foreach (range(1, 1100) as $n) { $wpdb->insert($wpdb->users, array('user_login' => \"m$n\","
        "'user_email' => \"m$n@example.test\", 'user_nicename' => \"m$n\", 'display_name' => \"Member $n\","
        "'user_registered' => '2026-01-01 00:00:00')); }"
    )
    enrolled = club.gatepost("enroll", "--level", "Gold")
    answer = club.site.get("/gatepost/members.csv", cookies={"gatepost_dashboard": sign_on(club)})
    lines = answer.text.splitlines()

    assert enrolled.returncode == 0, enrolled.stderr
    assert answer.headers["Content-Disposition"] == 'attachment; filename="members.csv"'
    assert lines[0].endswith("member,user,name,login,email,joined,level,status,until,bundles")
    assert len({line.split(",")[0] for line in lines[1:]}) == len(lines) - 1 >= 1100
    assert "not complete" not in answer.text
