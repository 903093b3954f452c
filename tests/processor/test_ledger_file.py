"""A ledger file keeps everything over the end of the process, however it ends."""

import signal

import pytest
import stripe

from tests.processor.builders import a_payer, an_intent, charge
from tests.processor.running import running_processor

pytestmark = pytest.mark.process


def restarted(ledger):
    """A process on this ledger, whoever wrote it."""
    return running_processor("--ledger", str(ledger))


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_all_that_was_answered_is_there_after_the_end(tmp_path, end):
    ledger = tmp_path / "ledger.jsonl"
    with restarted(ledger) as first:
        client = first.client()
        payer = a_payer(client)
        first.post("clock", {"advance": 3600})
        first.post(f"cards/{payer.method}", {"outcomes": ["insufficient_funds"]})
        kept = client.v1.payment_intents.create({"amount": 900, "currency": "eur"}, {"idempotency_key": "k"})
        account = client.v1.accounts.retrieve_current().id
        before = first.get("ledger")
        first.stop(end)
    with restarted(ledger) as second:
        client = second.client()
        assert second.get("ledger") == before
        assert client.v1.accounts.retrieve_current().id == account
        assert second.get("clock")["offset"] == 3600
        again = client.v1.payment_intents.create({"amount": 900, "currency": "eur"}, {"idempotency_key": "k"})
        assert again.id == kept.id
        with pytest.raises(stripe.CardError, match="insufficient funds"):
            charge(client, payer)
        assert charge(client, payer).status == "succeeded"


def test_half_a_line_at_the_end_is_forgotten_and_the_rest_stays(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    with restarted(ledger) as first:
        intent = an_intent(first.client())
        first.stop(signal.SIGKILL)
    with ledger.open("a") as journal:
        journal.write('[["test","payment_intent","pi_half",{"id":"pi_ha')
    with restarted(ledger) as second:
        newer = an_intent(second.client())
        second.stop(signal.SIGKILL)
    with restarted(ledger) as third:
        assert [row["id"] for row in third.get("ledger")["payment_intents"]] == [intent, newer]


def test_a_payment_that_was_processing_goes_on_after_a_restart(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    with restarted(ledger) as first:
        payer = a_payer(first.client())
        first.post(f"cards/{payer.method}", {"outcomes": [{"processing": "succeed", "after": 600}]})
        waiting = charge(first.client(), payer).id
        first.stop(signal.SIGKILL)
    with restarted(ledger) as second:
        second.post("clock", {"advance": 601})
        assert second.client().v1.payment_intents.retrieve(waiting).status == "succeeded"


def test_a_reset_empties_the_file_as_well(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    with restarted(ledger) as first:
        an_intent(first.client())
        first.post("reset")
        account = first.client().v1.accounts.retrieve_current().id
        first.stop()
    with restarted(ledger) as second:
        assert second.get("ledger")["payment_intents"] == []
        assert second.client().v1.accounts.retrieve_current().id == account


def test_the_ledger_can_be_read_from_a_moment_on(processor, client):
    an_intent(client)
    processor.post("clock", {"advance": 60})
    newer = client.v1.payment_intents.retrieve(an_intent(client))
    read = processor.get("ledger", since=newer.created)
    assert [row["id"] for row in read["payment_intents"]] == [newer.id]
