"""The forms' script in a real browser: from the first click to the page that says thank you."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed.browser import Pages
from tests.bed.site import Site
from tests.bridge.scripted_sidecar import (
    Json,
    Request,
    ScriptedSidecar,
    a_form_answer,
    a_page,
    a_post,
    an_index,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

TAG = "[MM_Member_Data name='form']"
ASKED = "/bridge/v1/form"
SECRET = {"client_secret": "pi_1_secret_2", "publishable_key": "pk_test_1", "order": "order-token"}

CHECKOUT = (
    '<form method="post" data-gatepost-form="checkout" {marks}><fieldset data-gatepost-details>'
    '<p><label>E-mail <input name="email" value="anna@example.test"></label></p>'
    '<p><label>Password <input type="password" name="password" value="long enough"></label></p></fieldset>'
    '<div data-gatepost-card hidden></div><p><button data-gatepost-step="begin">Buy</button></p>'
    '<p role="status"></p><p role="alert"></p></form>'
)
MYACCOUNT = (
    '<form method="post" data-gatepost-form="myaccount" {marks}>'
    '<input type="hidden" name="subscription" value="9"><div data-gatepost-card hidden></div>'
    '<p><button data-gatepost-step="card_begin">Change card</button>'
    '<button data-gatepost-step="cancel" data-gatepost-confirm="Really?" name="when" value="now">Cancel</button></p>'
    '<p role="status"></p><p role="alert"></p></form>'
)


class Till:
    """A sidecar that renders a form into /shop/ and plays its steps; `answers` by step, the last one for ever."""

    def __init__(self, site: Site, sidecar: ScriptedSidecar, form: str) -> None:
        self.site = site
        self.answers: dict[str, list[Json]] = {}
        self._sidecar = sidecar
        words = json.dumps({"pay": "Pay 9 €", "save": "Keep card"}).replace('"', "&quot;")
        marks = (
            f'data-gatepost-api="{site.url}/wp-json/gatepost/v1/" data-gatepost-words="{words}"'
            f' data-gatepost-script="{site.url}/wp-content/uploads/gateway.js"'
        )
        self.html = form.replace("{marks}", marks)
        shutil.copy(Path(__file__).with_name("gateway_stand_in.js"), site.content / "uploads/gateway.js")
        (site.content / "uploads/gateway.js").chmod(0o644)
        site.new_post("Shop", TAG, type="page")
        sidecar.answer("/bridge/v1/page", self._page)
        sidecar.answer(ASKED, self._form)

    def steps(self) -> list[tuple[str, Json]]:
        """The steps that arrived, with their fields."""
        return [
            (request.body["step"], request.body["fields"]) for request in self._sidecar.requests_to(ASKED)
        ]

    def _page(self, request: Request) -> Json:
        posts = {
            str(post["id"]): a_post(splices=[[0, len(TAG), self.html]])
            for post in request.body.get("posts", [])
            if post["hash"]
        }
        return a_page(posts=posts, page={"cache": "public", "until": None})

    def _form(self, request: Request) -> Json:
        script = self.answers[request.body["step"]]
        return script.pop(0) if len(script) > 1 else script[0]


@pytest.fixture
def till(paired_site: Site, sidecar: ScriptedSidecar) -> Till:
    """The checkout's form."""
    return Till(paired_site, sidecar, CHECKOUT)


@pytest.fixture
def account(paired_site: Site, sidecar: ScriptedSidecar) -> Till:
    """My Account's form."""
    paired_site.user("alice")
    return Till(paired_site, sidecar, MYACCOUNT)


@pytest.fixture
def shop(new_page: Pages, paired_site: Site) -> Iterator["Page"]:
    """A visitor's browser; its console must have stayed clean of errors of ours."""
    page = new_page(paired_site)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []


def gateway_calls(page: "Page") -> list[Any]:
    found: list[Any] = page.evaluate("window.gatewayCalls || []")
    return found


def test_a_page_with_a_form_brings_its_script_and_is_kept_by_no_cache(paired_site: Site, till: Till) -> None:
    page = paired_site.get("/shop/")

    for name in ("form-courier.js", "form-messages.js", "forms.js", "forms.css"):
        assert f"/plugins/gatepost/assets/{name}?ver=0.1.0" in page.text
        assert paired_site.get(f"/wp-content/plugins/gatepost/assets/{name}").status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "form method" in page.text
    assert "assets/forms" not in paired_site.get("/hello-world/").text
    assert paired_site.log("/plugins/gatepost/") == ""


def test_a_form_in_a_closed_posts_notice_brings_the_script_too(
    paired_site: Site, sidecar: ScriptedSidecar, till: Till
) -> None:
    post = paired_site.new_post("Closed", "secret")
    sidecar.answer("/bridge/v1/index", an_index(2, posts=[post]))
    paired_site.php("Gatepost\\memory()->drop('refetch'); Gatepost\\refetch_index();")
    notice = a_post(show="closed", notice=till.html)
    sidecar.answer("/bridge/v1/page", a_page(2, posts={str(post): notice}))

    page = paired_site.get("/closed/")

    assert "assets/forms.js" in page.text
    assert "secret" not in page.text


def test_what_others_write_brings_no_script(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    paired_site.new_post(
        "Guest", '<form data-gatepost-form="checkout" data-gatepost-script="/evil.js"></form>'
    )

    assert "assets/forms" not in paired_site.get("/guest/").text


def test_a_visitor_buys(shop: "Page", till: Till) -> None:
    till.answers = {
        "begin": [a_form_answer(data={"mode": "payment", **SECRET})],
        "finish": [a_form_answer(message="Thank you.")],
    }
    shop.goto("/shop/")

    shop.get_by_role("button", name="Buy").click()
    shop.get_by_label("Card").fill("good")
    shop.get_by_role("button", name="Pay 9 €").click()

    shop.get_by_text("Thank you.").wait_for()
    return_url = f"{till.site.url}/shop/?gatepost_order=order-token&gatepost_form=checkout"
    assert gateway_calls(shop) == [
        ["Stripe", "pk_test_1", "en"],
        ["payment", "pi_1_secret_2", "good", return_url, "if_required"],
    ]
    assert till.steps() == [("begin", {"email": "anna@example.test"}), ("finish", {"order": "order-token"})]
    assert shop.get_by_role("button", name="Buy").is_disabled()  # bought once


def test_who_is_signed_in_by_the_first_step_finishes_as_a_member(
    shop: "Page", till: Till, sidecar: ScriptedSidecar
) -> None:
    user = {"email": "anna@example.test", "login": "", "first_name": "", "last_name": ""}

    def play(request: Request) -> Json:
        made = request.body["created_user"]
        if request.body["step"] == "begin" and made is None:
            return a_form_answer("need_user", data={"user": user})
        if request.body["step"] == "begin":
            return a_form_answer(data={"mode": "payment", **SECRET}, sign_in=made)
        return a_form_answer(message=f"Thank you, {request.body['viewer']['login']}.")

    sidecar.answer(ASKED, play)
    shop.goto("/shop/")
    shop.get_by_role("button", name="Buy").click()
    shop.get_by_label("Card").fill("good")

    shop.get_by_role("button", name="Pay 9 €").click()

    shop.get_by_text("Thank you, anna.").wait_for()
    assert all(b"long enough" not in request.raw for request in sidecar.requests_to(ASKED))


def test_a_declined_card_says_so_and_another_one_pays_the_same_order(shop: "Page", till: Till) -> None:
    till.answers = {
        "begin": [a_form_answer(data={"mode": "payment", **SECRET})],
        "finish": [a_form_answer(message="Thank you.")],
    }
    shop.goto("/shop/")
    shop.get_by_role("button", name="Buy").click()
    shop.get_by_label("Card").fill("declined")

    shop.get_by_role("button", name="Pay 9 €").click()
    shop.get_by_role("alert").get_by_text("Your card was declined.").wait_for()
    assert shop.get_by_label("E-mail").is_disabled()  # what is bought stands
    shop.get_by_label("Card").fill("good")
    shop.get_by_role("button", name="Pay 9 €").click()

    shop.get_by_text("Thank you.").wait_for()
    assert [step for step, _fields in till.steps()] == ["begin", "finish"]


def test_nothing_to_pay_finishes_at_once_and_goes_where_it_is_told(shop: "Page", till: Till) -> None:
    till.answers = {
        "begin": [a_form_answer(data={"mode": "none", "order": "free"})],
        "finish": [a_form_answer(redirect=f"{till.site.url}/hello-world/")],
    }
    shop.goto("/shop/")

    shop.get_by_role("button", name="Buy").click()

    shop.wait_for_url("**/hello-world/")
    assert till.steps()[1] == ("finish", {"order": "free"})


def test_what_is_wrong_is_said_beside_its_field_and_can_be_corrected(shop: "Page", till: Till) -> None:
    wrong = a_form_answer("error", message="Please look again.", errors={"email": "No such address."})
    till.answers = {
        "begin": [wrong, a_form_answer(data={"mode": "none", "order": "free"})],
        "finish": [a_form_answer(message="Thank you.")],
    }
    shop.goto("/shop/")

    shop.get_by_role("button", name="Buy").click()
    shop.get_by_text("No such address.").wait_for()
    field = shop.locator("input[name=email]")
    assert field.get_attribute("aria-invalid") == "true"
    assert field.evaluate("field => field === document.activeElement")
    field.fill("anne@example.test")
    shop.get_by_role("button", name="Buy").click()

    shop.get_by_text("Thank you.").wait_for()
    assert shop.locator("[aria-invalid], .gatepost-field-error").count() == 0
    assert till.steps()[1] == ("begin", {"email": "anne@example.test"})


def test_back_from_the_bank_it_is_finished_without_a_click(shop: "Page", till: Till) -> None:
    till.answers = {
        "begin": [a_form_answer(data={"mode": "payment", **SECRET})],
        "finish": [a_form_answer(message="Thank you.")],
    }
    shop.goto("/shop/?affid=7")
    shop.get_by_role("button", name="Buy").click()
    shop.get_by_label("Card").fill("bank")

    shop.get_by_role("button", name="Pay 9 €").click()

    shop.get_by_text("Thank you.").wait_for()
    assert shop.url == f"{till.site.url}/shop/?affid=7"  # nothing is left that a reload would send again
    assert till.steps()[-1] == ("finish", {"order": "order-token"})


def test_a_payment_that_was_made_before_is_finished_and_not_called_an_error(shop: "Page", till: Till) -> None:
    till.answers = {
        "begin": [a_form_answer(data={"mode": "payment", **SECRET})],
        "finish": [a_form_answer(message="Thank you.")],
    }
    shop.goto("/shop/")
    shop.get_by_role("button", name="Buy").click()
    shop.get_by_label("Card").fill("paid before")

    shop.get_by_role("button", name="Pay 9 €").click()

    shop.get_by_text("Thank you.").wait_for()


def test_while_it_is_processed_or_nobody_answers_it_asks_again(shop: "Page", till: Till) -> None:
    till.answers = {
        "begin": [a_form_answer(data={"mode": "none", "order": "free"})],
        "finish": [
            a_form_answer("processing", message="Your bank is thinking."),
            a_form_answer(message="Thank you."),
        ],
    }
    shop.goto("/shop/")
    shop.clock.install()

    shop.get_by_role("button", name="Buy").click()
    shop.get_by_text("Your bank is thinking.").wait_for()
    assert shop.get_by_role("button", name="Buy").is_disabled()
    shop.clock.run_for(2000)

    shop.get_by_text("Thank you.").wait_for()
    assert [step for step, _fields in till.steps()] == ["begin", "finish", "finish"]


def test_a_double_click_sends_one_form(shop: "Page", till: Till) -> None:
    till.answers = {"begin": [a_form_answer(message="Once.")]}
    shop.goto("/shop/")

    shop.get_by_role("button", name="Buy").dblclick()

    shop.get_by_text("Once.").wait_for()
    assert len(till.steps()) == 1


def test_while_the_sidecar_is_away_it_says_so_and_the_same_click_works_later(
    shop: "Page", till: Till, sidecar: ScriptedSidecar
) -> None:
    till.answers = {"begin": [a_form_answer(message="Welcome.")]}
    shop.goto("/shop/")
    sidecar.down()
    shop.get_by_role("button", name="Buy").click()
    shop.get_by_role("alert").get_by_text("Nothing that you have done is lost").wait_for()
    sidecar.up()

    shop.get_by_role("button", name="Buy").click()

    shop.get_by_text("Welcome.").wait_for()


def test_without_a_network_the_visitor_is_told(shop: "Page", till: Till) -> None:
    shop.goto("/shop/")
    shop.context.set_offline(True)

    shop.get_by_role("button", name="Buy").click()

    shop.get_by_role("alert").get_by_text("The connection failed.").wait_for()
    assert shop.get_by_role("button", name="Buy").is_enabled()


def test_a_member_changes_the_card(new_page: Pages, paired_site: Site, account: Till) -> None:
    account.answers = {
        "card_begin": [a_form_answer(data={"mode": "setup", **SECRET})],
        "card_finish": [a_form_answer(message="Your new card is kept.")],
    }
    page = new_page(paired_site, "alice", width=390)
    page.goto("/shop/")

    page.get_by_role("button", name="Change card").click()
    page.get_by_label("Card", exact=True).fill("good")
    page.get_by_role("button", name="Keep card").click()

    page.get_by_text("Your new card is kept.").wait_for()
    assert gateway_calls(page)[1][0] == "setup"
    assert account.steps() == [
        ("card_begin", {"subscription": "9"}),
        ("card_finish", {"order": "order-token"}),
    ]
    assert page.get_by_role("button", name="Change card").is_enabled()  # and may do so again
    assert page.get_by_label("Card", exact=True).count() == 0


def test_a_member_cancels_after_being_asked(new_page: Pages, paired_site: Site, account: Till) -> None:
    account.answers = {"cancel": [a_form_answer(message="Canceled.")]}
    page = new_page(paired_site, "alice")
    page.goto("/shop/")

    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Cancel").click()
    assert account.steps() == []
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel").click()

    page.get_by_text("Canceled.").wait_for()
    assert account.steps() == [("cancel", {"subscription": "9", "when": "now"})]
