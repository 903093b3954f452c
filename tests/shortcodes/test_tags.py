"""Every row of the reference: for a member, for a visitor, and written wrongly."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import pytest

import shortcodes
from shortcodes.facts import Status
from shortcodes.tags.statuses import STATUSES
from tests.shortcodes.builders import Member, PageView, a_content, a_view, a_visitor

NOON = datetime(2026, 3, 1, 17, tzinfo=UTC)
ALICE = Member(
    last_name="O'Hara & <Sons>",
    status="pending_cancel",
    status_changed_at=NOON,
    expires_at=NOON,
    canceled_at=NOON,
    bundles={3: 12},
    past_bundles={4: 40},
    custom_fields={5: "blue", 6: "mm_cb_on"},
    addresses={
        (kind, field): f"{kind} {field}"
        for kind in ("billing", "shipping")
        for field in ("address", "address2", "city", "state", "zipCode", "country")
    },
    products=frozenset({8, 9}),
)


def printed(tag: str, facts: PageView) -> str:
    return html.unescape(shortcodes.compile(tag).render(facts).text)


def shown(attributes: str, facts: PageView, tag: str = "MM_Member_Decision") -> bool:
    return shortcodes.compile(f"[{tag} {attributes}]yes[/{tag}]").render(facts).text == "yes"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "7"),
        ("username", "alice"),
        ("email", "alice@example.com"),
        ("firstName", "Alice"),
        ("FIRSTNAME", "Alice"),
        ("lastName", "O'Hara & <Sons>"),
        ("phone", "555 0100"),
        ("membershipId", "1"),
        ("membershipName", "Gold"),
        ("statusId", "9"),
        ("statusName", "Pending cancellation"),
        ("registrationDate", "Oct 14, 2013 12:14 pm"),
        ("statusChangedDate", "Mar 1, 2026 12:00 pm"),
        ("expirationDate", "Mar 1, 2026 12:00 pm"),
        ("cancellationDate", "Mar 1, 2026 12:00 pm"),
        ("daysAsMember", "30"),
        ("daysWithBundle_3", "12"),
        ("daysWithBundle_4", "40"),
        ("daysWithBundle_99", ""),
        ("customField_5", "blue"),
        ("customField_99", ""),
        ("billingAddress", "billing address"),
        ("billingAddress2", "billing address2"),
        ("billingCity", "billing city"),
        ("billingState", "billing state"),
        ("billingZipCode", "billing zipCode"),
        ("billingCountry", "billing country"),
        ("shippingAddress", "shipping address"),
        ("shippingAddress2", "shipping address2"),
        ("shippingCity", "shipping city"),
        ("shippingState", "shipping state"),
        ("shippingZipCode", "shipping zipCode"),
        ("shippingCountry", "shipping country"),
        ("password", ""),
        ("user_pass", ""),
        ("session_tokens", ""),
        ("__class__", ""),
        ("customField_", ""),
        ("customField_x", ""),
        ("", ""),
    ],
)
def test_member_data_prints_listed_fields_and_nothing_for_a_visitor(name: str, value: str) -> None:
    tag = f"[MM_Member_Data name='{name}']"
    assert printed(tag, a_view(ALICE)) == value
    assert printed(tag, a_visitor()) == ""


def test_every_documented_field_is_tested_above() -> None:
    table = test_member_data_prints_listed_fields_and_nothing_for_a_visitor.pytestmark[0].args[1]  # type: ignore[attr-defined]
    (name, _) = shortcodes.REGISTRY["MM_Member_Data"].attributes
    tested = {row[0].rstrip("0123456789") for row in table if row[1]} | {
        "billingAddress2",
        "shippingAddress2",
    }
    assert {value.rstrip("#") for value in name.values} <= tested


@pytest.mark.parametrize(
    ("attributes", "language", "value"),
    [
        ("", "fr", "14 oct. 2013 12:14"),
        ("dateFormat='F j'", "en", "October 14"),
        ("dateFormat='j F Y'", "fr", "14 octobre 2013"),
        ("dateformat='Y-m-d H:i T'", "en", "2013-10-14 12:14 EDT"),
        ("dateFormat=''", "en", "Oct 14, 2013 12:14 pm"),
    ],
)
def test_dates_are_printed_in_the_site_s_zone_and_language(
    attributes: str, language: str, value: str
) -> None:
    tag = f"[MM_Member_Data name='registrationDate' {attributes}]"
    assert printed(tag, a_view(ALICE, language=language)) == value


def test_dates_that_are_not_set_print_nothing() -> None:
    for name in ("statusChangedDate", "expirationDate", "cancellationDate"):
        assert printed(f"[MM_Member_Data name='{name}']", a_view()) == ""


def test_statuses_have_french_names() -> None:
    assert (
        printed("[MM_Member_Data name='statusName']", a_view(ALICE, language="fr"))
        == "En attente de résiliation"
    )


@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [
        ("isMember='true'", True),
        ("isMember='false'", False),
        ("isMember='maybe'", False),
        ("isFree='false'", True),
        ("isFree='true'", False),
        ("isFree='x'", False),
        ("status='pending_cancel'", True),
        ("status='9'", True),
        ("status='active'", False),
        ("status='active|Pending_Cancel'", True),
        ("status='!active'", True),
        ("status='!active&!paused'", True),
        ("status='!activ'", False),
        ("membershipId='1'", True),
        ("membershipId='2|1'", True),
        ("membershipId='!1'", False),
        ("membershipId='gold'", False),
        ("membershipId='!gold'", False),
        ("membershipId=''", False),
        ("membershipId='1|'", False),
        ("membershipId='99999999999999999999999'", False),
        ("hasBundle='3'", True),
        ("hasBundle='4'", False),
        ("hasBundle='3&amp;!4'", True),
        ("hasBundle='(3|4)&!5'", True),
        ("daysAsMember='30'", True),
        ("daysAsMember='31'", False),
        ("daysAsMember='-31'", True),
        ("daysAsMember='-30'", False),
        ("daysAsMember=' 7 '", True),
        ("daysAsMember='7.5'", False),
        ("daysAsMember='--7'", False),
        ("daysWithBundle_3='12'", True),
        ("daysWithBundle_3='-12'", False),
        ("daysWithBundle_99='0'", False),
        ("daysWithBundle_99='-5'", False),
        ("customField_5='blue'", True),
        ("customField_5='Blue'", False),
        ("customField_6='mm_cb_on'", True),
        ("customField_99=''", True),
        ("purchasedProduct='8&9'", True),
        ("purchasedProduct='7'", False),
        ("isMember='true' membershipId='1' hasBundle='3'", True),
        ("isMember='true' membershipId='1' hasBundle='4'", False),
        ("isMember='false' membershipId='1'", False),
        ("ISMEMBER='true'", True),
        ("joinedBefore='2013-10-15'", True),
        ("joinedBefore='2013-10-14'", False),
        ("joinedAfter='2013-10-13'", True),
        ("joinedAfter='2013-10-14'", False),
        ("joinedAfter='2013-10-13' joinedBefore='2013-10-15'", True),
        ("joinedBefore='2013-02-30'", False),
        ("joinedAfter='yesterday'", False),
        ("", False),
        ("memberOf='1'", False),
        ("isMember='true' memberOf='1'", False),
        ("isMember='true',membershipId='1'", False),
        ("membershipId=“1”", False),
    ],
)
def test_a_decision_shows_its_content_when_all_of_its_attributes_hold(attributes: str, outcome: bool) -> None:
    assert shown(attributes, a_view(ALICE)) is outcome
    assert shown(attributes, a_visitor()) is (attributes == "isMember='false'")


def test_a_visitor_passes_no_decision_that_asks_for_more_than_being_none() -> None:
    assert not shown("isMember='false' membershipId='!1'", a_visitor())


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_is_known_by_word_number_and_our_own_name(status: Status) -> None:
    names = STATUSES[status]
    others = [other.word for other in STATUSES.values() if other is not names]
    for word in (names.word, str(names.number), status):
        assert shown(f"status='{word}'", a_view(Member(status=status)))
        assert not shown(f"status='{word}'", a_visitor())
    assert not shown(f"status='{'|'.join(others)}'", a_view(Member(status=status)))


ACCESSES = {10: a_content(access="true"), 20: a_content(access="false"), 30: a_content(access="future")}


@pytest.mark.parametrize("viewer", [Member(), None])
@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [
        ("access='true'", True),
        ("access='false'", False),
        ("access='true' id='10'", True),
        ("access='false' id='20'", True),
        ("access='future' id='30'", True),
        ("access='true' id='30'", False),
        ("access='false' id='99'", False),
        ("access='true' id='ten'", False),
        ("access='never'", False),
        ("id='10'", False),
        ("", False),
        ("access='true' level='1'", False),
    ],
)
def test_access_is_what_the_post_is_to_this_viewer(
    viewer: Member | None, attributes: str, outcome: bool
) -> None:
    assert shown(attributes, PageView(viewer, contents=ACCESSES), "MM_Access_Decision") is outcome


def test_without_a_post_of_its_own_a_text_has_no_access() -> None:
    assert not shown("access='true'", a_view(contents=ACCESSES, post_id=None), "MM_Access_Decision")


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ("name='title'", "Lesson <1>"),
        ("name='title' id='20'", "Lesson 2"),
        ("name='title' id='99'", ""),
        ("name='title' id='x'", ""),
        ("name='dateAvailable'", ""),
        ("name='dateAvailable' id='20'", "Mar 4, 2026 12:00 am"),
        ("name='dateAvailable' id='20' dateFormat='l'", "Wednesday"),
        ("name='daysUntilAvailable' id='20'", "3"),
        ("name='daysUntilAvailable' id='30'", "0"),
        ("name='daysUntilAvailable'", ""),
        ("name='post_password'", ""),
        ("", ""),
    ],
)
def test_content_data_tells_a_member_of_a_post_and_a_visitor_nothing(attributes: str, value: str) -> None:
    contents = {
        10: a_content("Lesson <1>"),
        20: a_content("Lesson 2", available_at=datetime(2026, 3, 4, 5, tzinfo=UTC)),
        30: a_content("Lesson 3", available_at=datetime(2020, 1, 1, tzinfo=UTC)),
    }
    tag = f"[MM_Content_Data {attributes}]"
    assert printed(tag, a_view(contents=contents)) == value
    assert printed(tag, a_visitor(contents=contents)) == ""


@pytest.mark.parametrize("viewer", [Member(), None])
@pytest.mark.parametrize(
    ("tag", "address"),
    [
        ("[MM_Content_Link]", "https://example.com/lesson-1/"),
        ("[MM_Content_Link id='20']", "https://example.com/?p=20&x=é"),
        ("[MM_Content_Link id='99']", ""),
        ("[MM_Content_Link id='x']", ""),
        ("[MM_CorePage_Link type='checkout']", "https://example.com/checkout/"),
        ("[MM_CorePage_Link type='forgotPassword']", "https://example.com/forgot/"),
        ("[MM_CorePage_Link type='FORGOTPASSWORD']", "https://example.com/forgot/"),
        ("[MM_CorePage_Link type='login']", ""),
        ("[MM_CorePage_Link type='admin']", ""),
        ("[MM_CorePage_Link]", ""),
    ],
)
def test_links_are_addresses_for_everybody(viewer: Member | None, tag: str, address: str) -> None:
    contents = {10: a_content(), 20: a_content(url="https://example.com/?p=20&x=é")}
    pages = {"checkout": "https://example.com/checkout/", "forgotPassword": "https://example.com/forgot/"}
    assert printed(tag, PageView(viewer, contents=contents, core_pages=pages)) == address


@pytest.mark.parametrize("kind", shortcodes.CORE_PAGES)
def test_every_core_page_is_asked_for_by_its_documented_name(kind: str) -> None:
    facts = a_visitor(core_pages={kind: "/page/"})
    assert printed(f"[MM_CorePage_Link type='{kind}']", facts) == "/page/"


def test_the_registry_holds_exactly_the_documented_tags_each_printing_or_deciding() -> None:
    assert list(shortcodes.REGISTRY) == [
        "MM_Member_Data", "MM_Member_Decision", "MM_Access_Decision", "MM_Content_Data", "MM_Content_Link",
        "MM_CorePage_Link", "MM_Member_Link", "MM_Purchase_Link", "MM_Order_Data", "MM_Order_Decision",
        "MM_Order_Subdecision", "MM_Product_Data", "MM_CustomField_Data", "MM_Employee_Data", "MM_Affiliate_Decision",
        "MM_Affiliate_Data", "MM_Custom_Decision", "MM_Error_Message", "MM_Mail_Data",
        "MM_Mail_Decision", "MM_Mail_Details", "MM_Form", "MM_Form_Section", "MM_Form_Subsection",
        "MM_Form_Field", "MM_Form_Data", "MM_Form_Message", "MM_Form_Button",
    ]  # fmt: skip
    assert all((tag.prints is None) != (tag.decides is None) for tag in shortcodes.REGISTRY.values())
