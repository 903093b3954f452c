"""The drip grid and the form of a rule: read, filled in, and told before it is saved."""

import csv
import io
import re

import pytest

from sidecar.access.rules import Audience, Denied, RuleGrant, TargetKind
from sidecar.access.ruling import choose_core_page, unprotect
from sidecar.access.store import read_rule_book
from sidecar.catalog.coupons import Coupon, CouponKind
from sidecar.catalog.making import make_coupon, make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms
from sidecar.catalog.store import get_generation
from sidecar.db import reading
from sidecar.outbox import list_waiting
from sidecar.staff.rules import Role
from sidecar.web.dashboard.editing import grid
from tests.dashboard.screens import Desk, an_administrator, an_employee, readable
from tests.dashboard.test_editing import fields_of, saved, sent
from tests.house import DAY, NOW, House


@pytest.fixture
def owner(house: House) -> Desk:
    return Desk(house, an_administrator(house))


@pytest.fixture
def lesson(house):
    """A post that Gold opens from its first day on; (rule, level, post)."""
    level = house.level("Gold")
    post = house.post("", "First lesson")
    return house.protect(post, level), level, post


def the_rule():
    with reading() as reader:
        (rule,) = read_rule_book(reader).rules
    return rule


def test_the_grid_has_content_by_level_and_bundle_and_says_from_which_day_on(owner, house, lesson):
    rule, level, _post = lesson
    bundle = house.bundle("Films")
    page = owner.get("/rules").get_data(as_text=True)
    assert "First lesson" in page
    assert (fields_of(page)[f"{rule}-level:{level}"], fields_of(page)[f"{rule}-bundle:{bundle}"]) == ("0", "")
    assert 'aria-label="First lesson: Films from day"' in page


def test_a_day_later_is_told_for_how_many_before_it_closes_for_them_and_the_site_is_told_after(
    owner, house, lesson
):
    rule, level, _post = lesson
    for days in (0, 3, 9):
        house.member(level, now=NOW - DAY * days)
    bundle = house.bundle("Films")
    generation, waiting = look()
    before = sent(owner, "/rules", **{f"{rule}-level:{level}": "7", f"{rule}-bundle:{bundle}": "0"})
    text = readable(before.get_data(as_text=True))
    assert "First lesson Gold Gold from day 7 or Films It closes for 2 members." in text
    assert the_rule().grants == (RuleGrant(Grant.LEVEL, level, 0),)
    answer = owner.post("/rules", **fields_of(before.get_data(as_text=True)), step="save")
    assert answer.status_code == 303
    assert set(the_rule().grants) == {RuleGrant(Grant.LEVEL, level, 7), RuleGrant(Grant.BUNDLE, bundle, 0)}
    assert look()[0] > generation
    assert look()[1] > waiting
    assert f"{owner.by} rule:{rule}" in owner.text("/log")


def look() -> tuple[int, int]:
    """The generation, and how often the site is to be told of the index."""
    with reading() as reader:
        told = [one for one in list_waiting(reader, "site_change") if one.payload["kind"] == "index"]
        return get_generation(reader), len(told)


def test_what_is_wrong_stands_in_its_cell_and_what_was_typed_stays(owner, house, lesson):
    rule, level, _post = lesson
    other = house.protect(house.post("", "Second lesson"), level)
    typed = {f"{rule}-level:{level}": "soon", f"{other}-level:{level}": ""}
    answer = sent(owner, "/rules", **typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="w-{rule}-level:{level}"' in page
    assert "Nobody could see it any more" in page
    assert {name: fields_of(page)[name] for name in typed} == typed


def test_a_row_that_somebody_else_has_changed_is_told_and_the_other_rows_wait(owner, house, lesson):
    rule, level, _post = lesson
    before = sent(owner, "/rules", **{f"{rule}-level:{level}": "7"})
    saved(owner, f"/catalog/rules/{rule}", **{f"level:{level}": "30"})
    answer = owner.post("/rules", **fields_of(before.get_data(as_text=True)), step="save")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Now: Gold from day 30" in page
    assert the_rule().grants == (RuleGrant(Grant.LEVEL, level, 30),)
    assert fields_of(page)[f"{rule}-level:{level}"] == "7"
    assert owner.post("/rules", **fields_of(page), step="save").status_code == 303
    assert the_rule().grants == (RuleGrant(Grant.LEVEL, level, 7),)


def test_a_row_that_only_somebody_else_has_changed_keeps_that_change(owner, house, lesson):
    rule, level, _post = lesson
    other = house.protect(house.post("", "Second lesson"), level)
    before = sent(owner, "/rules", **{f"{rule}-level:{level}": "7"})
    saved(owner, f"/catalog/rules/{other}", **{f"level:{level}": "30"})
    assert owner.post("/rules", **fields_of(before.get_data(as_text=True)), step="save").status_code == 303
    with reading() as reader:
        days = {one.id: one.grants[0].from_day for one in read_rule_book(reader).rules}
    assert days == {rule: 7, other: 30}


def test_a_grid_that_nobody_touched_changes_nothing(owner, house, lesson):
    assert "said=unchanged" in sent(owner, "/rules").headers["Location"]


def test_a_page_of_the_grid_changes_its_own_rows_alone_also_after_going_back(
    owner, house, lesson, monkeypatch
):
    rule, level, _post = lesson
    monkeypatch.setattr(grid, "MOST_ROWS", 1)
    second = house.protect(house.post("", "Second lesson"), level, from_day=3)
    page = owner.get("/rules?from=1").get_data(as_text=True)
    assert ("Second lesson" in page, "First lesson" in page) == (True, False)
    before = owner.post("/rules", **{**fields_of(page), f"{second}-level:{level}": "9"})
    again = owner.post("/rules", **fields_of(before.get_data(as_text=True)), step="edit")
    fields = fields_of(again.get_data(as_text=True))
    assert fields[f"{second}-level:{level}"] == "9"
    assert f"seen-{rule}" not in fields
    assert owner.post("/rules", **fields, step="save").status_code == 303
    with reading() as reader:
        days = {one.id: one.grants[0].from_day for one in read_rule_book(reader).rules}
    assert days == {rule: 0, second: 9}


def test_a_rule_that_was_taken_away_meanwhile_stays_away(owner, house, lesson):
    rule, level, _post = lesson
    before = sent(owner, "/rules", **{f"{rule}-level:{level}": "7"})
    unprotect(rule, now=NOW)
    answer = owner.post("/rules", **fields_of(before.get_data(as_text=True)), step="save")
    assert (answer.status_code, "taken away by somebody else" in answer.get_data(as_text=True)) == (409, True)
    with reading() as reader:
        assert read_rule_book(reader).rules == ()


# --- one rule ---------------------------------------------------------------------------------------------------------


def test_a_post_is_found_by_its_title_and_protected_and_it_is_told_who_is_shut_out(owner, house):
    level, post = house.level("Gold"), house.post("", "The secret recipe")
    house.member(level)
    house.member(house.level("Silver"))
    found = owner.get("/rules/find?q=recipe").get_data(as_text=True)
    assert f"/catalog/rules/new?on=post:{post}" in found.replace("%3A", ":")
    path = f"/catalog/rules/new?on=post:{post}"
    before = sent(owner, path, **{f"level:{level}": "0", "denied": "login"})
    text = readable(before.get_data(as_text=True))
    assert "It closes to visitors. It closes for 1 member." in text
    with reading() as reader:
        assert read_rule_book(reader).rules == ()
    assert owner.post(path, **fields_of(before.get_data(as_text=True)), step="save").status_code == 303
    assert (the_rule().target_kind, the_rule().target, the_rule().denied) == (
        TargetKind.POST,
        str(post),
        Denied.LOGIN,
    )
    assert "Is protected: show the rule" in owner.text("/rules/find?q=recipe")


@pytest.mark.parametrize(
    ("on", "target"), [("url:/Members/*", "/members/*"), ("type:lesson", "lesson"), ("term:7", "7")]
)
def test_addresses_types_and_terms_are_protected_like_posts(owner, house, on, target):
    path = f"/catalog/rules/new?on={on}"
    before = sent(owner, path, audience="members", opens_on="2026-07-01")
    owner.post(path, **fields_of(before.get_data(as_text=True)), step="save")
    assert (the_rule().target, the_rule().audience, str(the_rule().opens_on)) == (
        target,
        Audience.MEMBERS,
        "2026-07-01",
    )


@pytest.mark.parametrize("on", ["", "post:x", "post:0", "emperor:1", "url:/a?b", "type:No Type"])
def test_what_can_match_nothing_is_no_target(owner, house, on):
    assert owner.get(f"/catalog/rules/new?on={on}").status_code == 409


def test_a_rule_keeps_what_no_field_says_and_its_html(owner, house, lesson):
    rule, _level, post = lesson
    saved(owner, f"/catalog/rules/{rule}", teaser="<b>Join</b>\r\nus", excerpt_is_public="")
    assert (the_rule().teaser, the_rule().excerpt_is_public, the_rule().target) == (
        "<b>Join</b>\nus",
        False,
        str(post),
    )
    unchanged = sent(owner, f"/catalog/rules/{rule}")
    assert "said=unchanged" in unchanged.headers["Location"]


def test_only_an_administrator_writes_scripts_into_a_teaser(owner, house, lesson):
    rule, _level, _post = lesson
    typed = "<p onclick='x()'>Join</p><script>alert(1)</script>"
    manager = Desk(house, an_employee(house, Role.PRODUCT_MANAGER), app=owner.app)
    saved(manager, f"/catalog/rules/{rule}", teaser=typed)
    assert the_rule().teaser == "<p>Join</p>"
    saved(owner, f"/catalog/rules/{rule}", teaser=typed)
    assert the_rule().teaser == typed
    saved(manager, f"/catalog/rules/{rule}", excerpt_is_public="")
    assert the_rule().teaser == typed


def test_taking_a_rule_away_says_what_opens(owner, house, lesson):
    rule, level, _post = lesson
    house.member(level)
    house.member(house.level("Silver"))
    assert "It opens to visitors, too. It opens for 1 member." in owner.text(f"/catalog/rules/{rule}")
    assert owner.post(f"/rules/{rule}/remove").status_code == 303
    assert owner.post(f"/rules/{rule}/remove").status_code == 404
    assert "Nothing is protected" in owner.text("/rules")


def test_a_rule_that_somebody_has_changed_is_not_taken_away_unseen(owner, house, lesson):
    rule, level, _post = lesson
    seen = fields_of(owner.get(f"/catalog/rules/{rule}").get_data(as_text=True))["seen"]
    saved(owner, f"/catalog/rules/{rule}", **{f"level:{level}": "30"})
    assert owner.post(f"/rules/{rule}/remove", seen=seen).status_code == 409
    assert the_rule().grants == (RuleGrant(Grant.LEVEL, level, 30),)


def test_a_core_page_is_found_and_not_offered(owner, house):
    post = house.post("", "Sign in here")
    choose_core_page("login", post, now=NOW)
    page = owner.get("/rules/find?q=sign+in").get_data(as_text=True)
    assert "which is never closed" in page
    assert f"post:{post}" not in page.replace("%3A", ":")


def test_support_reads_the_grid_and_changes_nothing(house, lesson):
    support = Desk(house, an_employee(house, Role.SALES_SUPPORT))
    rule, level, _post = lesson
    page = support.get("/rules").get_data(as_text=True)
    assert "from day 0" in readable(page)
    assert re.search(r'<input name="\d+-level', page) is None
    assert support.post("/rules", **{f"{rule}-level:{level}": "9"}).status_code == 403
    assert support.get("/rules/find?q=x").status_code == 403


def test_the_grid_products_and_coupons_are_files_too_and_no_cell_is_a_formula(owner, house, lesson):
    rule, level, post = lesson
    make_product("=Gold()", Terms(ProductKind.FREE), Grant.LEVEL, level, now=NOW)
    make_coupon(Coupon(0, "HALF", CouponKind.PERCENT, percent_ppm=500_000), now=NOW)

    def lines(path: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(owner.get(path).get_data(as_text=True).removeprefix("\ufeff"))))

    heads, line = lines("/rules.csv")
    assert line == [str(rule), "post", str(post), "First lesson", "grants", "0", "", "teaser"]
    assert heads[5] == "Gold"
    heads, line = lines("/catalog/products.csv")
    assert (line[heads.index("name")], line[heads.index("grant")]) == ("'=Gold()", "Gold")
    heads, line = lines("/catalog/coupons.csv")
    assert (line[heads.index("code")], line[heads.index("percent")]) == ("HALF", "50")
