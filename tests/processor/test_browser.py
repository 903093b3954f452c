"""The stand-in for Stripe.js, in a real browser: a customer types a card, and the bank may ask."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.processor.builders import a_payer, an_intent

PAGE = """<!doctype html><html lang="LOCALE"><title>Checkout</title><form id="form"><div id="card"></div>
<button>Pay</button></form><pre id="result"></pre><script src="PROCESSOR/v3/"></script><script>
const stripe = Stripe("pk_test_x", {locale: "LOCALE"});
const elements = stripe.elements({clientSecret: "SECRET"});
elements.create("payment").mount("#card");
document.querySelector("#form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const result = await stripe.VERB({elements, confirmParams: {return_url: location.origin + "/back"}, redirect: "REDIRECT"});
  document.querySelector("#result").textContent = JSON.stringify(result);
});
</script></html>"""


class Shop:
    """A site of another origin that shows one page."""

    def __init__(self) -> None:
        self.page = ""
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(shop.page.encode())

            def log_message(self, *_arguments) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.server.shutdown()
    shop.server.server_close()


@pytest.fixture
def checkout(processor, shop, new_page):
    """Opens the page for an intent; the customer is there."""

    def open_page(
        secret: str, verb: str = "confirmPayment", redirect: str = "if_required", locale: str = "en"
    ):
        filled = {
            "PROCESSOR": processor.url,
            "SECRET": secret,
            "VERB": verb,
            "REDIRECT": redirect,
            "LOCALE": locale,
        }
        shop.page = PAGE
        for name, value in filled.items():
            shop.page = shop.page.replace(name, value)
        page = new_page(width=390)
        page.goto(f"{shop.url}/checkout")
        return page

    return open_page


def type_card(page, number: str) -> None:
    page.fill("input[name=number]", number)
    page.fill("input[name=expiry]", "12 / 60")
    page.fill("input[name=cvc]", "123")
    page.click("text=Pay")


def result_of(page) -> str:
    page.wait_for_function("document.querySelector('#result').textContent")
    return page.inner_text("#result")


def an_intent_with_secret(client, **more) -> tuple[str, str]:
    intent = client.v1.payment_intents.retrieve(an_intent(client, **more))
    return intent.id, intent.client_secret


def test_a_card_is_typed_in_and_pays_and_the_page_learns_no_more_than_it_may(client, checkout):
    id, secret = an_intent_with_secret(client, metadata={"member": "7"})
    page = checkout(secret)
    type_card(page, "4242 4242 4242 4242")
    result = result_of(page)
    assert '"status":"succeeded"' in result
    assert "metadata" not in result
    assert "customer" not in result
    assert client.v1.payment_intents.retrieve(id).status == "succeeded"


def test_a_decline_is_shown_and_another_card_pays_the_same_intent(client, checkout):
    id, secret = an_intent_with_secret(client)
    page = checkout(secret)
    type_card(page, "4000000000009995")
    assert '"decline_code":"insufficient_funds"' in result_of(page)
    page.evaluate("document.querySelector('#result').textContent = ''")
    type_card(page, "5555555555554444")
    assert '"status":"succeeded"' in result_of(page)
    assert len(client.v1.charges.list({"payment_intent": id}).data) == 2


@pytest.mark.parametrize(
    ("button", "status"), [("Approve", "succeeded"), ("Refuse", "requires_payment_method")]
)
def test_the_banks_question_is_asked_in_the_page(client, checkout, button, status):
    id, secret = an_intent_with_secret(client)
    page = checkout(secret)
    type_card(page, "4000002760003184")
    page.get_by_role("button", name=button).click()
    expected = '"status":"succeeded"' if button == "Approve" else "payment_intent_authentication_failure"
    assert expected in result_of(page)
    assert client.v1.payment_intents.retrieve(id).status == status


def test_what_is_not_filled_in_is_said_beside_the_field_in_the_members_language(client, checkout):
    _, secret = an_intent_with_secret(client)
    page = checkout(secret, locale="fr")
    page.get_by_label("Numéro de carte").fill("4242")
    page.click("text=Pay")
    assert page.get_by_role("alert").inner_text() == "Votre numéro de carte est incomplet."
    assert "validation_error" in result_of(page)


def test_a_card_is_kept_by_a_setup_intent(client, checkout):
    customer = a_payer(client).customer
    intent = client.v1.setup_intents.create({"customer": customer})
    page = checkout(intent.client_secret, verb="confirmSetup")
    type_card(page, "4000002500003155")
    page.get_by_role("button", name="Approve").click()
    assert '"setupIntent"' in result_of(page)
    assert len(client.v1.customers.payment_methods.list(customer).data) == 2


def test_the_page_goes_back_to_the_site_with_the_outcome(client, checkout):
    id, secret = an_intent_with_secret(client)
    page = checkout(secret, redirect="always")
    type_card(page, "4242424242424242")
    page.wait_for_url("**/back?**")
    query = parse_qs(urlsplit(page.url).query)
    assert query == {
        "payment_intent": [id],
        "payment_intent_client_secret": [secret],
        "redirect_status": ["succeeded"],
    }


@pytest.mark.parametrize(("button", "outcome"), [("Approve", "succeeded"), ("Refuse", "failed")])
def test_the_banks_own_page_asks_and_leads_back(client, shop, new_page, button, outcome):
    payer = a_payer(client, "4000002760003184")
    intent = client.v1.payment_intents.confirm(
        an_intent(client, payer), {"payment_method": payer.method, "return_url": f"{shop.url}/back?x=1"}
    )
    page = new_page()
    page.goto(intent.next_action.redirect_to_url.url)
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/back?**")
    assert parse_qs(urlsplit(page.url).query)["redirect_status"] == [outcome]


def test_a_card_number_never_lies_in_a_field_of_the_sites_form(client, checkout):
    _, secret = an_intent_with_secret(client)
    page = checkout(secret)
    page.fill("input[name=number]", "4242424242424242")
    assert page.evaluate("[...new FormData(document.querySelector('#form'))].length") == 0
