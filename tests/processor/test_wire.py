"""HTTP as it comes over the wire."""

import socket

import pytest
import requests

KEY = b"Authorization: Bearer sk_test_x\r\n"


@pytest.fixture
def wire(processor):
    """A connection; `ask` sends bytes and reads what comes back at once."""
    port = int(processor.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        yield connection


def ask(wire: socket.socket, request: bytes) -> bytes:
    wire.sendall(request)
    return wire.recv(65_536)


def test_one_connection_carries_many_requests(wire):
    for _ in range(3):
        assert ask(wire, b"GET /v1/customers HTTP/1.1\r\nHost: x\r\n" + KEY + b"\r\n").startswith(
            b"HTTP/1.1 200 OK"
        )


def test_a_connection_is_closed_when_it_is_asked_for(wire):
    request = b"GET /v1/customers HTTP/1.1\r\nConnection: close\r\n" + KEY + b"\r\n"
    assert b"Connection: close" in ask(wire, request)
    assert wire.recv(1) == b""


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"POST /v1/customers HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /v1/customers HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_the_connection_closed(wire, request_bytes):
    assert ask(wire, request_bytes).startswith(b"HTTP/1.1 400")


def test_a_client_that_asks_first_is_told_to_go_on(wire):
    head = b"POST /v1/customers HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 7\r\n" + KEY + b"\r\n"
    assert ask(wire, head) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b"200 OK" in ask(wire, b"email=x")


def test_every_answer_has_a_request_id_and_the_version(processor):
    answer = requests.get(f"{processor.url}/v1/account", auth=("sk_test_x", ""), timeout=5)
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"]


def test_a_browser_of_another_site_may_ask_the_api_but_not_the_control(processor):
    asked = requests.options(f"{processor.url}/v1/payment_intents/pi_1/confirm", timeout=5)
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (204, "*")
    control = requests.get(f"{processor.url}/_test/ledger", timeout=5)
    assert "Access-Control-Allow-Origin" not in control.headers


def test_an_unknown_control_is_told(processor):
    with pytest.raises(AssertionError, match="404"):
        processor.post("unicorns")
    with pytest.raises(AssertionError, match="404"):
        processor.post("refunds/re_nobody/fail")
