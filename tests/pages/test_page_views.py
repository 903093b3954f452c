"""One page view through the signed route: decisions, splices, notices, caches, sessions, the log."""

import base64
import hashlib
import json
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from jobs.activity import drain_spools
from sidecar.access.rules import Audience, Denied, Rule, RuleGrant, TargetKind
from sidecar.access.ruling import choose_core_page, protect
from sidecar.catalog.rules import Grant
from sidecar.members.changing import change_status
from sidecar.members.rules import Change
from sidecar.pages.viewing import lead_end
from tests.house import DAY, NOW
from tests.web.client import Bridge

PARIS = ZoneInfo("Europe/Paris")
HELLO = "Dear [MM_Member_Data name='firstName'], welcome."


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def apply(text, splices):
    raw, position, pieces = text.encode(), 0, []
    for start, end, replacement in splices:
        pieces += [raw[position:start], replacement.encode()]
        position = end
    return b"".join([*pieces, raw[position:]]).decode()


class Reader:
    """Asks for one post as one viewer."""

    def __init__(self, house, post_id, text=None):
        self.bridge, self.post_id, self.text = Bridge(house.app), post_id, text

    def ask(self, member=None, *, signing=None, **more):
        view = {
            "url": "/a-post/",
            "kind": "singular",
            "object": self.post_id,
            "ip": "192.0.2.7",
            "count": True,
        }
        post = {"id": self.post_id, "type": "post", "hash": sha(self.text) if self.text else ""}
        request = {
            "view": {**view, **more.pop("view", {})},
            "viewer": {"user": member.user_id} if member else None,
            "posts": [{**post, **more.pop("post", {})}],
            **more,
        }
        return self.bridge.ask("/bridge/v1/page", request, **(signing or {}))

    def post(self, member=None, **more):
        return self.ask(member, **more)["posts"][str(self.post_id)]


@pytest.fixture
def cast(house):
    """(house, gold level, Alice with it, Bob with another)."""
    gold, silver = house.level("Gold"), house.level("Silver")
    alice, bob = house.member(gold, "alice"), house.member(silver, "bob")
    house.meta(alice.user_id, "first_name", "Alice")
    house.meta(bob.user_id, "first_name", "Bob")
    return house, gold, alice, bob


def test_each_member_reads_a_page_that_speaks_to_him_and_a_visitor_reads_none_of_it(cast):
    house, _gold, alice, bob = cast
    reader = Reader(house, house.post(HELLO), HELLO)
    assert apply(HELLO, reader.post(alice)["splices"]) == "Dear Alice, welcome."
    assert apply(HELLO, reader.post(bob)["splices"]) == "Dear Bob, welcome."
    assert apply(HELLO, reader.post()["splices"]) == "Dear , welcome."


def test_a_protected_post_opens_for_its_level_and_for_nobody_else(cast):
    house, gold, alice, bob = cast
    post_id = house.post(HELLO)
    house.protect(post_id, gold)
    reader = Reader(house, post_id, HELLO)
    assert reader.post(alice)["show"] == "open"
    for charlie in (bob, None):
        answer = reader.post(charlie)
        assert (answer["show"], answer["splices"], answer["code"]) == ("closed", [], 100020)
        assert "gatepost-notice" in answer["notice"]


def test_a_text_of_which_the_database_knows_another_version_is_asked_for_once(cast):
    house, _gold, alice, _bob = cast
    reader = Reader(house, house.post("an older text"), HELLO)
    assert reader.post(alice)["need"] is True
    bodies = {sha(HELLO): base64.b64encode(HELLO.encode()).decode()}
    assert apply(HELLO, reader.post(alice, bodies=bodies)["splices"]) == "Dear Alice, welcome."
    assert reader.post(alice)["need"] is False


def test_a_body_that_is_not_what_its_hash_says_is_refused(cast):
    house, *_ = cast
    request = {"texts": [{"hash": sha("a")}], "bodies": {sha("a"): base64.b64encode(b"b").decode()}}
    assert Bridge(house.app).ask("/bridge/v1/page", request, status=400)["error"] == "bad_request"
    request["bodies"] = {sha("a"): "no base64 at all"}
    assert Bridge(house.app).ask("/bridge/v1/page", request, status=400)["error"] == "bad_request"


LEAD = "Hi [MM_Member_Data name='firstName'].<!--more-->[MM_Member_Decision isMember='true']SECRET[/MM_Member_Decision]"


def test_of_a_closed_post_only_the_lead_is_rendered(cast):
    house, gold, _alice, bob = cast
    post_id = house.post(LEAD)
    house.protect(post_id, gold)
    answer = Reader(house, post_id, LEAD).post(bob)
    assert (answer["lead"], answer["excerpt"]) == (True, True)
    assert [text for _start, _end, text in answer["splices"]] == ["Bob"]
    assert all(end <= LEAD.index("<!--more") for _start, end, _text in answer["splices"])


def test_a_hidden_branch_round_the_more_tag_stays_hidden_in_the_lead(cast):
    house, gold, _alice, bob = cast
    text = "intro [MM_Member_Decision membershipId='1']HIDDEN<!--more-->rest[/MM_Member_Decision] end"
    post_id = house.post(text)
    house.protect(post_id, gold)
    lead = text[: text.index("<!--more")]
    for charlie in (bob, None):
        shown = apply(lead, Reader(house, post_id, text).post(charlie)["splices"])
        assert shown == "intro "
    his = text.replace("'1'", f"'{bob.level.level_id}'")
    bodies = {sha(his): base64.b64encode(his.encode()).decode()}
    answer = Reader(house, post_id, his).post(bob, bodies=bodies)
    assert apply(his[: his.index("<!--more")], answer["splices"]) == "intro HIDDEN"


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ("no more-tag", None),
        ("a<!--more", None),
        ("a<!--more-->b", 1),
        ("é<!--more go on-->b<!--more-->", 2),
        ("a<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->b", 1),
        ('a<!-- wp:more {"customText":"x"} --><!--more x-->b', 1),
        ("<!-- wp:more -->a<!--more-->b", 17),
        ("<!--more" * 200_000, None),
        ("<!-- wp:more " * 100_000 + "<!--more-->", 1_300_000),
    ],
)
def test_the_lead_ends_where_the_author_put_the_more_tag(source, end):
    assert lead_end(source) == end


def test_a_lead_that_is_not_public_stays_closed_too(cast):
    house, gold, _alice, bob = cast
    post_id = house.post(LEAD)
    house.protect(post_id, gold, excerpt_is_public=False)
    answer = Reader(house, post_id, LEAD).post(bob)
    assert (answer["lead"], answer["excerpt"], answer["splices"]) == (False, False, [])


def test_offsets_are_bytes_also_where_the_text_has_other_letters(cast):
    house, _gold, alice, _bob = cast
    text = "Grüße 🎉 [MM_Member_Data name='firstName'] — [MM_Member_Data name='username']!"
    assert (
        apply(text, Reader(house, house.post(text), text).post(alice)["splices"]) == "Grüße 🎉 Alice — alice!"
    )


def test_drip_tells_a_member_the_date_in_his_language(cast):
    house, gold, alice, _bob = cast
    post_id = house.post(HELLO)
    house.protect(post_id, gold, 10)
    reader = Reader(house, post_id, HELLO)
    assert "June 25, 2026" in reader.post(alice)["notice"]
    assert "25 juin 2026" in reader.post(alice, view={"language": "fr_FR"})["notice"]
    house.clock.move(10 * DAY)
    assert reader.post(alice)["show"] == "open"
    assert reader.post()["show"] == "closed"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (Change.FALL_OVERDUE, "payment did not go through"),
        (Change.CANCEL, "canceled"),
        (Change.LOCK, "locked"),
        (Change.EXPIRE, "expired"),
    ],
)
def test_a_notice_says_why(cast, what, words):
    house, gold, alice, _bob = cast
    post_id = house.post("x")
    house.protect(post_id, gold)
    change_status(alice.user_id, what, now=NOW, by="test", zone=PARIS)
    answer = Reader(house, post_id).post(alice)
    assert answer["show"] == "closed"
    assert words in answer["notice"]


def test_the_owners_teaser_stands_where_he_wrote_one(cast):
    house, gold, *_ = cast
    post_id = house.post("x")
    house.protect(post_id, gold, teaser="<b>Join us</b>")
    assert Reader(house, post_id).post()["notice"] == "<b>Join us</b>"


# --- where a closed page leads ------------------------------------------------------------------------------------


def closed_page(cast, denied, **pages):
    house, gold, *_ = cast
    post_id = house.post("x")
    house.protect(post_id, gold, denied=denied)
    for kind in pages:
        choose_core_page(kind, house.post("", kind, type="page"), now=NOW)
    return Reader(house, post_id)


def test_a_visitor_is_sent_to_the_login_page_and_back_again_after_it(cast):
    reader = closed_page(cast, Denied.LOGIN, login=1)
    answer = reader.ask()["object"]
    assert (answer["act"], answer["status"]) == ("redirect", 302)
    assert answer["url"].endswith("redirect_to=https%3A%2F%2Fclub.test%2Fa-post%2F")


def test_without_a_login_page_of_ones_own_wordpresss_serves(cast):
    assert "wp-login.php?redirect_to=" in closed_page(cast, Denied.LOGIN).ask()["object"]["url"]


def test_a_member_without_the_right_goes_to_the_error_page_with_a_code_and_never_to_the_login(cast):
    _house, _gold, alice, bob = cast
    reader = closed_page(cast, Denied.LOGIN, login=1, error=2)
    assert reader.ask(bob)["object"]["url"].endswith("code=100020")
    assert reader.ask(alice)["object"]["act"] == "show"


def test_a_teaser_that_shows_something_is_200_and_one_that_shows_nothing_403(cast):
    house, gold, *_ = cast
    assert closed_page(cast, Denied.TEASER).ask()["object"] == {"act": "teaser", "url": "", "status": 200}
    post_id = house.post("y")
    house.protect(post_id, gold, excerpt_is_public=False)
    assert Reader(house, post_id).ask()["object"]["status"] == 403


def test_the_login_page_itself_is_never_closed(cast):
    house, gold, *_ = cast
    page_id = house.post("x", type="page")
    house.protect(page_id, gold, denied=Denied.LOGIN)
    choose_core_page("login", page_id, now=NOW)
    assert Reader(house, page_id).ask()["object"]["act"] == "show"


# --- caches, sessions, the log ------------------------------------------------------------------------------------


def test_a_visitors_page_may_be_cached_until_the_next_date_and_a_members_never(cast):
    house, _gold, alice, _bob = cast
    post_id = house.post("x")
    reader = Reader(house, post_id)
    assert reader.ask()["page"] == {"cache": "public", "until": None}
    assert reader.ask(alice)["page"]["cache"] == "private"
    protect(Rule(0, TargetKind.POST, str(post_id), Audience.EVERYONE, opens_on=date(2026, 7, 1)), now=NOW)
    assert reader.ask()["page"] == {"cache": "public", "until": 1782856800}


@pytest.mark.parametrize(
    ("what", "code"), [(Change.LOCK, 100031), (Change.CANCEL, 100030), (Change.EXPIRE, 100034)]
)
def test_an_old_cookie_of_somebody_who_may_not_sign_in_ends(cast, what, code):
    house, _gold, alice, _bob = cast
    reader = Reader(house, house.post("x"))
    assert reader.ask(alice)["viewer"]["session"] == "keep"
    change_status(alice.user_id, what, now=NOW, by="test", zone=PARIS)
    session = reader.ask(alice)["viewer"]
    assert (session["session"], session["code"]) == ("end", code)
    administrator = reader.ask(viewer={"user": alice.user_id, "administrator": True})
    assert administrator["viewer"]["session"] == "keep"


def test_a_members_view_is_recorded_once_however_often_the_request_arrives(cast):
    house, gold, alice, bob = cast
    post_id = house.post("x")
    house.protect(post_id, gold)
    reader = Reader(house, post_id)
    for _ in range(3):
        reader.ask(alice, signing={"request_id": "ab" * 16})
    reader.ask(bob)
    reader.ask()
    drain_spools(house.service)
    views = [event for event in house.events() if event.type == "page"]
    assert {(event.member_id, event.name) for event in views} == {(alice.id, "viewed"), (bob.id, "denied")}
    assert {(event.subject, event.ip) for event in views} == {(f"post:{post_id}", "192.0.2.7")}
    assert json.loads(views[0].body)["url"] == "/a-post/"


@pytest.mark.parametrize("more", [{"view": {"count": False}}, {"part": 2}])
def test_what_is_no_reading_is_not_recorded(cast, more):
    house, _gold, alice, _bob = cast
    answer = Reader(house, house.post("x")).ask(alice, **more)
    assert answer["recorded"] is True
    drain_spools(house.service)
    assert [event for event in house.events() if event.type == "page"] == []


def test_who_comes_by_an_affiliates_link_is_a_click_and_a_member_has_also_read(cast):
    house, _gold, alice, _bob = cast
    reader = Reader(house, house.post("x"))
    view = {"url": "/a-post/?affid=7&sid=news", "affid": "7", "sid": "news"}
    for _ in range(2):
        reader.ask(view=view, signing={"request_id": "cd" * 16})
        reader.ask(alice, view=view, signing={"request_id": "ab" * 16})
    reader.ask(view={**view, "count": False})
    drain_spools(house.service)
    told = [event for event in house.events() if event.type in {"page", "affiliate"}]
    assert sorted((event.type, event.name, event.member_id or 0) for event in told) == [
        ("affiliate", "clicked", 0), ("affiliate", "clicked", alice.id), ("page", "viewed", alice.id),
    ]  # fmt: skip
    assert {event.subject for event in told if event.type == "affiliate"} == {"affiliate:7"}
    assert {json.loads(event.body)["sid"] for event in told} == {"news"}


def test_an_address_of_8_kb_is_shown_and_recorded_cut(cast):
    house, _gold, alice, _bob = cast
    url = "/a-post/?q=" + "%C3%28" * 1400
    answer = Reader(house, house.post("x")).ask(alice, view={"url": url})
    assert answer["recorded"] is True
    drain_spools(house.service)
    (view,) = [event for event in house.events() if event.type == "page"]
    assert json.loads(view.body)["url"] == url[:2000]


def test_a_spool_that_cannot_be_written_is_said_so_that_the_bridge_keeps_the_event(cast):
    house, _gold, alice, _bob = cast
    house.service.config.state_dir.mkdir(parents=True)
    (house.service.config.state_dir / "spool").write_text("in the way")
    assert Reader(house, house.post("x")).ask(alice)["recorded"] is False


def test_an_administrator_and_an_editor_of_the_post_see_it(cast):
    house, gold, _alice, bob = cast
    post_id = house.post("x")
    house.protect(post_id, gold)
    reader = Reader(house, post_id)
    assert reader.post(viewer={"user": 999, "administrator": True})["show"] == "open"
    assert reader.post(bob, post={"editor": True})["show"] == "open"
    assert reader.post(viewer={"user": 999, "roles": ["administrator"]})["show"] == "closed"


def test_what_the_bridge_calls_governed_is_closed_when_no_rule_of_the_same_generation_fits(cast):
    house, gold, alice, _bob = cast
    house.protect(house.post("another"), gold)
    reader = Reader(house, house.post("x"))
    now = reader.ask()["generation"]
    for viewer in (None, alice):
        closed = reader.post(viewer, post={"governed": True}, generation=now)
        assert (closed["show"], closed["code"]) == ("closed", 100020)
        assert reader.post(viewer, post={"governed": True}, generation=now - 1)["show"] == "open"
        assert reader.post(viewer, generation=now)["show"] == "open"
    assert reader.post(alice, post={"governed": True, "editor": True}, generation=now)["show"] == "open"


def test_a_rule_on_an_archives_address_closes_what_the_archive_lists(cast):
    house, gold, alice, bob = cast
    grant = (RuleGrant(Grant.LEVEL, gold),)
    protect(Rule(0, TargetKind.URL, "/category/hidden/*", grants=grant), now=NOW)
    reader = Reader(house, house.post("x"))
    archive = {"view": {"url": "/category/hidden/page/2/?a=1", "kind": "archive", "object": None}}
    assert reader.post(alice, **archive)["show"] == "open"
    for charlie in (bob, None):
        assert reader.post(charlie, **archive)["show"] == "closed"
        assert reader.post(charlie)["show"] == "open"
        assert reader.post(charlie, part=2, **archive)["show"] == "open"


@pytest.mark.parametrize("address", ["/lessons/preview/x", "/lessons/preview/x?rest_route=/wp/v2/lesson"])
def test_an_address_that_is_open_opens_nothing_that_its_own_rules_close(cast, address):
    """Whoever asks chooses the address: WordPress takes a query such as `rest_route` below any of them."""
    house, gold, alice, bob = cast
    protect(Rule(0, TargetKind.TYPE, "post", grants=(RuleGrant(Grant.LEVEL, gold),)), now=NOW)
    protect(Rule(0, TargetKind.URL, "/lessons/preview/*", audience=Audience.EVERYONE), now=NOW)
    protect(Rule(0, TargetKind.URL, "/forum/*", audience=Audience.MEMBERS), now=NOW)
    reader = Reader(house, house.post("x"))
    asked = {"view": {"url": address, "kind": "other", "object": None}}
    for charlie in (bob, None):
        assert reader.post(charlie, **asked)["show"] == "closed"
    assert reader.post(alice, **asked)["show"] == "open"
    assert reader.post(None, post={"path": "/lessons/preview/x"})["show"] == "open"


def test_a_user_who_does_not_exist_is_a_visitor(cast):
    house, gold, *_ = cast
    post_id = house.post(HELLO)
    house.protect(post_id, gold)
    assert Reader(house, post_id, HELLO).post(viewer={"user": 2**62})["show"] == "closed"


# --- texts that are no posts --------------------------------------------------------------------------------------


def test_a_text_that_a_page_asked_for_later_comes_with_the_first_answer_next_time(cast):
    house, _gold, alice, _bob = cast
    reader = Reader(house, house.post("x"))
    widget = {"hash": sha(HELLO), "post": None}
    bodies = {sha(HELLO): base64.b64encode(HELLO.encode()).decode()}
    assert reader.ask(alice, part=2, posts=[], texts=[widget])["texts"][sha(HELLO)]["need"] is True
    reader.ask(alice, part=2, posts=[], texts=[widget], bodies=bodies)
    first = reader.ask(alice)["texts"]
    assert apply(HELLO, first[sha(HELLO)]["splices"]) == "Dear Alice, welcome."


def test_a_text_of_five_megabytes_is_refused_with_a_sentence_and_never_shown_raw(cast):
    house, _gold, alice, _bob = cast
    text = HELLO + "x" * 5 * 1024 * 1024
    bodies = {sha(text): base64.b64encode(text.encode()).decode()}
    answer = Reader(house, house.post("y"), text).post(alice, bodies=bodies)
    [(start, end, replacement)] = answer["splices"]
    assert start == 0
    assert end >= len(text)
    assert "too long" in replacement


def test_what_was_learnt_of_rules_is_read_again_when_they_change(cast):
    house, gold, _alice, bob = cast
    post_id = house.post("x")
    reader = Reader(house, post_id)
    first = reader.ask(bob)
    house.protect(post_id, gold)
    second = reader.ask(bob)
    assert (first["posts"][str(post_id)]["show"], second["posts"][str(post_id)]["show"]) == ("open", "closed")
    assert second["generation"] == first["generation"] + 1
