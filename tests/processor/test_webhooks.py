"""Events: listed, signed, delivered until they are taken, and as unreliable as a test wants."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from tests.processor.builders import a_payer, charge, declined

SECRET = "whsec_of_the_test"


class Receiver:
    """A server that takes events, or refuses as many as `refusals` says."""

    def __init__(self) -> None:
        self.refusals = 0
        self.bodies: list[tuple[bytes, str]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.bodies.append((body, self.headers["Stripe-Signature"]))
                refusing = len(receiver.bodies) <= receiver.refusals
                self.send_response(500 if refusing else 200)
                self.end_headers()

            def log_message(self, *_arguments) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self, count: int) -> list[stripe.Event]:
        """The first so many, verified by the official library."""
        deadline = time.monotonic() + 15
        while len(self.bodies) < count:
            assert time.monotonic() < deadline, f"{len(self.bodies)} of {count} events came"
            time.sleep(0.01)
        return [stripe.Webhook.construct_event(body, sent, SECRET) for body, sent in self.bodies]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def subscribe(processor, receiver, **options) -> None:
    processor.post("webhooks", {"url": receiver.url, "secret": SECRET, **options})


def no_delivery_waits(processor) -> None:
    deadline = time.monotonic() + 15
    while processor.get("webhooks")["waiting"]:
        assert time.monotonic() < deadline


def test_a_payment_is_told_in_signed_events_that_show_the_object_as_it_was(processor, client, receiver):
    payer = a_payer(client)
    subscribe(processor, receiver)
    paid = charge(client, payer)
    events = {event.type: event for event in receiver.events(3)}
    assert set(events) == {"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}
    assert events["payment_intent.created"].data.object["status"] == "requires_payment_method"
    assert events["payment_intent.succeeded"].data.object["id"] == paid.id
    assert events["payment_intent.succeeded"].api_version == stripe.api_version


def test_a_wrong_secret_does_not_verify(processor, client, receiver):
    subscribe(processor, receiver, secret="whsec_other")
    client.v1.customers.create()
    with pytest.raises(stripe.SignatureVerificationError):
        receiver.events(1)


def test_a_refused_event_is_sent_again_until_it_is_taken(processor, client, receiver):
    receiver.refusals = 2
    subscribe(processor, receiver, retries=[0.01, 0.01, 0.01])
    client.v1.customers.create()
    assert len({event.id for event in receiver.events(3)}) == 1
    deadline = time.monotonic() + 15
    while client.v1.events.list({"delivery_success": False}).data:
        assert time.monotonic() < deadline


def test_what_is_dropped_is_still_listed_and_can_be_sent_once_more(processor, client, receiver):
    subscribe(processor, receiver, drop=1)
    client.v1.customers.create()
    (lost,) = client.v1.events.list({"delivery_success": False}).data
    assert (receiver.bodies, lost.pending_webhooks) == ([], 1)
    processor.post("webhooks/redeliver", {"event": lost.id})
    assert receiver.events(1)[0].id == lost.id


def test_events_can_come_twice(processor, client, receiver):
    subscribe(processor, receiver, repeat=1)
    client.v1.customers.create()
    first, second = receiver.events(2)
    assert first.id == second.id


def test_events_can_come_out_of_order(processor, client, receiver):
    subscribe(processor, receiver, shuffle=0.5, shuffle_seconds=0.3)
    made = [client.v1.customers.create().id for _ in range(12)]
    told = [event.data.object["id"] for event in receiver.events(12)]
    assert sorted(told) == sorted(made)
    assert told != made


def test_events_can_be_late(processor, client, receiver):
    subscribe(processor, receiver, delay=0.2)
    started = time.monotonic()
    client.v1.customers.create()
    receiver.events(1)
    assert time.monotonic() - started >= 0.2


def test_switched_off_nothing_is_sent(processor, client, receiver):
    subscribe(processor, receiver, enabled=False)
    client.v1.customers.create()
    no_delivery_waits(processor)
    assert receiver.bodies == []


def test_every_turn_of_money_is_told(processor, client):
    payer = a_payer(client)
    processor.post(f"cards/{payer.method}", {"outcomes": ["processing", "insufficient_funds", "succeed"]})
    waiting = charge(client, payer)
    processor.post(f"intents/{waiting.id}/finish", {"outcome": "succeed"})
    declined(client, payer)
    refund = client.v1.refunds.create({"payment_intent": charge(client, payer).id})
    processor.post(f"refunds/{refund.id}/fail")
    opened = processor.post(
        "disputes", {"charge": client.v1.payment_intents.retrieve(waiting.id).latest_charge}
    )
    processor.post(f"disputes/{opened['id']}/close", {"status": "lost"})
    client.v1.payment_methods.detach(payer.method)
    told = {event.type for event in client.v1.events.list({"limit": 100}).data}
    assert told >= {
        "customer.created", "payment_method.attached", "payment_method.detached", "payment_intent.created",
        "payment_intent.processing", "payment_intent.succeeded", "payment_intent.payment_failed", "charge.succeeded",
        "charge.failed", "charge.refunded", "refund.created", "refund.failed", "refund.updated",
        "charge.refund.updated", "charge.dispute.created", "charge.dispute.closed",
    }  # fmt: skip


def test_events_are_listed_by_type_and_by_groups_of_types(client):
    charge(client, a_payer(client))
    types = [event.type for event in client.v1.events.list({"type": "payment_intent.*"}).data]
    assert types == ["payment_intent.succeeded", "payment_intent.created"]
    listed = client.v1.events.list({"types": ["charge.succeeded", "customer.created"]}).data
    assert [event.type for event in listed] == ["charge.succeeded", "customer.created"]
    assert client.v1.events.retrieve(listed[0].id).data.object["object"] == "charge"
