"""Webhooks of gateways pass through the site unread: the same bytes, the same signature, or a call to repeat them."""

import base64
from typing import Any

import pytest
import requests

from tests.bed.site import Site
from tests.bridge.conftest import install_bridge
from tests.bridge.scripted_sidecar import Failure, Hang, Rubbish, ScriptedSidecar

VERSIONS = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)

ROUTE = "/wp-json/gatepost/v1/webhooks/stripe"
PLAIN = "/?rest_route=/gatepost/v1/webhooks/stripe"
ASKED = "/bridge/v1/webhooks/stripe"
SIGNATURE = "t=1790000000,v1=5257a869e7,v1=another"

# Spaces, key order, escapes and a body's own "gateway": nothing of it may be read and written again.
EVENT = '{ "id":"evt_1",\n"gateway": "other", "name": "Zo\\u00eb é \\/ \\\\" }\n'.encode()


def deliver(
    site: Site, body: bytes = EVENT, *, to: str = ROUTE, signature: str = SIGNATURE, **options: Any
) -> requests.Response:
    """POST an event as a gateway does."""
    headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
    sent = {name: value for name, value in headers.items() if value}
    return site.post(to, data=body, headers=sent, **options)


@VERSIONS
@pytest.mark.parametrize("route", [ROUTE, PLAIN])
def test_the_raw_bytes_and_the_signature_arrive_as_they_came(
    paired_site: Site, sidecar: ScriptedSidecar, route: str
) -> None:
    answer = deliver(paired_site, to=route)

    (asked,) = sidecar.requests_to(ASKED)
    assert (answer.status_code, answer.json()) == (200, {"stored": True})
    assert set(asked.body) == {"body", "signature"}
    assert base64.b64decode(asked.body["body"]) == EVENT
    assert asked.body["signature"] == SIGNATURE
    assert paired_site.log() == ""


def test_bytes_that_are_no_utf8_arrive_unchanged(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    body = bytes(range(256))
    headers = {"Content-Type": "application/octet-stream", "Stripe-Signature": SIGNATURE}

    answer = paired_site.post(ROUTE, data=body, headers=headers)

    assert answer.status_code == 200
    assert base64.b64decode(sidecar.requests_to(ASKED)[0].body["body"]) == body


def test_a_signature_that_the_sidecar_refuses_is_refused(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.answer(ASKED, lambda _request: (400, {"error": "bad_signature", "message": "no"}))

    answer = deliver(paired_site)

    assert answer.status_code == 400
    assert "Retry-After" not in answer.headers


def test_without_a_signature_nobody_is_asked(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    assert deliver(paired_site, signature="").status_code == 400
    assert sidecar.requests == []


@pytest.mark.parametrize(
    "fault", [Failure(503), Failure(401, "bad_signature"), Rubbish(), Rubbish(signed=True)]
)
def test_whatever_goes_wrong_the_gateway_is_asked_to_repeat(
    paired_site: Site, sidecar: ScriptedSidecar, fault: Failure | Rubbish
) -> None:
    sidecar.fault = fault

    answer = deliver(paired_site)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert paired_site.log() == ""


@pytest.mark.parametrize(("said", "told"), [(404, 404), (409, 503)])
def test_anybody_may_ask_for_gateways_that_are_none_and_no_breaker_opens(
    paired_site: Site, sidecar: ScriptedSidecar, said: int, told: int
) -> None:
    elsewhere = "/bridge/v1/webhooks/" + "x" * 20
    sidecar.answer(elsewhere, lambda _request: (said, {"error": "not_now", "message": "no"}))

    answers = [
        deliver(paired_site, to="/wp-json/gatepost/v1/webhooks/" + "x" * 20).status_code for _ in range(4)
    ]

    assert answers == [told] * 4
    assert deliver(paired_site).status_code == 200
    assert len(sidecar.requests_to(elsewhere)) == 4


def test_a_name_that_is_too_long_for_a_gateway_asks_nobody(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    assert deliver(paired_site, to="/wp-json/gatepost/v1/webhooks/" + "x" * 21).status_code == 404
    assert sidecar.requests == []


def test_an_answer_that_does_not_say_stored_acknowledges_nothing(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    sidecar.answer(ASKED, {})
    assert deliver(paired_site).status_code == 503
    sidecar.answer(ASKED, {"stored": False})
    assert deliver(paired_site).status_code == 503


def test_while_the_sidecar_is_away_and_when_the_breaker_is_open_it_is_503(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    sidecar.down()
    assert [deliver(paired_site).status_code for _ in range(4)] == [503] * 4
    sidecar.up()

    answer = deliver(paired_site)

    assert (answer.status_code, sidecar.requests_to(ASKED)) == (503, [])
    assert "Retry-After" in answer.headers


def test_a_sidecar_that_hangs_costs_five_seconds(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    sidecar.faults[ASKED] = Hang()

    answer = deliver(paired_site, timeout=8)

    assert answer.status_code == 503


def test_a_site_that_is_not_paired_answers_503(site: Site) -> None:
    install_bridge(site)
    site.activate("gatepost")

    assert deliver(site).status_code == 503


def test_a_megabyte_is_taken_and_more_is_not(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    largest = b'"' + b"x" * (1024 * 1024 - 2) + b'"'

    assert deliver(paired_site, largest).status_code == 200
    assert deliver(paired_site, largest + b" ").status_code == 413
    assert len(sidecar.requests_to(ASKED)) == 1


def test_only_names_of_gateways_and_only_post_are_a_route(
    paired_site: Site, sidecar: ScriptedSidecar
) -> None:
    assert deliver(paired_site, to="/wp-json/gatepost/v1/webhooks/Stripe%2f..").status_code == 404
    assert deliver(paired_site, to="/wp-json/gatepost/v1/webhooks/").status_code == 404
    assert paired_site.get(ROUTE).status_code == 404
    assert sidecar.requests == []


def test_nothing_of_a_webhook_is_logged(paired_site: Site, sidecar: ScriptedSidecar) -> None:
    deliver(paired_site)

    assert [request.path for request in sidecar.requests] == [ASKED]
    assert paired_site.php("echo Gatepost\\count_spool();") == "0"
    assert "evt_1" not in paired_site.log()
