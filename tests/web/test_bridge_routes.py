"""The routes of the bridge but the page: index, search, login, events, ping, personal data."""

import json
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from jobs.activity import drain_spools
from sidecar.access.rules import Audience, Rule, RuleGrant, TargetKind
from sidecar.access.ruling import choose_core_page, protect, unprotect
from sidecar.catalog.rules import Grant
from sidecar.members.changing import change_status
from sidecar.members.rules import Change
from tests.house import NOW
from tests.web.client import Bridge

PARIS = ZoneInfo("Europe/Paris")


def test_the_index_names_every_target_and_moves_with_every_change(house):
    level = house.level()
    grant = (RuleGrant(Grant.LEVEL, level),)
    rule_id = house.protect(5, level)
    for kind, target in [(TargetKind.TERM, "8"), (TargetKind.TYPE, "lesson"), (TargetKind.URL, "/members/*")]:
        protect(Rule(0, kind, target, grants=grant), now=NOW)
    choose_core_page("login", 40, now=NOW)
    index = Bridge(house.app).ask("/bridge/v1/index")
    assert index == {
        "generation": 6, "types": ["lesson"], "terms": [8], "urls": ["/members/*"], "posts": [5],
        "core_pages": {"login": 40},
    }  # fmt: skip
    unprotect(rule_id, now=NOW)
    index = Bridge(house.app).ask("/bridge/v1/index")
    assert (index["generation"] > 6, index["posts"]) == (True, [])


def test_search_says_of_every_target_what_this_viewer_may_match(house):
    gold, silver = house.level("Gold"), house.level("Silver")
    house.protect(5, gold)
    house.protect(6, gold, excerpt_is_public=False)
    protect(Rule(0, TargetKind.TERM, "8", grants=(RuleGrant(Grant.LEVEL, silver),)), now=NOW)
    alice, bob = house.member(gold), house.member(silver)
    bridge = Bridge(house.app)

    def ask(user, administrator=False):
        viewer = {"user": user, "administrator": administrator} if user else None
        return bridge.ask("/bridge/v1/search", {"viewer": viewer})

    assert ask(alice.user_id)["posts"] == {"5": "open", "6": "open"}
    assert ask(bob.user_id)["posts"] == {"5": "excerpt", "6": "closed"}
    assert ask(bob.user_id)["terms"] == {"8": "open"}
    assert ask(0) == {
        "content": True,
        "types": {},
        "terms": {"8": "excerpt"},
        "posts": {"5": "excerpt", "6": "closed"},
    }
    assert ask(99, administrator=True)["posts"] == {"5": "open", "6": "open"}


def test_a_url_rule_that_is_closed_to_the_viewer_closes_all_content_to_his_search(house):
    gold = house.level()
    protect(Rule(0, TargetKind.URL, "/members/*", grants=(RuleGrant(Grant.LEVEL, gold),)), now=NOW)
    member = house.member(gold)
    assert Bridge(house.app).ask("/bridge/v1/search", {"viewer": {"user": member.user_id}})["content"] is True
    assert Bridge(house.app).ask("/bridge/v1/search")["content"] is False


def test_a_locked_member_may_not_sign_in_and_is_told_why_in_his_language(house):
    member = house.member(house.level())
    bridge = Bridge(house.app)
    assert bridge.ask("/bridge/v1/login", {"user": member.user_id}) == {
        "allow": True,
        "code": 0,
        "message": "",
        "landing": "",
        "must_land": False,
    }
    change_status(member.user_id, Change.LOCK, now=NOW, by="test", zone=PARIS)
    answer = bridge.ask("/bridge/v1/login", {"user": member.user_id, "language": "fr_FR"})
    assert (answer["allow"], answer["code"]) == (False, 100031)
    assert "verrouillé" in answer["message"]
    assert bridge.ask("/bridge/v1/login", {"user": 9999})["allow"] is True


def test_who_has_to_pay_lands_on_his_account_and_others_on_their_own_page(house):
    gold, silver = house.level("Gold"), house.level("Silver")
    home, account = (house.post("x", title, type="page") for title in ("Home of Gold", "Account"))
    choose_core_page("myaccount", account, now=NOW)
    choose_core_page("homepage", home, now=NOW, level_id=gold)
    alice, bob = house.member(gold), house.member(silver)
    bridge = Bridge(house.app)

    def landing(member):
        answer = bridge.ask("/bridge/v1/login", {"user": member.user_id})
        return answer["landing"].rpartition("page_id=")[2], answer["must_land"]

    assert landing(alice) == (str(home), False)
    assert landing(bob) == ("", False)
    change_status(alice.user_id, Change.FALL_OVERDUE, now=NOW, by="test", zone=PARIS)
    assert landing(alice) == (str(account), True)
    change_status(alice.user_id, Change.LOCK, now=NOW, by="test", zone=PARIS)
    assert landing(alice) == ("", False)


def test_events_are_stored_once_and_rubbish_among_them_holds_up_nothing(house):
    member = house.member(house.level())
    event = {
        "id": "ab" * 16,
        "at": NOW.timestamp() - 60,
        "kind": "login",
        "user": member.user_id,
        "ip": "192.0.2.7",
    }
    rubbish = {"id": "cd" * 16, "kind": "dance"}
    for _ in range(2):
        answer = Bridge(house.app).ask("/bridge/v1/events", {"events": [event, rubbish]})
        assert answer == {"stored": ["ab" * 16, "cd" * 16]}
    assert drain_spools(house.service) == 2
    [stored] = [row for row in house.events() if row.type == "login"]
    assert (stored.name, stored.member_id, stored.ip) == ("signed_in", member.id, "192.0.2.7")


def test_an_event_that_cannot_be_kept_is_not_called_stored(house):
    folder = house.service.config.state_dir
    folder.mkdir(parents=True)
    (folder / "spool").write_text("in the way")
    event = {"id": "ab" * 16, "at": NOW.timestamp(), "kind": "login", "user": 1, "ip": ""}
    assert Bridge(house.app).ask("/bridge/v1/events", {"events": [event]}) == {"stored": []}


def test_ping_says_version_and_site(house):
    answer = Bridge(house.app).ask("/bridge/v1/ping")
    assert (answer["protocol"], answer["database"], answer["site"]) == (1, "ok", "https://club.test")


def test_a_persons_data_come_with_membership_and_events_and_nobody_elses(house):
    alice, charlie = house.member(house.level("Gold"), "alice"), house.member(house.level(), "charlie")
    answer = Bridge(house.app).ask("/bridge/v1/privacy/export", {"email": "alice@example.test"})
    assert answer["done"] is True
    assert {item["group"] for item in answer["items"]} == {"membership", "activity"}
    assert "Gold" in json.dumps(answer)
    assert f"entitlement-{charlie.level.id}" not in json.dumps(answer)
    assert f"entitlement-{alice.level.id}" in json.dumps(answer)
    assert Bridge(house.app).ask("/bridge/v1/privacy/export", {"email": "nobody@example.test"})["items"] == []


def test_erasure_blanks_what_is_personal_and_keeps_the_events(house):
    alice, charlie = house.member(house.level(), "alice"), house.member(house.level(), "charlie")
    before = house.events()
    answer = Bridge(house.app).ask("/bridge/v1/privacy/erase", {"email": "alice@example.test"})
    assert (answer["done"], answer["removed"]) == (True, 1)
    after = {event.id: event for event in house.events()}
    assert {event.id: event.digest for event in before}.items() <= {
        key: row.digest for key, row in after.items()
    }.items()
    mine = next(after[event.id] for event in before if event.member_id == alice.id)
    assert (mine.body, mine.ip, mine.user_id, mine.salt) == ("{}", "", None, None)
    others = next(after[event.id] for event in before if event.member_id == charlie.id)
    assert others.salt is not None
    assert Bridge(house.app).ask("/bridge/v1/privacy/erase", {"email": "alice@example.test"})["removed"] <= 1


@pytest.mark.parametrize("email", ["", "' OR 1=1 --", "a" * 190, "alice@example.test\u0000"])
def test_an_address_that_is_none_finds_nobody(house, email):
    house.member(house.level(), "alice")
    assert Bridge(house.app).ask("/bridge/v1/privacy/export", {"email": email})["items"] == []


def test_a_post_that_opens_to_everyone_later_is_closed_to_search_before(house):
    protect(Rule(0, TargetKind.POST, "5", Audience.EVERYONE, opens_on=date(2026, 7, 1)), now=NOW)
    assert Bridge(house.app).ask("/bridge/v1/search")["posts"] == {"5": "excerpt"}
