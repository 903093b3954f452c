"""Forms that authors have written, as their viewers get them: what is in them, filled in, left out and put in by us."""

import html
import re
import secrets
from dataclasses import replace

import pytest

from sidecar.catalog.making import make_field, make_product
from sidecar.catalog.rules import FieldKind, Grant, ProductKind, Terms
from sidecar.config import Policies
from sidecar.members.changing import make_member
from sidecar.members.details import answer_field, change_contact
from tests.house import NOW
from tests.pages.forms import WRITTEN, FormReader, attributes, open_shop

HOSTILE = "<script>alert(1)</script> \"' [gallery] :) $9"


@pytest.fixture
def till(shop):
    return open_shop(shop)


def written(till, body):
    """A reader of a page with a checkout of this body, for a product of its own."""
    name = till.product(f"Product {secrets.token_hex(4)}")
    return FormReader(till, f"[MM_Form type='checkout' productId='{name}']{body}[/MM_Form]")


def test_an_old_checkout_has_everything_that_it_needs(till):
    page = FormReader(till, WRITTEN.format(product=till.product("Gold")))
    markup = page.html()
    assert {"first_name", "last_name", "email", "password", "phone", "coupon", "product", "checkout"} <= set(
        attributes(markup, "name")
    )
    assert "Where to?" not in markup
    assert markup.count("data-gatepost-card") == markup.count("<form") == markup.count("</form>") == 1
    assert markup.count('data-gatepost-step="begin"') == 1
    assert len(re.findall(r'role="(?:alert|status)">', markup)) == 2
    assert 'href="&#035;gatepost-do-quote"' in markup
    assert page.ask()["page"] == {"cache": "private", "until": None}


def test_what_its_author_has_left_out_is_there_all_the_same(till):
    service = till.house.service
    service.rendering = replace(service.rendering, policies=Policies(terms_url="https://club.test/terms/"))
    hidden = "[MM_Form_Field type='hidden' name='email'][MM_Form_Field type='hidden' name='password']"
    for body in ("", "<p>Only my words</p>", hidden):
        markup = written(till, body).html()
        assert "password" not in attributes(markup, "name")
        assert {"first_name", "last_name", "accept", "product", "checkout"} <= set(attributes(markup, "name"))
        assert 'type="email"' in markup
        assert "data-gatepost-card" in markup
        assert attributes(markup, "data-gatepost-step") == ["begin"]
        assert markup.index('name="accept"') < markup.index("data-gatepost-step")


def test_the_terms_stand_before_the_button_wherever_its_author_has_put_it(till):
    service = till.house.service
    service.rendering = replace(service.rendering, policies=Policies(terms_url="https://club.test/terms/"))
    markup = written(till, "[MM_Form_Button label='Buy'] [MM_Form_Field name='email']").html()
    assert markup.index('name="accept"') < markup.index(">Buy<") < markup.index('name="email"')
    assert markup.count('name="accept"') == 1
    link = written(till, "<a href='[MM_Form_Button]'>Buy</a>").html()
    assert link.count('name="accept"') == 1
    assert "<button" not in link


def test_a_field_is_printed_once(till):
    markup = written(till, "[MM_Form_Field name='email']" * 3).html()
    assert attributes(markup, "name").count("email") == 1


def test_who_is_signed_in_sees_what_is_known_and_cannot_change_it_there(till):
    alice = till.house.user("alice")
    page = FormReader(till, WRITTEN.format(product=till.product("Gold")))
    assert "About you" not in page.words(alice)
    bare = written(till, "[MM_Form_Field name='email'] [MM_Form_Field name='password']").html(alice)
    assert re.search(r'name="email"[^>]* value="alice&#064;example&#046;test"[^>]* disabled', bare)
    assert 'name="password"' not in bare


def test_address_and_own_fields_are_filled_in_for_their_member_alone(till):
    alice, bob = till.house.user("alice"), till.house.user("bob")
    make_member(alice, till.house.level("Free"), now=NOW, by="test")
    number, box = make_field("Shoe size", now=NOW), make_field("Vegan", now=NOW, kind=FieldKind.CHECKBOX)
    answer_field(alice, number, HOSTILE, now=NOW, by="test")
    answer_field(alice, box, "yes", now=NOW, by="test")
    change_contact(alice, {"billing_city": HOSTILE, "billing_country": "FR"}, now=NOW, by="test")
    product = till.product("Club", Grant.BUNDLE, till.house.bundle("Club"))
    fields = (
        f"[MM_Form_Field type='custom' id='{number}'][MM_Form_Field type='custom' id='{box}' label='I am']"
        "[MM_Form_Field name='billingCity'][MM_Form_Field name='billingCountry']"
    )
    page = FormReader(till, f"[MM_Form type='checkout' productId='{product}']{fields}[/MM_Form]")
    markup = page.html(alice)
    assert attributes(markup, "value").count(HOSTILE) == 2
    assert '<option value="FR" selected>' in markup
    assert "checked" in markup
    for active in ("<script", "[gallery", ":)", "\n"):
        assert active not in markup
    for other in (page.html(bob), page.html()):
        assert HOSTILE not in html.unescape(other)
        assert "checked" not in other
        assert " selected" not in other.replace('<option value="" selected>', "")


def test_a_hidden_own_field_takes_its_value_from_the_address(till):
    number = make_field("Group", now=NOW)
    page = written(till, f"[MM_Form_Field type='custom-hidden' id='{number}']")
    markup = page.html(url=f"/join?cf_{number}=g%22%3E7")
    assert f'name="custom&#095;{number}" value="g&#034;&#062;7"' in markup
    assert page.html().count(f'name="custom&#095;{number}" value=""') == 1


def test_an_own_field_that_there_is_not_prints_nothing(till):
    assert "custom" not in written(till, "[MM_Form_Field type='custom' id='77']").html()


def test_what_is_free_asks_for_no_card_and_no_coupon(till):
    free = make_product(
        "Free", Terms(ProductKind.FREE, 0, "EUR"), Grant.LEVEL, till.house.level("L"), now=NOW
    )
    page = FormReader(till, WRITTEN.format(product=free))
    markup = page.html()
    assert "Your card" not in markup
    assert "data-gatepost-card" not in markup
    assert "coupon" not in attributes(markup, "name")


def test_who_has_it_already_reads_that_in_place_of_the_authors_words(till):
    alice = till.house.user("alice")
    till.buy(alice, till.product("Gold"))
    page = FormReader(till, "a [MM_Form type='checkout' productId='Gold']<b>Buy!</b>[/MM_Form] b")
    assert page.words(alice) == "a\nYou have Gold already.\nb"


def test_data_says_what_is_bought(till):
    level = till.house.level("The level")
    terms = Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month")
    make_product("Gold", terms, Grant.LEVEL, level, now=NOW, description="All of it")
    names = (
        "productName",
        "productDescription",
        "productPrice",
        "productPriceDescription",
        "total",
        "discount",
    )
    body = " | ".join(f"[MM_Form_Data name='{name}']" for name in names)
    body += " | [MM_Form_Data name='productName' useAccessName='true']"
    words = (
        FormReader(till, f"[MM_Form type='checkout' productId='Gold']{body}[/MM_Form]")
        .words()
        .replace("\n", " ")
    )
    assert words.startswith("Gold | All of it | €19.00 | €19.00 a month | €19.00 | €0.00 | The level")


def test_a_coupon_of_the_address_is_filled_in_and_tried_by_the_script(till):
    bare = FormReader(till, f"[MM_Form type='checkout' productId='{till.product('Gold')}']")
    for page in (bare, FormReader(till, WRITTEN.format(product="Gold"))):
        markup = page.html(url="/join?coupon=SPRING%22")
        assert attributes(markup, "data-gatepost-opening") == ["quote"]
        assert 'SPRING"' in attributes(markup, "value")
        assert "data-gatepost-opening" not in page.html()


def test_a_gift_is_said_not_to_be_offered(till):
    bare = FormReader(till, f"[MM_Form type='checkout' productId='{till.product('Gold')}']")
    for page in (bare, FormReader(till, WRITTEN.format(product="Gold"))):
        assert "Nothing can be bought as a gift here yet" in page.words(url="/join?gift=1")
        assert "gift" not in page.words()


@pytest.mark.parametrize("kind", ["login", "forgotPassword", "resetPassword"])
def test_who_is_signed_in_needs_no_form_to_sign_in(till, kind):
    alice = till.house.user("alice")
    for text in (f"[MM_Form type='{kind}']", f"[MM_Form type='{kind}']<p>Mine</p>[/MM_Form]"):
        page = FormReader(till, text)
        assert "<form" in page.html()
        assert "You are signed in as alice." in page.words(alice)
        assert "<form" not in page.html(alice)
        assert "Mine" not in page.html(alice)


def test_the_bare_forms_of_signing_in_are_whole(till):
    login = FormReader(till, "[MM_Form type='login']").html(url="/login/?redirect_to=%2Flesson%2F%22")
    assert attributes(login, "name") == ["login", "password", "remember", "remember", "redirect_to"]
    assert '/lesson/"' in attributes(login, "value")
    assert "wp-login.php?action=lostpassword" in html.unescape(login)
    forgot = FormReader(till, "[MM_Form type='forgotPassword']").html()
    assert attributes(forgot, "name") == ["login"]
    reset = FormReader(till, "[MM_Form type='resetPassword']").html()
    assert attributes(reset, "name") == ["password", "password_again", "login", "password_key"]


def test_a_written_login_has_its_authors_words_and_no_more_links(till):
    body = "[MM_Form_Field name='username'][MM_Form_Field name='password'][MM_Form_Button type='login' label='In']"
    markup = FormReader(till, f"[MM_Form type='login']{body}[/MM_Form]").html()
    assert attributes(markup, "name") == ["login", "password", "redirect_to"]
    assert ">In</button>" in markup
    assert "lostpassword" not in markup
