"""The preview website."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from jobs.activity import drain_spools
from sidecar.activity.store import list_events
from sidecar.catalog.store import get_generation
from sidecar.db import reading, transaction
from sidecar.demo.door import choose_language
from sidecar.demo.scene import Scene
from sidecar.demo.school import POSTS
from sidecar.demo.stand_in import Shown, shown
from sidecar.members.rules import Status
from sidecar.pages.linting import Linter, Severity
from sidecar.pages.messages import View
from tests.demo.conftest import HOST, Demo, open_demo
from tests.demo.pages import Preview, look, onlookers_of, user_of

CLOSED_WORDS = {
    21: "behind the clamp rack",
    22: "at cost plus nothing",
    40: "thumb as a fence",
    41: "winks at you",
    42: "let the line live",
    43: "sighs when it closes",
    44: "cotton thread",
    45: "fifteen points",
    46: "on the shed door",
    47: "second half of the shed",
    49: "two-pound cut",
    50: "boatbuilder",
    60: "six degrees",
    61: "ninety-three and a half",
}
"""Words that stand in the closed part of a protected post, and nowhere else."""


def grid(demo: Demo) -> dict[tuple[int, int], str]:
    """(post, viewer) -> true, false or future, as the overview marks them."""
    cells = re.findall(r'class="mark (\w+)" href="/posts/(\d+)\?viewer=(\d+)"', demo.get("/"))
    return {(int(post), int(viewer)): mark for mark, post, viewer in cells}


def test_the_overview_has_a_mark_for_every_post_and_every_viewer(demo: Demo) -> None:
    marks = grid(demo)
    assert len(marks) == len(POSTS) * 29
    assert set(marks.values()) == {"true", "false", "future"}


def test_closed_words_come_to_those_who_may_read_them_and_to_nobody_else(demo: Demo) -> None:
    marks = grid(demo)
    for viewer in {viewer for _post, viewer in marks}:
        for post, view in shown_to(demo, viewer).items():
            text = view.text + view.excerpt + view.notice
            if post in CLOSED_WORDS:
                assert (CLOSED_WORDS[post] in text) == (marks[post, viewer] == "true"), (post, viewer)
            assert view.is_closed == (marks[post, viewer] != "true"), (post, viewer)
            assert "[MM_" not in text.replace("[MM_Member_Data name='firstName']", ""), (post, viewer)


def shown_to(demo: Demo, viewer: int) -> dict[int, Shown]:
    """Every post as this viewer gets it when he opens its page."""
    with demo.app.test_request_context(f"/?viewer={viewer}"), reading() as reader:
        choose_language()
        scene = Scene(reader)
        views = {
            placed: View(kind="singular", object=placed.post.id, url=placed.path) for placed in scene.posts
        }
        return {
            placed.post.id: shown(placed.post, scene.ask([placed], view)) for placed, view in views.items()
        }


@pytest.mark.parametrize("name", ["", "Alice", "Jack", "Maya", "<script>", "Theo"])
def test_every_page_of_the_site_renders_without_closed_words(demo: Demo, name: str) -> None:
    marks, viewer = grid(demo), user_of(demo, name) if name else 0
    for post in POSTS:
        page = look(demo, post.id, viewer)
        assert page.article
        if marks[post.id, viewer] != "true" and post.id in CLOSED_WORDS:
            assert CLOSED_WORDS[post.id] not in page.without_source


def test_the_words_of_closed_posts_do_not_show_in_the_list_of_posts(demo: Demo) -> None:
    marks = grid(demo)
    for onlooker in onlookers_of(demo):
        page = demo.get(f"/blog?viewer={onlooker.user_id}")
        shown = {post for post, words in CLOSED_WORDS.items() if words in page}
        assert {post for post in shown if marks[post, onlooker.user_id] != "true"} == set()


def test_a_hidden_branch_is_not_in_the_page(demo: Demo) -> None:
    assert "The stove is lit" not in look(demo, 10).site
    assert "The stove is lit" in look(demo, 10, user_of(demo, "Alice")).text
    assert "Join us or sign in" in look(demo, 10).text


def test_decisions_nest(demo: Demo) -> None:
    assert "By now you own a small box" in look(demo, 10, user_of(demo, "Alice")).text
    assert "Next comes the box, on day 30" in look(demo, 10, user_of(demo, "Daniel")).text
    assert "Next comes Course 3: The first joint , on day 10" in look(demo, 10, user_of(demo, "Carla")).text
    assert "As a friend of the workshop" in look(demo, 10, user_of(demo, "Grace")).text


def test_a_paused_member_keeps_what_had_opened(demo: Demo) -> None:
    ines, marks = user_of(demo, "Inês"), grid(demo)
    assert [marks[post, ines] for post in (40, 41, 42, 43)] == ["true", "true", "true", "false"]
    assert "Your membership is paused" in look(demo, 43, ines).text


def test_new_days_open_the_course_and_the_calendar_opens_the_list(fresh_demo: Demo) -> None:
    bob = user_of(fresh_demo, "Bob")

    def course() -> list[str]:
        marks = grid(fresh_demo)
        return [marks[post, bob] for post in (40, 41, 42, 43)]

    assert course() == ["true", "future", "future", "future"]
    assert grid(fresh_demo)[46, 0] == "future"
    fresh_demo.clock.move(timedelta(days=2))
    assert course() == ["true", "true", "future", "future"]
    fresh_demo.clock.move(timedelta(days=10))
    assert course() == ["true", "true", "true", "future"]
    assert grid(fresh_demo)[46, 0] == "true"
    fresh_demo.clock.move(timedelta(days=20))
    assert course() == ["true", "true", "true", "true"]


def test_the_clock_is_moved_by_a_form_with_the_token_and_what_is_due_on_the_way_is_done(
    fresh_demo: Demo,
) -> None:
    client, keiko, ada = fresh_demo.client(), user_of(fresh_demo, "Keiko"), user_of(fresh_demo, "Ada")
    before = fresh_demo.clock.now()
    assert move(fresh_demo, client, "30") == "/members"
    assert fresh_demo.clock.now() - before >= timedelta(days=30)
    assert fresh_demo.processor.control.offset() - fresh_demo.clock.offset < timedelta(seconds=5)
    assert level_of(fresh_demo, keiko) is Status.CANCELED
    assert level_of(fresh_demo, ada) is Status.OVERDUE
    assert "30 days ahead" in fresh_demo.get("/members")


def level_of(demo: Demo, user_id: int) -> Status:
    member = next(one.member for one in onlookers_of(demo) if one.user_id == user_id)
    assert member
    assert member.level
    return member.level.status


def test_the_clock_goes_to_a_moment_but_never_back(fresh_demo: Demo) -> None:
    client, start = fresh_demo.client(), fresh_demo.clock.now()
    move(fresh_demo, client, "", to=str(int((start + timedelta(days=2)).timestamp())))
    assert timedelta(days=1, hours=23) < fresh_demo.clock.now() - start < timedelta(days=2, minutes=1)
    offset = fresh_demo.clock.offset
    move(fresh_demo, client, "", to=str(int(start.timestamp())))
    assert fresh_demo.clock.offset == offset


@pytest.mark.parametrize("move_by", ["", "9999", "-7", "now"])
def test_other_moves_are_refused(demo: Demo, move_by: str) -> None:
    token = re.search(r'name="token" value="([^"]+)"', demo.get("/members"))
    assert token
    answer = demo.client().post("/clock", data={"move": move_by, "token": token[1]})
    assert answer.status_code == 400


def test_at_the_next_start_it_is_as_late_as_it_was(fresh_demo: Demo) -> None:
    move(fresh_demo, fresh_demo.client(), "7")
    fresh_demo.close()
    again = open_demo(fresh_demo.folder)
    assert timedelta(days=6, hours=23) < again.clock.offset < timedelta(days=7, minutes=5)
    again.close()


def move(demo: Demo, client: FlaskClient, by: str, **wrong: str) -> str:
    token = re.search(r'name="token" value="([^"]+)"', demo.get("/members"))
    assert token
    answer = client.post("/clock", data={"move": by, "token": token[1], "back": "/members", **wrong})
    assert answer.status_code == 302, answer.status_code
    return answer.location


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_without_the_token_the_clock_stands(demo: Demo, token: str) -> None:
    before = demo.clock.offset
    answer = demo.client().post("/clock", data={"move": "1", "token": token})
    assert answer.status_code == 403
    assert demo.clock.offset == before


@pytest.mark.parametrize("back", ["https://evil.test/", "//evil.test/", "/\\evil.test", ""])
def test_the_clock_leads_back_to_pages_of_its_own_only(demo: Demo, back: str) -> None:
    to = str(int(demo.clock.now().timestamp()) - 60)  # a moment that is past moves nothing
    assert move(demo, demo.client(), "", to=to, back=back) == "/"


def test_a_reading_by_a_member_shows_up_in_the_log(fresh_demo: Demo) -> None:
    alice = user_of(fresh_demo, "Alice")
    look(fresh_demo, 48, alice)
    look(fresh_demo, 48)
    with fresh_demo.app.app_context():
        assert drain_spools(fresh_demo.service) == 1
        with reading() as reader:
            newest = list_events(reader, limit=1)[0]
    assert (newest.name, newest.user_id, newest.subject, newest.ip) == (
        "viewed",
        alice,
        "post:48",
        "127.0.0.1",
    )
    assert "read: What wood is that?" in fresh_demo.get("/log/rows").partition("</tr>")[0]
    assert "Alice Martin" in fresh_demo.get(f"/log?member={alice}")


def test_somebody_who_may_not_sign_in_is_told_where_wordpress_leads(demo: Demo) -> None:
    page = look(demo, 11, user_of(demo, "Maya")).page
    assert "This member may not be signed in" in page
    assert f"http://{HOST}/sorry/?code=100031" in page


def test_a_page_that_leads_elsewhere_says_so(demo: Demo) -> None:
    assert f"http://{HOST}/sign-in/?redirect_to=" in look(demo, 21).page
    assert f"http://{HOST}/sorry/?code=100020" in look(demo, 47).page


def test_visitors_pages_may_be_cached_and_members_pages_may_not(demo: Demo) -> None:
    assert "may keep this page" in look(demo, 48).page
    assert "may not keep it" in look(demo, 48, user_of(demo, "Alice")).page
    assert "until the next date rule" in look(demo, 46).page


@pytest.mark.parametrize("name", ["[gallery]", "<script>alert(1)</script>", "Sinéad"])
def test_a_name_stays_a_name_wherever_it_stands(demo: Demo, name: str) -> None:
    page = look(demo, 17, user_of(demo, name))
    assert name in page.text
    assert "<script>alert" not in page.site
    assert "<script>alert" not in page.page
    assert "[gallery]" not in page.article


def test_a_long_page_is_split_where_the_author_wanted(demo: Demo) -> None:
    assert "Before you come in" in look(demo, 18).text
    assert "At the bench" not in look(demo, 18).text
    assert "When you leave" in look(demo, 18, page="3").text
    assert "When you leave" in look(demo, 18, page="99").text


def test_an_excerpt_with_tags_is_rendered_for_whoever_looks(demo: Demo) -> None:
    alice = user_of(demo, "Alice")
    assert "Alice, a dull chisel" in demo.get(f"/blog?viewer={alice}")
    assert "A dull chisel" in demo.get("/blog?viewer=0")


def test_addresses_of_the_site_lead_to_their_posts(demo: Demo) -> None:
    client = demo.client()
    assert client.get("/studio/open-bench/").location == "/posts/21"
    assert client.get("/?p=60").location == "/posts/60"
    assert client.get("/checkout/?rid=abc&_scheme=x").location == "/posts/19?rid=abc&_scheme=x"
    assert client.get("/nowhere/").status_code == 404
    assert client.get("/posts/99999").status_code == 404


def test_the_viewer_chosen_last_is_kept_for_the_next_link(demo: Demo) -> None:
    client, alice = demo.client(), user_of(demo, "Alice")
    client.get(f"/posts/10?viewer={alice}")
    page = client.get("/first-cuts/", follow_redirects=True).get_data(as_text=True)
    assert "Welcome to the course, Alice" in page


def test_somebody_who_does_not_exist_is_a_visitor(demo: Demo) -> None:
    assert "Join us" in Preview(demo.get("/posts/10?viewer=4711")).text
    assert "Join us" in Preview(demo.get("/posts/10?viewer=%27")).text


@pytest.mark.parametrize(
    "path",
    ["/", "/blog", "/posts/42?viewer=6", "/posts/14?viewer=4", "/inbox", "/payments", "/members", "/log"],
)
def test_every_page_speaks_both_languages(demo: Demo, path: str) -> None:
    sign = "&" if "?" in path else "?"
    french, english = demo.get(f"{path}{sign}lang=fr"), demo.get(f"{path}{sign}lang=en")
    assert '<html lang="fr">' in french
    assert "Vue d’ensemble" in french
    assert "Overview" in english
    assert "Vue d’ensemble" in demo.get(path, Accept_Language="fr-CA,fr;q=0.9,en;q=0.5")


def test_a_french_member_is_spoken_to_in_french_whatever_the_tool_speaks(demo: Demo) -> None:
    assert "le poêle est allumé" in look(demo, 12, user_of(demo, "François")).text
    assert "ne comprend pas ce contenu" in look(demo, 40, user_of(demo, "Xavier"), lang="en").text
    assert (
        "Your membership does not include this content"
        in look(demo, 40, user_of(demo, "Grace"), lang="en").text
    )


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1", "127.0.0.1:80", f"evil.test:{HOST[-4:]}", ""])
def test_under_a_foreign_name_it_answers_nothing(demo: Demo, host: str) -> None:
    for path in ("/", "/posts/10", "/bridge/v1/ping", "/preview-files/preview.css"):
        answer = demo.client().get(path, headers={"Host": host})
        assert answer.status_code == 421
        assert "Alder" not in answer.get_data(as_text=True)


def test_pages_forbid_scripts_frames_and_foreign_content(demo: Demo) -> None:
    headers = demo.client().get("/posts/17?viewer=5").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    frame = re.search(r"<iframe[^>]*?srcdoc", look(demo, 17).page, re.DOTALL)
    assert frame
    assert 'sandbox="allow-top-navigation-by-user-activation"' in frame[0]


def test_what_an_author_wrote_wrongly_stands_beside_the_page_and_the_demo_s_own_texts_are_right(
    fresh_demo: Demo,
) -> None:
    with fresh_demo.app.app_context():
        with reading() as reader:
            service = fresh_demo.service
            knowledge = service.rendering.memory.knowledge(reader, get_generation(reader))
            linter = Linter(reader, service.tables, knowledge, decisions_open_pages=True)
            assert [mark for mark in linter.site() if mark.severity is Severity.PROBLEM] == []
        posts = fresh_demo.service.tables.posts
        with transaction() as session:
            session.execute(sa.update(posts).where(posts.c.id == 60).values(post_content="[MM_Membr_Data]"))
    page = fresh_demo.client().get("/posts/60?viewer=0&lang=fr").get_data(as_text=True)
    assert "Ce qui ne va pas dans ce texte" in page
    assert "Vouliez-vous dire [MM_Member_Data]" in page
