"""A page as somebody else sees it, for administrators alone."""

from __future__ import annotations

import html

import pytest

from jobs.activity import drain_spools
from sidecar.members.changing import change_status, give_bundle
from sidecar.members.rules import Change
from tests.house import NOW, House
from tests.pages.test_page_views import PARIS, Reader, apply
from tests.web.client import Bridge

TEXT = (
    "[MM_Member_Decision isMember='false']visitor[/MM_Member_Decision][MM_Member_Data name='firstName']/"
    "[MM_Member_Data name='membershipName']/[MM_Member_Data name='statusName']/[MM_Member_Data name='daysAsMember']"
)


class Desk:
    """An administrator's, on a protected post."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.gold, self.videos = house.level("Gold"), house.bundle("Videos")
        self.alice = house.member(self.gold, "alice")
        house.meta(self.alice.user_id, "first_name", "Alice")
        self.admin = house.user("admin")
        self.post_id = house.post(TEXT)
        house.protect(self.post_id, self.gold, 10)
        self.reader = Reader(house, self.post_id, TEXT)

    def look(self, preview, *, administrator: bool = True, **more):
        viewer = {
            "user": self.admin, "administrator": administrator, "login": "admin", "first_name": "Ann", "preview": preview,
        }  # fmt: skip
        return self.reader.ask(viewer=viewer, post={"editor": True}, **more)

    def words(self, preview, **more) -> str:
        post = self.look(preview, **more)["posts"][str(self.post_id)]
        return html.unescape(apply(TEXT, post["splices"])) if post["show"] == "open" else post["show"]


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def test_an_administrator_sees_what_each_would_see(desk: Desk) -> None:
    member = {"kind": "member", "level": desk.gold, "days": 10}
    assert desk.words(None) == "visitor///"
    assert desk.words({"kind": "visitor"}) == "closed"
    assert desk.words(member) == "Ann/Gold/Active/10"
    assert desk.words({**member, "days": 9}) == "closed"
    assert desk.words({**member, "status": "pending_cancel"}) == "Ann/Gold/Pending cancellation/10"
    assert desk.words({**member, "status": "overdue"}) == "closed"
    assert desk.words({"kind": "user", "user": desk.alice.user_id}) == "closed"
    desk.house.clock.move(desk_days(10))
    assert desk.words({"kind": "user", "user": desk.alice.user_id}) == "Alice/Gold/Active/10"


def desk_days(days: int):
    from datetime import timedelta

    return timedelta(days=days)


def test_a_bundle_counts_and_one_that_does_not_exist_does_not(desk: Desk) -> None:
    text = "[MM_Member_Decision hasBundle='{}']has it[MM_Else]has not[/MM_Member_Decision]"
    for bundle, words in ((desk.videos, "has it"), (999, "has not")):
        asked = text.format(bundle)
        reader = Reader(desk.house, desk.house.post(asked), asked)
        preview = {"kind": "member", "level": desk.gold, "bundles": [bundle]}
        post = reader.post(viewer={"user": desk.admin, "administrator": True, "preview": preview})
        assert apply(asked, post["splices"]) == words


def test_a_day_that_comes_is_told_as_one(desk: Desk) -> None:
    notice = desk.look({"kind": "member", "level": desk.gold, "days": 7})["posts"][str(desk.post_id)][
        "notice"
    ]
    assert "June 18, 2026" in notice


def test_nobody_else_can_ask_to_look_as_somebody(desk: Desk) -> None:
    preview = {"kind": "user", "user": desk.alice.user_id}
    desk.house.clock.move(desk_days(10))
    assert (
        desk.words(preview, administrator=False) == "visitor///"
    )  # as who may edit this post, and nobody more
    viewer = {
        "user": desk.alice.user_id,
        "administrator": False,
        "preview": {"kind": "member", "level": desk.gold},
    }
    assert "Alice" in desk.reader.ask(viewer=viewer)["posts"][str(desk.post_id)]["splices"][1]


def test_no_cache_keeps_it_no_log_tells_of_it_and_nobody_is_signed_out(desk: Desk) -> None:
    change_status(desk.alice.user_id, Change.LOCK, now=NOW, by="test", zone=PARIS)
    for preview in (
        {"kind": "visitor"},
        {"kind": "user", "user": desk.alice.user_id},
        {"kind": "member", "level": desk.gold, "status": "locked"},
    ):
        answer = desk.look(preview)
        assert answer["page"] == {"cache": "private", "until": None}
        assert answer["viewer"]["session"] == "keep"
    drain_spools(desk.house.service)
    assert [event for event in desk.house.events() if event.type == "page"] == []


def test_a_form_is_shown_and_cannot_be_used(desk: Desk) -> None:
    text = "[MM_Form type='myaccount']"
    reader = Reader(desk.house, desk.house.post(text), text)
    give_bundle(desk.alice.user_id, desk.videos, now=NOW, by="test")
    viewer = {
        "user": desk.admin,
        "administrator": True,
        "preview": {"kind": "user", "user": desk.alice.user_id},
    }
    shown = apply(text, reader.post(viewer=viewer)["splices"])
    assert shown.startswith("<div inert>")
    assert "data-gatepost-form" not in shown
    assert "Videos" in shown


def test_a_search_in_a_preview_finds_what_he_would_find(desk: Desk) -> None:
    viewer = {"user": desk.admin, "administrator": True}
    ask = Bridge(desk.house.app).ask
    key = str(desk.post_id)
    assert ask("/bridge/v1/search", {"viewer": viewer})["posts"][key] == "open"
    assert (
        ask("/bridge/v1/search", {"viewer": {**viewer, "preview": {"kind": "visitor"}}})["posts"][key]
        != "open"
    )


def test_the_bar_says_as_whom_one_looks_what_there_is_and_what_is_wrong(desk: Desk) -> None:
    wrong = desk.house.post("a\n[MM_Membr_Data]")
    viewer = {
        "user": desk.admin,
        "administrator": True,
        "preview": {"kind": "member", "level": desk.gold, "days": 3},
    }
    said = Bridge(desk.house.app).ask(
        "/bridge/v1/preview", {"viewer": viewer, "post": wrong, "language": "fr_FR"}
    )
    assert said["seen_as"] == "Gold, Actif, jour 3"
    assert said["levels"] == [[desk.gold, "Gold"]]
    assert said["bundles"] == [[desk.videos, "Videos"]]
    assert ["pending_cancel", "En attente de résiliation"] in said["statuses"]
    [mark] = said["marks"]
    assert (mark["line"], mark["column"]) == (2, 1)
    assert "Vouliez-vous dire" in mark["message"]


def test_the_bar_is_for_administrators(desk: Desk) -> None:
    viewer = {"user": desk.alice.user_id, "administrator": False}
    Bridge(desk.house.app).ask("/bridge/v1/preview", {"viewer": viewer}, status=400)


@pytest.mark.parametrize("preview", [{"kind": "god"}, {"status": "happy"}, {"days": -1}, {"bundles": ["x"]}])
def test_a_preview_of_something_else_is_refused(desk: Desk, preview) -> None:
    request = {"viewer": {"user": desk.admin, "administrator": True, "preview": preview}}
    Bridge(desk.house.app).ask("/bridge/v1/page", request, status=400)
