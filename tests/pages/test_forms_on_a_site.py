"""Forms on a real WordPress: its filters leave them alone, and a browser buys, changes its card and cancels."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from sidecar.access.ruling import choose_core_page
from sidecar.activity.models import events
from sidecar.catalog.coupons import Coupon, CouponKind
from sidecar.catalog.making import make_coupon, make_field, make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms
from sidecar.config import Policies
from sidecar.db import reading
from sidecar.members.store import find_member
from sidecar.members.store_details import find_contact
from sidecar.wordpress.users import find_user_by_email
from tests.bed.processes import wait_until
from tests.pages.forms import ACCOUNT, WRITTEN, FormReader, open_shop
from tests.pages.test_forms import HOSTILE
from tests.processor.running import running_processor
from tests.whole.club import a_club, now

TERMS = Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month")


def test_every_filter_of_a_text_leaves_a_form_as_it_is(shop, site):
    till, alice = open_shop(shop), shop.house.user("alice")
    name = make_product(HOSTILE[:100], TERMS, Grant.LEVEL, shop.house.level(), now=now(), description=HOSTILE)
    checkout = FormReader(till, f"[MM_Form type='checkout' productId='{name}']")
    pages = [checkout.html(), checkout.html(alice), checkout.html(language="fr_FR")]
    shop.buy(alice, HOSTILE[:100])
    pages.append(FormReader(till, ACCOUNT).html(alice))
    make_field(HOSTILE[:100], now=now())
    pages.append(FormReader(till, "[MM_Form type='custom']").html(alice))
    for kind in ("login", "forgotPassword", "resetPassword"):
        pages.append(FormReader(till, f"[MM_Form type='{kind}']").html())
    service = till.house.service
    places = Policies(
        terms_url="https://club.test/terms/?a=1&b=2", refund_url="https://club.test/[refunds]/:)"
    )
    service.rendering = replace(service.rendering, policies=places)
    pages.append(checkout.html())
    assert 'name="accept"' in pages[-1]
    for markup in pages:
        for around in (
            "{}",
            "<p>{}</p>",
            "Before\n\n{}\n\nAfter",
            "<!-- wp:shortcode -->\n{}\n<!-- /wp:shortcode -->",
        ):
            shown = site.php("echo apply_filters('the_content', $args[0]);", around.replace("{}", markup))
            assert "".join(markup.split()) in "".join(shown.split())


@pytest.fixture(scope="module")
def club(bed):
    """A club that sells Gold by the test processor: a page to join, and My Account."""
    with running_processor() as processor:
        site = bed.new_site("newest")
        key = site.folder / "stripe-key"
        key.write_text(processor.secret_key)
        billing = {
            "gateway": "stripe", "secret_key_file": str(key), "publishable_key": processor.publishable_key,
            "api_url": processor.url, "script_url": f"{processor.url}/v3/", "accept_unsafe_database": True,
        }  # fmt: skip
        policies = {"terms_url": f"{site.url}/terms/", "cancellation_url": f"{site.url}/cancel/?a=1&b=2"}
        with a_club(site, billing=billing, policies=policies) as running:
            make_product("Gold monthly", TERMS, Grant.LEVEL, running.level("Gold"), now=now())
            site.new_post("Join", "[MM_Form type='checkout' productId='Gold monthly']", type="page")
            site.new_post("Account", ACCOUNT, type="page")
            site.new_post("Sign in", "[MM_Form type='login']", type="page")
            site.new_post("Forgotten", "[MM_Form type='forgotPassword']", type="page")
            reset = site.new_post("New password", "[MM_Form type='resetPassword']", type="page")
            sale = site.new_post("Before you go", f"<p>Stay!</p>\n{ACCOUNT}", type="page")
            for kind, post_id in (("resetpassword", reset), ("savethesale", sale)):
                choose_core_page(kind, post_id, now=now())
            running.sync_index()
            site.new_post("Enroll", WRITTEN.format(product="Gold monthly"), type="page")
            yield running
        site.close()


@pytest.fixture
def browse(new_page, club):
    """`browse(user, width=…)`: a browser whose console stays clean."""
    errors = []

    def open_page(user=None, **options):
        page = new_page(club.site, user, **options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    assert errors == []
    assert club.site.log("/plugins/gatepost/") == ""


def fill_card(page, number="4242 4242 4242 4242"):
    page.locator("input[name=number]").fill(number)
    page.locator("input[name=expiry]").fill("12 / 34")
    page.locator("input[name=cvc]").fill("123")


def fill_in(page, email, *, accepts=True):
    page.goto("/join/")
    for label, value in {
        "E-mail address": email,
        "First name": "Anna",
        "Last name": "Kern",
        "Password": "long enough",
    }.items():
        page.get_by_label(label).fill(value)
    if accepts:
        page.get_by_label("I have read and accept").check()


def level_of(club, email):
    with reading() as reader:
        user = find_user_by_email(reader, club.app.extensions["gatepost"].tables, email)
        return find_member(reader, user.id).level


def test_a_visitor_buys_and_is_a_member_who_is_signed_in(club, browse):
    page = browse(width=390)
    fill_in(page, "anna@example.test")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_text("To pay now: €19.00.").last.wait_for()
    fill_card(page, "4000 0000 0000 9995")
    page.get_by_role("button", name="Pay now").click()
    page.get_by_role("alert").filter(has_text="insufficient funds").first.wait_for()
    fill_card(page)
    page.get_by_role("button", name="Pay now").click()
    page.get_by_text("Thank you! You are signed in now").wait_for()
    assert level_of(club, "anna@example.test").status == "active"
    page.goto("/join/")
    assert page.get_by_text("You have Gold monthly already.").is_visible()


def test_who_has_not_accepted_is_told_beside_the_box_and_goes_on_when_he_has(club, browse):
    page = browse(width=390)
    fill_in(page, "terms@example.test", accepts=False)
    assert not page.get_by_label("I have read and accept").is_checked()
    assert (
        page.get_by_role("link", name="cancellation policy")
        .get_attribute("href")
        .endswith("/cancel/?a=1&b=2")
    )
    page.get_by_role("button", name="Continue to payment").click()
    page.locator(".gatepost-field-error", has_text="Please accept the terms to go on.").wait_for()
    page.get_by_label("I have read and accept").check()
    page.get_by_role("button", name="Continue to payment").click()
    page.locator("input[name=number]").wait_for()
    with reading() as reader:
        bodies = reader.scalars(sa.select(events.c.body).where(events.c.name == "ordered")).all()
    assert any("terms@example.test" in body and '"accepted":{' in body for body in bodies)


def test_the_enter_key_buys_and_asks_for_no_coupon(club, browse):
    page = browse()
    fill_in(page, "enter@example.test")
    page.get_by_label("Password").press("Enter")
    page.locator("input[name=number]").wait_for()


def test_a_coupon_that_is_none_is_said_beside_its_field(club, browse):
    page = browse()
    fill_in(page, "coupon@example.test")
    page.get_by_text("I have a coupon").click()
    page.get_by_label("Coupon", exact=True).fill("GUESS")
    page.get_by_role("button", name="Apply").click()
    page.locator(".gatepost-field-error", has_text="There is no such coupon.").wait_for()


def test_a_visitor_buys_by_a_checkout_that_its_author_has_written(club, browse):
    make_coupon(Coupon(0, "SPRING", CouponKind.PERCENT, percent_ppm=200_000), now=now())
    page = browse(width=390)
    page.goto("/enroll/")
    page.get_by_placeholder("Your first name").fill("Carla")
    page.get_by_label("Family name").fill("Berg")
    page.get_by_label("E-mail address").fill("carla@example.test")
    page.get_by_label("Password").fill("long enough")
    page.get_by_label("Phone").fill("0228 1234")
    page.get_by_label("Country").select_option("DE")
    page.get_by_label("Coupon").fill("GUESS")
    page.get_by_role("link", name="Use it").click()
    page.locator(".gatepost-field-error", has_text="There is no such coupon.").wait_for()
    page.get_by_label("Coupon").fill("spring")
    page.get_by_role("link", name="Use it").click()
    page.locator('[data-gatepost-figure="total"]', has_text="€15.20").wait_for()
    assert "€15.20 instead of €19.00" in page.locator('[role=status][data-gatepost-of="quote"]').inner_text()
    page.get_by_role("button", name="Submit order").click()
    page.locator(".gatepost-field-error", has_text="Please accept the terms to go on.").wait_for()
    page.get_by_label("I have read and accept").check()
    page.get_by_role("button", name="Submit order").click()
    page.locator("input[name=number]").wait_for()
    assert page.locator(".left input[name=number]").count() == 1
    assert page.get_by_label("Family name").is_disabled()
    fill_card(page)
    page.get_by_role("button", name="Pay now").click()
    page.get_by_text("Thank you! You are signed in now").wait_for()
    assert level_of(club, "carla@example.test").status == "active"
    with reading() as reader:
        user = find_user_by_email(reader, club.app.extensions["gatepost"].tables, "carla@example.test")
        contact = find_contact(reader, find_member(reader, user.id).id)
    assert (contact["phone"], contact["billing_country"]) == ("0228 1234", "DE")
    led_here = browse()
    led_here.goto("/enroll/?coupon=spring")
    led_here.locator('[data-gatepost-figure="total"]', has_text="€15.20").wait_for()
    assert led_here.get_by_label("Coupon").input_value() == "spring"


def test_a_member_changes_the_card_and_cancels(club, browse):
    page = browse()
    fill_in(page, "bob@example.test")
    page.get_by_role("button", name="Continue to payment").click()
    fill_card(page)
    page.get_by_role("button", name="Pay now").click()
    page.get_by_text("Thank you!").wait_for()
    page.goto("/account/")
    page.get_by_role("button", name="Change card").click()
    fill_card(page, "5555 5555 5555 4444")
    page.get_by_role("button", name="Save card").click()
    page.get_by_text("Your new card is kept").wait_for()
    assert page.get_by_text("Mastercard ending in 4444").is_visible()
    page.get_by_role("link", name="Cancel").click()
    assert page.get_by_text("Stay!").is_visible()
    assert page.get_by_text("You keep access until").is_visible()
    page.get_by_role("button", name="Cancel now").click()
    page.get_by_text("Your cancellation is noted.").wait_for()
    page.goto("/account/")
    assert page.get_by_role("button", name="Take the cancellation back").is_visible()
    assert level_of(club, "bob@example.test").status == "pending_cancel"


def test_somebody_who_has_forgotten_his_password_chooses_another_and_signs_in(club, browse):
    club.member("frida", club.level("Free"))
    page = browse(width=390)
    page.goto("/sign-in/?redirect_to=/account/")
    page.get_by_label("User name or e-mail address").fill("frida")
    page.get_by_label("Password").fill("no idea")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").filter(has_text="The name or the password is wrong.").wait_for()
    page.goto("/forgotten/")
    page.get_by_label("E-mail address or user name").fill("frida@example.test")
    page.get_by_role("button", name="Send me a link").click()
    page.get_by_text("a mail with a link is on its way").wait_for()
    assert wait_until(lambda: "gatepost-reset" in mail_to(club, "frida@example.test"), within_seconds=20)
    [link] = re.findall(r"https?://\S+gatepost-reset\S+", mail_to(club, "frida@example.test"))
    page.goto(link)
    assert "gatepost-reset" not in page.url
    page.get_by_label("New password").fill("another long one")
    page.get_by_label("The same again").fill("another long one")
    page.get_by_role("button", name="Save the new password").click()
    page.get_by_text("Your new password is saved.").wait_for()
    page.goto("/sign-in/?redirect_to=/account/")
    page.get_by_label("User name or e-mail address").fill("frida")
    page.get_by_label("Password").fill("another long one")
    page.get_by_label("Stay signed in").check()
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/account/")
    page.get_by_text("Your details").click()
    page.get_by_label("First name").fill("Friederike")
    page.get_by_role("textbox", name="City").fill("Bonn")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Your details are saved.").wait_for()
    page.get_by_text("Your details", exact=True).click()
    assert page.get_by_label("First name").input_value() == "Friederike"
    assert page.get_by_role("textbox", name="City").input_value() == "Bonn"
    page.get_by_text("Your data", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download my data").click()
    assert "Bonn" in Path(waiting.value.path()).read_text()
    page.goto("/sign-in/")
    assert page.get_by_text("You are signed in as frida.").is_visible()


def mail_to(club, address):
    """The text of all mails to an address."""
    return "\n".join(mail.get_body().get_content() for mail in club.site.mails() if mail["To"] == address)


def test_who_is_not_signed_in_is_sent_to_the_login(club, browse):
    page = browse()
    page.goto("/account/")
    page.get_by_role("link", name="Log in").last.click()
    assert "wp-login.php" in page.url
    assert "redirect_to=" in page.url
