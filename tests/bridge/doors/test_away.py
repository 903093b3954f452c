"""The sidecar is down, slow or wrong: public pages stand without tags, what is guarded stays closed, politely."""

import re

import pytest

from tests.bridge.doors.test_closed import FEEDS, PAGES, REST, path_of
from tests.bridge.doors.world import HIDDEN, MEMBERS_END, MEMBERS_TAG, NAME_TAG, World, everything
from tests.bridge.scripted_sidecar import (
    Failure,
    Fault,
    HalfBody,
    OtherId,
    Rubbish,
    Stale,
    Unsigned,
    WrongSecret,
)

FAULTS = [
    Failure(),
    HalfBody(),
    OtherId(),
    Rubbish(),
    Rubbish(signed=True),
    Stale(),
    Unsigned(),
    WrongSecret(),
]
RAW = re.compile(r"\[/?MM_|&#91;/?MM_")


@pytest.fixture
def away(world: World) -> World:
    world.away()
    return world


@pytest.mark.parametrize("door", PAGES)
def test_no_page_shows_what_is_guarded_nor_a_raw_tag(away: World, door: str) -> None:
    text = everything(away.get(path_of(away, PAGES[door][0]), user="alice"))

    assert HIDDEN not in text
    assert not RAW.search(text)


@pytest.mark.parametrize(
    "door", ["list", "one", "with embeds", "comments", "search", "media", "meta", "nested"]
)
def test_no_rest_answer_shows_what_is_guarded(away: World, door: str) -> None:
    text = everything(away.rest(path_of(away, REST[door][0]), user="alice"))

    assert HIDDEN not in text
    assert not RAW.search(text)


@pytest.mark.parametrize("feed", FEEDS)
def test_no_feed_shows_what_is_guarded(away: World, feed: str) -> None:
    text = everything(away.get(path_of(away, feed)))

    assert HIDDEN not in text
    assert not RAW.search(text)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_wrong_answer_is_no_answer(world: World, fault: Fault) -> None:
    world.fault(fault)

    for path in ("/guarded/", "/tagged/", "/?classic"):
        text = everything(world.get(path, user="alice"))
        assert HIDDEN not in text
        assert not RAW.search(text)


@pytest.mark.parametrize("path", ["/guarded/", "/guarded/?classic", "/guarded-page/", "/guarded/2/"])
def test_a_guarded_page_asks_for_patience(away: World, path: str) -> None:
    answer = away.get(path, user="alice")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "try again in a few minutes" in answer.text


@pytest.mark.parametrize("path", ["/after/", "/?classic", "/tagged/", "/", "/2024/03/?classic", "/feed/"])
def test_public_pages_stay_up(away: World, path: str) -> None:
    answer = away.get(path)

    assert answer.status_code == 200
    assert "After" in answer.text or "Hello !" in answer.text


def test_a_page_with_tags_made_without_the_sidecar_is_not_kept(away: World) -> None:
    assert away.get("/tagged/").headers["Cache-Control"] == "private, no-store"


def test_decisions_vanish_with_what_they_enclose_and_other_tags_alone(away: World) -> None:
    cases = {
        f"a {NAME_TAG} b": "a  b",
        f"a {MEMBERS_TAG}XYZZY{MEMBERS_END} b": "a  b",
        f"a {MEMBERS_TAG}XYZZY {MEMBERS_TAG}XYZZY{MEMBERS_END} XYZZY{MEMBERS_END} b": "a  b",
        f"a [MM_Access_Decision access='true']XYZZY {MEMBERS_TAG}XYZZY{MEMBERS_END} XYZZY[/MM_Access_Decision] b": "a  b",
        f"a {MEMBERS_TAG}XYZZY [/MM_Access_Decision] XYZZY": "a",
        f"a {MEMBERS_TAG}XYZZY never closed": "a",
        f"a {MEMBERS_TAG}XYZZY[MM_Else]XYZZY{MEMBERS_END} b": "a  b",
        f"a {NAME_TAG}{MEMBERS_END} b": "a  b",
        "a [MM_Member_Decision isMember='true' /] b": "a  b",
        "a [gallery] b [MM_Unknown_Tag] c": "a  b [MM_Unknown_Tag] c",
    }
    for source, shown in cases.items():
        assert without_tags(away, source).replace("[gallery]", "").strip() == shown.replace(
            "[gallery]", ""
        ), source


def test_an_escaped_tag_and_a_comment_stay_text(away: World) -> None:
    assert without_tags(away, f"a [{NAME_TAG}] b") == f"a &#091;{NAME_TAG[1:]} b"
    assert without_tags(away, f'<!-- wp:x {{"a":"{NAME_TAG}"}} -->') == f'<!-- wp:x {{"a":"{NAME_TAG}"}} -->'


def without_tags(world: World, text: str) -> str:
    return world.site.php("echo Gatepost\\without_tags($args[0]);", text)


@pytest.mark.parametrize("who", ["admin", "editor", "author"])
def test_who_may_edit_a_post_is_never_shut_out(away: World, who: str) -> None:
    assert "XYZZY-BODY" in away.get("/guarded/", user=who).text
    assert away.get("/guarded/", user=who).status_code == 200


@pytest.mark.parametrize("who", ["admin", "editor", "author"])
def test_who_may_edit_a_post_is_never_shut_out_by_an_answer(world: World, who: str) -> None:
    assert "XYZZY-BODY" in world.get("/guarded/", user=who).text
    assert world.get("/guarded/", user=who).status_code == 200


def test_without_a_secret_what_the_index_names_stays_closed(world: World) -> None:
    known = dict(world.site.defined)
    for name in ("GATEPOST_ADDRESS", "GATEPOST_SECRET"):
        del world.site.defined[name]
    world.site.constants()
    try:
        answer = world.get("/guarded/", user="alice")
        assert answer.status_code == 503
        assert HIDDEN not in everything(answer)
        assert world.get("/after/").status_code == 200
    finally:
        world.site.constants(**known)


def test_a_plugin_that_was_never_paired_closes_nothing(world: World) -> None:
    known = dict(world.site.defined)
    for name in ("GATEPOST_ADDRESS", "GATEPOST_SECRET"):
        del world.site.defined[name]
    world.site.constants()
    world.site.php(
        "delete_option('gatepost_index'); delete_metadata('post', 0, '_gatepost_governed', '', true);"
    )
    try:
        assert world.get("/guarded/").status_code == 200
    finally:
        world.site.constants(**known)
        world.guard_posts()
        assert world.get("/guarded/").status_code == 403
