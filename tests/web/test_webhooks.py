"""Webhooks: kept when they are the gateway's, refused when they are not, asked for again when nobody can tell."""

import base64
import json
import time

import pytest
import sqlalchemy as sa
import stripe

from sidecar.billing.gateways.gateway import charge_of, object_of
from sidecar.billing.models import webhooks
from sidecar.db import reading
from tests.pages.forms import open_shop
from tests.web.client import Bridge

SECRET = "whsec_test"
PATH = "/bridge/v1/webhooks/stripe"


def an_event(**more):
    event = {
        "id": "evt_1", "object": "event", "type": "charge.succeeded", "created": 1_790_000_000, "livemode": False,
        "data": {"object": {"id": "ch_1", "object": "charge"}}, **more,
    }  # fmt: skip
    return json.dumps(event).encode()


def signed(body, secret=SECRET):
    at = int(time.time())
    signature = stripe.WebhookSignature._compute_signature(f"{at}.{body.decode()}", secret)
    return {"body": base64.b64encode(body).decode(), "signature": f"t={at},v1={signature}"}


def kept():
    with reading() as reader:
        return [(row.id, row.gateway, row.payload) for row in reader.execute(sa.select(webhooks))]


@pytest.fixture
def door(shop, monkeypatch):
    """The bridge of a shop that knows its webhook secret."""
    monkeypatch.setenv("GATEPOST_STRIPE_WEBHOOK_SECRET", SECRET)
    return Bridge(open_shop(shop).house.app)


def test_of_what_the_gateway_signed_the_names_are_kept_once_and_nothing_about_people(door):
    person = {
        "billing_details": {"name": "Zoë", "email": "zoe@example.test"},
        "receipt_email": "zoe@example.test",
    }
    found = {"id": "re_1", "object": "refund", "charge": {"id": "ch_1", **person}, **person}
    body = an_event(name="é", data={"object": found})
    for _ in range(2):
        assert door.ask(PATH, signed(body)) == {"stored": True}
    [(name, gateway, payload)] = kept()
    assert (name, gateway) == ("evt_1", "stripe")
    assert json.loads(payload)["data"] == {"object": {"id": "re_1", "object": "refund", "charge": "ch_1"}}
    assert "zoe" not in payload
    assert (object_of(payload), charge_of(payload)) == ("re_1", "ch_1")


@pytest.mark.parametrize(
    "wrong",
    [
        signed(an_event(), "whsec_other"),
        {**signed(an_event()), "signature": ""},
        {**signed(an_event()), "signature": "t=1,v1=é"},
        {**signed(an_event()), "body": base64.b64encode(an_event(id="evt_2")).decode()},
        {**signed(an_event()), "body": "not base64"},
        {**signed(an_event()), "body": "é"},
        signed(b"no event"),
        signed(b"[]"),
        {"body": "", "signature": ""},
    ],
)
def test_what_it_did_not_sign_is_refused_and_not_kept(door, wrong):
    door.ask(PATH, wrong, status=400)
    assert kept() == []


def test_bytes_that_are_no_text_are_refused(door):
    assert door.ask(PATH, {"body": base64.b64encode(b"\xff").decode(), "signature": "t=1,v1=0"}, status=400)


def test_without_a_secret_nothing_is_believed_and_it_is_to_come_again(shop, monkeypatch):
    monkeypatch.delenv("GATEPOST_STRIPE_WEBHOOK_SECRET", raising=False)
    door = Bridge(open_shop(shop).house.app)
    assert door.ask(PATH, signed(an_event()), status=409)["error"] == "not_now"
    assert kept() == []


def test_a_gateway_that_is_not_ours_and_a_shop_without_one_take_nothing(door, shop):
    door.ask("/bridge/v1/webhooks/paypal", signed(an_event()), status=404)
    shop.house.service.desk = shop.new_desk(gateway=None, front=None)
    door.ask(PATH, signed(an_event()), status=409)
    assert kept() == []


def test_a_body_that_is_no_webhook_is_a_bad_request(door):
    assert door.ask(PATH, {"body": 1}, status=400)["error"] == "bad_request"
    assert door.ask(PATH, b"nonsense", status=400)["error"] == "bad_request"
