"""The forms, the inbox and the payments of the preview."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from sidecar.demo.inbox import Inbox
from tests.demo.conftest import HOST, Demo
from tests.demo.pages import look, user_of

FORMS = "/wp-json/gatepost/v1/forms"
GOOD = {"email": "mia@example.test", "first_name": "Mia", "last_name": "Berg", "password": "correct horse"}


def as_viewer(demo: Demo, user_id: int) -> FlaskClient:
    client = demo.client()
    client.set_cookie("viewer", str(user_id), domain="127.0.0.1")
    return client


def send(client: FlaskClient, form: str, step: str, **fields: str) -> dict[str, Any]:
    token = client.post(f"{FORMS}/token", json={"form": form}).get_json()["token"]
    answer = client.post(f"{FORMS}/{form}", json={"step": step, "fields": fields, "token": token})
    assert answer.status_code == 200
    content: dict[str, Any] = answer.get_json()
    return content


def order_on(demo: Demo, user_id: int) -> str:
    found = re.search(r'name="order" value="([^"]+)"', look(demo, 14, user_id).site)
    assert found
    return found[1].replace("&#045;", "-")


def reference_on(demo: Demo, words: str) -> str:
    found = re.search(rf'rid=([a-z0-9]+)">{words}', look(demo, 15).site)
    assert found
    return found[1]


# --- forms ----------------------------------------------------------------------------------------------------------


def test_my_account_shows_what_is_overdue_with_the_one_button_that_helps(demo: Demo) -> None:
    text = look(demo, 14, user_of(demo, "Jack")).text
    assert "Your payment of CA$24.00 did not go through" in text
    assert "Pay CA$24.00 now with a new card" in text


def test_a_member_pays_what_is_overdue_with_a_new_card(fresh_demo: Demo) -> None:
    jack = user_of(fresh_demo, "Jack")
    client, order = as_viewer(fresh_demo, jack), order_on(fresh_demo, jack)
    begun = send(client, "myaccount", "pay", order=order)
    assert (begun["state"], begun["data"]["mode"]) == ("ok", "payment")
    fresh_demo.processor.control.pay(
        begun["data"]["client_secret"].partition("_secret_")[0], "4242424242424242"
    )
    done = send(client, "myaccount", "card_finish", order=begun["data"]["order"])
    assert done["redirect"] == f"http://{HOST}/my-account/?gatepost_said=paid"
    assert "Active." in look(fresh_demo, 14, jack).text


def test_somebody_elses_order_is_answered_like_none(demo: Demo) -> None:
    order = order_on(demo, user_of(demo, "Jack"))
    for charlie in (user_of(demo, "Carla"), user_of(demo, "Wilma"), 0):
        for step in ("pay", "cancel", "pause"):
            theirs = send(as_viewer(demo, charlie), "myaccount", step, order=order)
            nobodys = send(as_viewer(demo, charlie), "myaccount", step, order="00000000-0000")
            assert theirs == nobodys
            assert theirs["state"] == "error"


def test_a_visitor_becomes_a_user_and_is_signed_in_when_it_is_paid(fresh_demo: Demo) -> None:
    client, reference = as_viewer(fresh_demo, 0), reference_on(fresh_demo, "24 dollars a month")
    begun = send(client, "checkout", "begin", product=reference, checkout="ab" * 32, **GOOD)
    fresh_demo.processor.control.pay(
        begun["data"]["client_secret"].partition("_secret_")[0], "4242424242424242"
    )
    done = send(client, "checkout", "finish", order=begun["data"]["order"])
    assert done["redirect"] == f"http://{HOST}/thank-you/"
    cookie = client.get_cookie("viewer", domain="127.0.0.1")
    assert cookie
    assert int(cookie.value) == user_of(fresh_demo, "Mia")
    assert "Welcome, Mia" in look(fresh_demo, 23, user_of(fresh_demo, "Mia")).text


def test_an_address_that_is_taken_makes_no_user(demo: Demo) -> None:
    reference = reference_on(demo, "24 dollars a month")
    fields = {**GOOD, "email": "Jack@example.test", "product": reference, "checkout": "cd" * 32}
    answer = send(as_viewer(demo, 0), "checkout", "begin", **fields)
    assert answer["state"] == "error"
    assert "account with this e-mail address" in answer["errors"]["email"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"step": "cancel", "fields": {}}, {}),
        ({"step": "cancel", "fields": {}, "token": "wrong"}, {}),
        ({"step": "cancel", "fields": {}, "token": "é"}, {}),
        ({"step": "cancel", "fields": {}, "token": "RIGHT"}, {"Origin": "https://evil.test"}),
    ],
)
def test_another_sites_page_can_send_no_form(
    demo: Demo, body: dict[str, Any], headers: dict[str, str]
) -> None:
    client = as_viewer(demo, user_of(demo, "Alice"))
    if body.get("token") == "RIGHT":
        body = {**body, "token": client.post(f"{FORMS}/token", json={}).get_json()["token"]}
    answer = client.post(f"{FORMS}/myaccount", json=body, headers=headers)
    assert (answer.status_code, answer.get_json()["state"]) == (403, "token")


@pytest.mark.parametrize("fields", [None, "text", ["a"], {"order": 7}])
def test_nonsense_in_a_form_is_refused_in_words(demo: Demo, fields: Any) -> None:
    client = as_viewer(demo, user_of(demo, "Alice"))
    token = client.post(f"{FORMS}/token", json={}).get_json()["token"]
    answer = client.post(f"{FORMS}/myaccount", json={"step": "cancel", "fields": fields, "token": token})
    assert answer.get_json()["state"] == "error"


def test_only_pages_with_a_form_may_load_the_processors_script(demo: Demo) -> None:
    def policy(path: str) -> str:
        return demo.client().get(path).headers["Content-Security-Policy"]

    with_form = policy(f"/posts/14?viewer={user_of(demo, 'Jack')}")
    assert f"script-src 'self' {demo.processor.url};" in with_form
    assert f"connect-src 'self' {demo.processor.url};" in with_form
    for path in ("/", "/posts/10", "/inbox", "/payments", "/log"):
        assert demo.processor.url not in policy(path)


def test_pages_stand_under_one_name_so_that_their_forms_find_home(demo: Demo) -> None:
    answer = demo.client().get("/posts/14?viewer=5", base_url="http://localhost:8899")
    assert answer.location == f"http://{HOST}/posts/14?viewer=5"


def test_a_processor_that_has_ended_is_named_and_nothing_breaks(fresh_demo: Demo) -> None:
    token = re.search(r'name="token" value="([^"]+)"', fresh_demo.get("/payments"))
    assert token
    fresh_demo.processor.stop()
    answer = fresh_demo.client().post("/clock", data={"move": "1", "token": token[1]})
    assert answer.status_code == 503
    assert "the test processor at" in answer.get_data(as_text=True)
    assert "Jack Turner" in fresh_demo.get("/payments")


# --- inbox ----------------------------------------------------------------------------------------------------------


def test_the_inbox_shows_everybodys_mail_or_one_members(demo: Demo) -> None:
    everybodys, jacks = demo.get("/inbox"), demo.get(f"/inbox?to={user_of(demo, 'Jack')}")
    assert "Alice Martin" in everybodys
    assert "Alice Martin" not in jacks
    assert "Your payment did not go through" in jacks


def test_a_mail_is_shown_in_a_frame_in_which_nothing_runs_and_its_links_lead_out(demo: Demo) -> None:
    page = demo.get(f"/inbox/newest?to={user_of(demo, 'Jack')}")
    frame = re.search(r"<iframe[^>]*>", page)
    assert frame
    assert 'sandbox="allow-top-navigation-by-user-activation"' in frame[0]
    assert "&lt;base target=&#34;_top&#34;&gt;" in frame[0]


def test_who_reads_a_mail_goes_on_as_the_one_who_got_it(demo: Demo) -> None:
    client, jack = as_viewer(demo, 0), user_of(demo, "Jack")
    client.get(f"/inbox/newest?to={jack}")
    cookie = client.get_cookie("viewer", domain="127.0.0.1")
    assert cookie
    assert cookie.value == str(jack)


@pytest.mark.parametrize(
    "path", ["/inbox/nothing", "/inbox/newest", "/inbox/newest?to=0", "/inbox/newest?to=1", "/payments/zz"]
)
def test_what_is_not_there_is_not_found(demo: Demo, path: str) -> None:
    assert demo.client().get(path).status_code == 404


def test_a_mail_comes_once_and_a_line_that_was_cut_off_is_none(tmp_path: Any, demo: Demo) -> None:
    inbox, now = Inbox(tmp_path), demo.clock.now()
    change = {
        "id": "a",
        "to": "x@example.test",
        "subject": "S",
        "text": "T",
        "html": "<p>T</p>",
        "kind": "mail",
    }
    inbox.keep([change, {**change, "id": "b"}], now)
    inbox.keep([change], now)
    with (tmp_path / "inbox.jsonl").open("ab") as file:
        file.write(b'{"id": "c", "at"')
    assert [mail.id for mail in inbox.list_newest()] == ["b", "a"]


def test_french_members_get_french_mail(demo: Demo) -> None:
    assert "Reçu" in demo.get(f"/inbox?to={user_of(demo, 'François')}")


# --- payments -------------------------------------------------------------------------------------------------------


def test_payments_name_what_was_tried_and_when_it_is_tried_again(demo: Demo) -> None:
    page = demo.get("/payments")
    assert page.index("Jack Turner") < page.index("Alice Martin")
    assert "tried again on" in page
    assert "declined (insufficient_funds)" in page


def test_one_payment_shows_its_cycles_attempts_and_postings(demo: Demo) -> None:
    order = order_on(demo, user_of(demo, "Jack"))
    page = demo.get(f"/payments/{order}")
    assert page.count("declined (insufficient_funds)") == 2
    assert "a retry" in page
    assert page.count("<code>revenue</code>") == 3
    assert "Tried again on" in page


def test_hostile_names_are_names_in_the_payments_too(demo: Demo) -> None:
    page = demo.get("/payments")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Riley" in page
    assert "<script>alert" not in page
