"""Tags about orders, products, links, people and how somebody came: for a member, for a visitor, and written wrongly."""

from __future__ import annotations

import html

import pytest

import shortcodes
from shortcodes.facts import EmployeeFacts
from tests.shortcodes.builders import Member, PageView, a_product, a_view, a_visitor, an_order, money
from tests.shortcodes.test_tags import printed, shown

BUYER = Member(
    addresses={
        (kind, field): f"{kind} {field}"
        for kind in ("billing", "shipping")
        for field in ("address", "address2", "city", "state", "zipCode", "country", "countryName")
    }
)
PEOPLE = {
    None: EmployeeFacts("Ruth", "ruth@club.test", "Ruth", "Hall", "555 0199"),
    2: EmployeeFacts("Tom", "tom@club.test", "Tom", "Reed", ""),
}
PRODUCTS = {
    "": a_product("From the address"),
    "3": a_product(),
    "gold": a_product("By reference"),
    "4": a_product("One-time", is_subscription=False, rebill_duration=None, rebill_frequency="", price=money(500)),
    "5": a_product("Hidden", is_listed=False),
}  # fmt: skip


def problems(text: str) -> list[str]:
    return [one.message for one in shortcodes.compile(text).diagnostics]


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ("name='id'", "1f0c7a52"),
        ("name='total'", "$15.20"),
        ("name='total' doFormat='false'", "15.20"),
        ("name='TOTAL' doformat='TRUE'", "$15.20"),
        ("name='subtotal'", "$19.00"),
        ("name='discount'", "$3.80"),
        ("name='shipping' doFormat='false'", "0.00"),
        ("name='productId'", "3"),
        ("name='productName'", "Gold monthly"),
        ("name='couponCode'", "SPRING"),
        ("name='giftLink'", ""),
        ("name='ipAddress'", "192.0.2.7"),
        ("name='affiliateId'", "anna"),
        ("name='subaffiliateId'", "letter-7"),
        ("name='billingAddress2'", "billing address2"),
        ("name='billingCountry'", "billing country"),
        ("name='billingCountryName'", "billing countryName"),
        ("name='shippingCity'", "shipping city"),
        ("name='shippingZipCode'", "shipping zipCode"),
        ("name='card'", ""),
        ("name='total' doFormat='maybe'", ""),
        ("", ""),
    ],
)
def test_order_data_tells_the_buyer_of_his_order_and_a_visitor_nothing(attributes: str, value: str) -> None:
    tag = f"[MM_Order_Data {attributes}]"
    assert printed(tag, a_view(BUYER, own_order=an_order())) == value
    assert printed(tag, a_view(BUYER)) == ""
    assert printed(tag, a_visitor(own_order=an_order())) == ""


@pytest.mark.parametrize("name", ["MM_Order_Decision", "MM_Order_Subdecision"])
@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [
        ("productId='3'", True),
        ("productId='4'", False),
        ("productId='3|4'", True),
        ("productId='gold'", False),
        ("membershipId='1'", True),
        ("membershipId='!1'", False),
        ("membershipId='(1'", False),
        ("isFree='false'", True),
        ("isFree='true'", False),
        ("isDiscounted='true'", True),
        ("isShippable='false'", True),
        ("isShippable='true'", False),
        ("isGift='false'", True),
        ("isGift='perhaps'", False),
        ("productId='3' isGift='true'", False),
        ("productId='3' colour='red'", False),
        ("", False),
    ],
)
def test_an_order_decision_looks_at_the_viewer_s_own_order(name: str, attributes: str, outcome: bool) -> None:
    assert shown(attributes, a_view(own_order=an_order()), name) is outcome
    assert not shown(attributes, a_view(), name)
    assert not shown(attributes, a_visitor(own_order=an_order()), name)


def test_an_order_decision_stands_in_itself_and_a_subdecision_in_it() -> None:
    text = (
        "[MM_Order_Decision productId='3']a[MM_Order_Decision isGift='true']b[MM_Else]c"
        "[MM_Order_Subdecision isDiscounted='true']d[/MM_Order_Subdecision][/MM_Order_Decision][/MM_Order_Decision]"
    )
    assert shortcodes.compile(text).render(a_view(own_order=an_order())).text == "acd"


@pytest.mark.parametrize("viewer", [Member(), None])
@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ("id='3' name='name'", "Gold monthly"),
        ("name='name'", "From the address"),
        ("id='gold' name='NAME'", "By reference"),
        ("id='3' name='description'", "All lessons"),
        ("id='3' name='billingDescription'", "$19.00 a month"),
        ("id='3' name='price'", "$19.00"),
        ("id='3' name='price' doFormat='false'", "19.00"),
        ("id='3' name='isSubscription'", "true"),
        ("id='4' name='isSubscription'", ""),
        ("id='3' name='rebillDuration'", "1"),
        ("id='4' name='rebillDuration'", ""),
        ("id='3' name='rebillFrequency'", "month"),
        ("id='99' name='name'", ""),
        ("id='3' name='secret'", ""),
        ("id='3'", ""),
    ],
)
def test_product_data_is_for_everybody(viewer: Member | None, attributes: str, value: str) -> None:
    assert printed(f"[MM_Product_Data {attributes}]", PageView(viewer, products=PRODUCTS)) == value


def test_a_hidden_product_is_told_of_by_those_alone_who_may_see_it() -> None:
    tag = "[MM_Product_Data id='5' name='name']"
    assert printed(tag, a_view(products=PRODUCTS)) == "Hidden"
    assert printed(tag, a_view(products=PRODUCTS, author_is_trusted=False)) == ""


@pytest.mark.parametrize(
    ("attributes", "address"),
    [
        ("type='cancelMembership'", "/account/?cancelMembership="),
        ("type='pausemembership'", "/account/?pauseMembership="),
        ("type='cancelBundle' value='3'", "/account/?cancelBundle=3"),
        ("type='pauseBundle' value=' 3 '", "/account/?pauseBundle=3"),
        ("type='changeMembership' value='2'", "/account/?changeMembership=2"),
        ("type='cancelBundle'", ""),
        ("type='cancelBundle' value='gold'", ""),
        ("type='deleteAccount'", ""),
        ("", ""),
    ],
)
def test_a_member_link_leads_a_member_to_his_account_and_a_visitor_nowhere(
    attributes: str, address: str
) -> None:
    tag = f"[MM_Member_Link {attributes}]"
    assert printed(tag, a_view()) == address
    assert printed(tag, a_visitor()) == ""


@pytest.mark.parametrize("viewer", [Member(), None])
@pytest.mark.parametrize(
    ("attributes", "address"),
    [
        ("productId='3'", "/checkout/?rid=3&level=&coupon=&gift=0"),
        ("productId='gold' couponCode='SPRING' isGift='true'", "/checkout/?rid=gold&level=&coupon=SPRING&gift=1"),
        ("membershipId='2'", "/checkout/?rid=&level=2&coupon=&gift=0"),
        ("membershipId='gold'", ""),
        ("productId='3' isGift='perhaps'", ""),
        ("couponCode='SPRING'", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_purchase_link_is_for_everybody(viewer: Member | None, attributes: str, address: str) -> None:
    assert printed(f"[MM_Purchase_Link {attributes}]", PageView(viewer)) == address


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ("name='displayName'", "Ruth"),
        ("name='email'", "ruth@club.test"),
        ("name='firstName' id='2'", "Tom"),
        ("name='lastName' id='2'", "Reed"),
        ("name='phone'", "555 0199"),
        ("name='phone' id='2'", ""),
        ("name='email' id='99'", ""),
        ("name='email' id='x'", ""),
        ("name='user_pass'", ""),
        ("", ""),
    ],
)
def test_employee_data_is_for_members(attributes: str, value: str) -> None:
    tag = f"[MM_Employee_Data {attributes}]"
    assert printed(tag, a_view(employees=PEOPLE)) == value
    assert printed(tag, a_visitor(employees=PEOPLE)) == ""


@pytest.mark.parametrize(("name", "value"), [("email", ""), ("phone", ""), ("firstName", "Ruth")])
def test_a_contributor_cannot_print_how_an_employee_is_reached(name: str, value: str) -> None:
    view = a_view(employees=PEOPLE, author_is_trusted=False)
    assert printed(f"[MM_Employee_Data name='{name}']", view) == value


@pytest.mark.parametrize("viewer", [Member(), None])
@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ("id='5' name='displayName'", "Favourite wood"),
        ("id='99' name='displayName'", ""),
        ("id='5' name='value'", ""),
        ("id='5'", ""),
        ("name='displayName'", ""),
        ("id='five' name='displayName'", ""),
    ],
)
def test_what_a_custom_field_is_called_is_for_everybody(
    viewer: Member | None, attributes: str, value: str
) -> None:
    assert printed(f"[MM_CustomField_Data {attributes}]", PageView(viewer, field_names={5: "Favourite wood"})) == value  # fmt: skip


@pytest.mark.parametrize("viewer", [Member(), None])
@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [
        ("affiliate='anna'", True),
        ("affiliate='Anna'", False),
        ("affiliate='bob|anna'", True),
        ("affiliate='!anna'", False),
        ("subaffiliate='letter-7'", True),
        ("affiliate='anna' subaffiliate='letter-8'", False),
        ("affiliate='anna|'", False),
        ("affiliate=''", False),
        ("affiliate='anna' level='1'", False),
        ("", False),
    ],
)
def test_an_affiliate_decision_counts_for_visitors_too(
    viewer: Member | None, attributes: str, outcome: bool
) -> None:
    facts = PageView(viewer, sent_by=("anna", "letter-7"))
    assert shown(attributes, facts, "MM_Affiliate_Decision") is outcome


@pytest.mark.parametrize("viewer", [Member(), None])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("affiliate", "anna"),
        ("affiliateId", "anna"),
        ("subaffiliate", "letter-7"),
        ("subAffiliateId", "letter-7"),
        ("commission", ""),
        ("", ""),
    ],
)
def test_affiliate_data_prints_who_sent_the_viewer(viewer: Member | None, name: str, value: str) -> None:
    assert printed(f"[MM_Affiliate_Data name='{name}']", PageView(viewer, sent_by=("anna", "letter-7"))) == value  # fmt: skip


@pytest.mark.parametrize("viewer", [Member(), None])
@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [
        ("source='letter'", True),
        ("Source='letter'", True),
        ("source='Letter'", False),
        ("source='letter' utm_medium='mail'", True),
        ("source='letter' utm_medium='web'", False),
        ("other=''", False),
        ("letter", False),
        ("source='letter' letter", False),
        ("", False),
    ],
)
def test_a_custom_decision_compares_what_the_address_said(
    viewer: Member | None, attributes: str, outcome: bool
) -> None:
    facts = PageView(viewer, parameters={"source": "letter", "utm_medium": "mail"})
    assert shown(attributes, facts, "MM_Custom_Decision") is outcome


@pytest.mark.parametrize("viewer", [Member(), None])
def test_the_error_page_says_why(viewer: Member | None) -> None:
    facts = PageView(viewer, error="Your membership <has> expired.")
    assert printed("[MM_Error_Message]", facts) == "Your membership <has> expired."
    assert html.unescape(printed("[MM_Error_Message name='x']", PageView(viewer))) == ""


# --- what is said of a text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[MM_Membr_Data name='id']", "There is no tag [MM_Membr_Data]. Did you mean [MM_Member_Data]?"),
        ("[mm_member_data name='id']", "There is no tag [mm_member_data]. Did you mean [MM_Member_Data]?"),
        ("[MM_Xyzzy]", "There is no tag [MM_Xyzzy]."),
        ("[/MM_Membr_Decision]", "There is no tag [MM_Membr_Decision]. Did you mean [MM_Member_Decision]?"),
        ("[MM_Member_Data name='firstnme']", "name cannot be “firstnme”. Did you mean “firstName”?"),
        (
            "[MM_Member_Data nam='id' name='id']",
            "MM_Member_Data has no attribute “nam”. Did you mean “name”?",
        ),
        ("[MM_CorePage_Link type='chekout']", "type cannot be “chekout”. Did you mean “checkout”?"),
        ("[MM_Purchase_Link]", "The link says neither productId nor membershipId."),
    ],
)
def test_a_typing_error_comes_with_a_suggestion(text: str, sentence: str) -> None:
    assert problems(text) == [sentence]


def test_what_is_no_tag_of_ours_is_no_mistake_in_comments_and_when_escaped() -> None:
    assert problems('<!-- {"a": "[MM_Xyzzy]"} --> [[MM_Xyzzy]] [gallery] MM_Xyzzy') == []


def test_a_text_knows_what_its_tags_speak_of() -> None:
    text = (
        "[MM_Member_Decision membershipId='1|!2' hasBundle=3 customField_4='x']"
        "[MM_Content_Link id='5'][MM_Product_Data id='6' name='name'][/MM_Member_Decision]"
        "[MM_Employee_Data name='email'][MM_Member_Link type='cancelBundle' value='7']"
    )
    found = [(one.kind, one.id) for one in shortcodes.compile(text).mentions]
    assert found == [
        ("level", 1), ("level", 2), ("bundle", 3), ("field", 4), ("post", 5), ("product", 6), ("employee", 0), ("bundle", 7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("[MM_Access_Decision access='false']x[/MM_Access_Decision]", True),
        ("[MM_Access_Decision access='future']x[/MM_Access_Decision]", True),
        ("[MM_Access_Decision access='false' id='10']x[/MM_Access_Decision]", True),
        ("[MM_Member_Decision isMember='true'][MM_Access_Decision access='false']x[/MM_Access_Decision][/MM_Member_Decision]", True),
        ("[MM_Access_Decision access='true']x[MM_Else]y[/MM_Access_Decision]", False),
        ("[MM_Access_Decision access='false' id='11']x[/MM_Access_Decision]", False),
        ("[MM_Access_Decision access='false']x", False),
        ("[MM_Access_Decision access='false' colour='red']x[/MM_Access_Decision]", False),
        ("[MM_Access_Decision access='false' id='x']x[/MM_Access_Decision]", False),
        ("[[MM_Access_Decision access='false']x[/MM_Access_Decision]]", False),
        ("<!-- [MM_Access_Decision access='false']x[/MM_Access_Decision] -->", False),
    ],
)  # fmt: skip
def test_a_text_opens_its_post_only_by_a_whole_decision_about_that_very_post(text: str, opens: bool) -> None:
    assert shortcodes.compile(text).opens(10) is opens


# --- what a mail tells of -----------------------------------------------------------------------------------------------


def test_a_mail_prints_what_it_tells_of_and_nothing_else() -> None:
    facts = a_view(told={"product": "Gold & <Silver>", "amount": "€19.00"})
    assert printed("[MM_Mail_Data name='product']", facts) == "Gold & <Silver>"
    assert printed("[MM_Mail_Data name='AMOUNT']", facts) == "€19.00"
    assert printed("[MM_Mail_Data name='retryDate']", facts) == ""
    assert printed("[MM_Mail_Data name='details']", facts) == "", "elements have a tag of their own"


def test_a_mail_decides_by_what_it_tells_of() -> None:
    facts = a_view(told={"retryDate": "July 15, 2026"})
    text = "[MM_Mail_Decision has='{has}']yes[MM_Else]no[/MM_Mail_Decision]"
    found = {
        has: printed(text.format(has=has), facts)
        for has in ("retryDate", "!retryDate", "deadline|RetryDate", "deadline&amp;retryDate", "retry", "")
    }
    assert found == {
        "retryDate": "yes", "!retryDate": "no", "deadline|RetryDate": "yes", "deadline&amp;retryDate": "no", "retry": "no",
        "": "no",
    }  # fmt: skip


def test_what_a_mail_cannot_tell_of_is_reported_with_what_was_meant() -> None:
    def messages(text: str) -> list[str]:
        return [one.message for one in shortcodes.compile(text).diagnostics]

    assert messages("[MM_Mail_Data name='retryDte']") == [
        "name cannot be “retryDte”. Did you mean “retryDate”?"
    ]
    assert "has cannot be “retryDte”. Did you mean “retryDate”?" in messages(
        "[MM_Mail_Decision has='retryDte']x[/MM_Mail_Decision]"
    )
    assert messages("[MM_Mail_Decision]x[/MM_Mail_Decision]") == ["The attribute has is missing."]


def test_the_details_of_a_mail_are_elements_and_stand_only_where_elements_may() -> None:
    facts = a_view(told={"details": "<table><tr><td>1</td></tr></table>"})
    assert printed("<p>x</p>[MM_Mail_Details]", facts) == "<p>x</p><table><tr><td>1</td></tr></table>"
    assert "<table" not in printed("<a title='[MM_Mail_Details]'>x</a>", facts)
